"""A table into a file of any format."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, assert_never

from services.reporting.exports.csv_file import Separator, as_csv
from services.reporting.exports.pdf_file import write_pdf
from services.reporting.exports.table import Format, Progress, Table, Values, closing
from services.reporting.exports.xlsx_file import write_xlsx
from services.reporting.labels import Labels
from shared.municipality import Municipality

MEDIA_TYPES: Final[Mapping[Format, str]] = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.PDF: "application/pdf",
}


async def write(
    table: Table,
    form: Format,
    path: Path,
    place: Municipality,
    labels: Labels,
    drawn_at: datetime,
    *,
    progress: Progress = lambda rows: None,
    separator: Separator = ",",
    with_mark: bool = True,
) -> None:
    """Write the table to `path`. Raises TooLong for a PDF of too many rows; `progress` hears of every batch."""
    async with closing(table.batches):
        match form:
            case Format.CSV:
                await _write_csv(table, path, progress, separator, with_mark=with_mark)
            case Format.XLSX:
                await write_xlsx(table, path, progress)
            case Format.PARQUET:
                from services.reporting.exports.parquet_file import write_parquet  # 40 MB that others do without

                await write_parquet(table, path, progress)
            case Format.PDF:
                await write_pdf(table, path, progress, place, labels, drawn_at)
            case _:
                assert_never(form)


async def _write_csv(table: Table, path: Path, progress: Progress, separator: Separator, *, with_mark: bool) -> None:
    with path.open("wb") as file:
        async for piece in as_csv(_watched(table, progress), separator, with_mark=with_mark):
            file.write(piece)


def _watched(table: Table, progress: Progress) -> Table:
    """The same table, telling of each batch that was taken."""

    async def batches() -> AsyncIterator[Sequence[Values]]:
        async with closing(table.batches):
            async for rows in table.batches:
                yield rows
                progress(len(rows))

    return replace(table, batches=batches())
