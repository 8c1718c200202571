"""A table as PDF, for as many rows as somebody leafs through."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from services.reporting.exports.table import Column, Kind, Progress, Table, TooLong, Value
from services.reporting.labels import Labels
from services.reporting.papers import as_pdf
from shared.municipality import Municipality
from shared.pages.formats import Formats

ROWS_MAX: Final = 5_000


async def write_pdf(
    table: Table, path: Path, progress: Progress, place: Municipality, labels: Labels, drawn_at: datetime
) -> None:
    """Write the columns that are for paper. Raises TooLong before anything is read, or when too many came."""
    _check(table.rows)
    rows: list[list[str]] = []
    printed = [number for number, column in enumerate(table.columns) if column.is_printed]
    formats = Formats(table.language, place.zone)
    async for batch in table.batches:
        rows += [[_words(row[number], formats, labels) for number in printed] for row in batch]
        _check(len(rows))
        progress(len(batch))
    body = await as_pdf("table.typ", _values(table, rows, place, labels, drawn_at), drawn_at)
    await asyncio.to_thread(path.write_bytes, body)


def _values(
    table: Table, rows: list[list[str]], place: Municipality, labels: Labels, drawn_at: datetime
) -> Mapping[str, Any]:
    language, formats = table.language, Formats(table.language, place.zone)
    columns = [column for column in table.columns if column.is_printed]
    return {
        "language": language,
        "title": table.title,
        "about": table.about,
        "municipality": place.name_en if language == "en" else place.name,
        "centre": place.centre_name_en if language == "en" else place.centre_name,
        "drawn_at": labels.say("bulletin.drawn_at", language, moment=formats.moment(drawn_at)),
        "count": labels.say("export.rows", language, count=formats.number(len(rows))),
        "columns": [_head(column, labels, language) for column in columns],
        "rows": rows,
        "words": {"page_of": labels.say("bulletin.page_of", language)},
    }


def _head(column: Column, labels: Labels, language: str) -> Mapping[str, object]:
    """On paper a name stands alone, without its code, and takes what room there is."""
    axis = column.code.removesuffix("_name")
    is_wide = axis != column.code
    title = labels.axis(axis, language) if is_wide else column.title
    return {"title": title, "is_wide": is_wide, "is_number": column.kind is Kind.WHOLE}


def _check(rows: int) -> None:
    if rows > ROWS_MAX:
        raise TooLong(f"a PDF takes up to {ROWS_MAX} rows, and these are {rows}: ask by axes, or take csv or xlsx")


def _words(value: Value, formats: Formats, labels: Labels) -> str:
    match value:
        case None | "":
            return "—"
        case bool():
            return labels.say("export.yes" if value else "export.no", formats.language)
        case int():
            return formats.number(value)
        case datetime():
            return formats.moment(value)
        case date():
            return formats.day(value)
    return value
