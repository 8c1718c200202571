"""The figures to take away: cases or counts as CSV, XLSX, Parquet or PDF, in constant memory however many there are."""

from services.reporting.exports.csv_file import as_csv
from services.reporting.exports.table import Column, Format, Kind, Source, Table, TooLong, cases_of, counts_of
from services.reporting.exports.writing import MEDIA_TYPES, write

__all__ = [
    "MEDIA_TYPES",
    "Column",
    "Format",
    "Kind",
    "Source",
    "Table",
    "TooLong",
    "as_csv",
    "cases_of",
    "counts_of",
    "write",
]
