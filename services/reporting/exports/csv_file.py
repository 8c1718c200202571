"""A table as CSV (RFC 4180), streamed; a spreadsheet that opens it runs nothing."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.reporting.exports.table import Table, Value, closing
from shared.pages.sheets import BYTE_ORDER_MARK, harmless

Separator = Literal[",", ";"]
FLAGS: Final = {True: "true", False: "false", None: ""}


async def as_csv(table: Table, separator: Separator = ",", *, with_mark: bool = True) -> AsyncIterator[bytes]:
    """Pieces of the file, one a batch. `with_mark`: begin with the mark without which Excel misreads Turkish letters.

    Days are ISO, moments ISO in the municipality's zone.
    """
    head = _written([[column.code for column in table.columns]], separator)
    yield (BYTE_ORDER_MARK + head if with_mark else head).encode()
    async with closing(table.batches):
        async for rows in table.batches:
            yield _written(([_cell(value, table.zone) for value in row] for row in rows), separator).encode()


def _written(rows: Iterable[Sequence[object]], separator: Separator) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator).writerows(rows)
    return written.getvalue()


def _cell(value: Value, zone: ZoneInfo) -> object:
    match value:
        case bool() | None:
            return FLAGS[value]
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    return harmless(value)
