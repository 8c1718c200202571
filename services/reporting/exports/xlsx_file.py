"""A table as XLSX with typed cells: text is text, dates are dates, nothing is ever a formula or a link."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from services.reporting.exports.table import Kind, Progress, Table, Values

# Of Excel (support.microsoft.com, "Excel specifications and limits").
SHEET_ROWS_MAX: Final = 1_048_576
CELL_LETTERS_MAX: Final = 32_767
SHEET_NAME_LETTERS_MAX: Final = 28  # 31, less a number
WIDTHS: Final[Mapping[Kind, int]] = {Kind.TEXT: 22, Kind.DAY: 12, Kind.MOMENT: 17, Kind.FLAG: 9, Kind.WHOLE: 11}
FORMATS: Final[Mapping[Kind, str]] = {Kind.DAY: "dd.mm.yyyy", Kind.MOMENT: "dd.mm.yyyy hh:mm", Kind.WHOLE: "#,##0"}


async def write_xlsx(table: Table, path: Path, progress: Progress, sheet_rows_max: int = SHEET_ROWS_MAX) -> None:
    """Write the table; rows that are written lie on the disk beside `path`, not in memory."""
    book = xlsxwriter.Workbook(path, _options(path.parent))
    book.use_zip64()
    sheets = _Sheets(book, table, sheet_rows_max)
    try:
        async for rows in table.batches:
            await asyncio.to_thread(sheets.add, rows)
            progress(len(rows))
        sheets.finish()
    finally:
        with suppress(FileNotFoundError):  # what was never begun
            await asyncio.to_thread(book.close)


def _options(folder: Path) -> dict[str, object]:
    return {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }


class _Sheets:
    """The sheets of a workbook; a full one is followed by the next."""

    def __init__(self, book: Workbook, table: Table, rows_max: int) -> None:
        self._book = book
        self._table = table
        self._rows_max = rows_max
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in FORMATS.items()}
        self._writers: list[_Write] = [self._writer(column.kind) for column in table.columns]
        self._sheets = 0
        self._sheet = self._begin()

    def add(self, rows: Sequence[Values]) -> None:
        """Write rows below those that are there."""
        for row in rows:
            if self._row == self._rows_max:
                self.finish()
                self._sheet = self._begin()
            for place, (write, value) in enumerate(zip(self._writers, row, strict=True)):
                if value is not None and value != "":
                    write(self._sheet, self._row, place, value)
            self._row += 1

    def finish(self) -> None:
        """Give the sheet its filter, now that its size is known."""
        self._sheet.autofilter(0, 0, max(self._row - 1, 0), len(self._table.columns) - 1)

    def _begin(self) -> Worksheet:
        self._sheets += 1
        number = "" if self._sheets == 1 else f" {self._sheets}"
        sheet = self._book.add_worksheet(_sheet_name(self._table.title) + number)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._table.columns):
            sheet.set_column(place, place, WIDTHS[column.kind])
        for place, column in enumerate(self._table.columns):
            sheet.write_string(0, place, column.title, self._head)
        self._row = 1
        return sheet

    def _writer(self, kind: Kind) -> "_Write":
        cell = self._formats.get(kind)
        zone = self._table.zone
        match kind:
            case Kind.TEXT:
                return lambda sheet, row, place, value: sheet.write_string(row, place, str(value)[:CELL_LETTERS_MAX])
            case Kind.MOMENT:  # a sheet knows no zones: the municipality's clock
                return lambda sheet, row, place, value: sheet.write_datetime(
                    row, place, value.astimezone(zone).replace(tzinfo=None), cell
                )
            case Kind.DAY:
                return lambda sheet, row, place, value: sheet.write_datetime(row, place, value, cell)
            case Kind.FLAG:
                return lambda sheet, row, place, value: sheet.write_boolean(row, place, value)
            case Kind.WHOLE:
                return lambda sheet, row, place, value: sheet.write_number(row, place, value, cell)


_Write = Callable[[Worksheet, int, int, Any], object]


def _sheet_name(title: str) -> str:
    """Without the letters a sheet's name must not have."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)[:SHEET_NAME_LETTERS_MAX].strip()
