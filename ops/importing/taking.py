"""Takes tables over, row by row in bounded memory: each row is imported or rejected, and both are counted."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from ops.importing.mapping import Mapping
from ops.importing.rejected import NumbersSeen, RejectedRows
from ops.importing.rows import Reader, Told
from ops.spreadsheet import Sheet, UnfitRow, open_sheet
from shared.contracts import CaseImported
from shared.contracts.base import ENVELOPE_EVENTS_MAX

Publish = Callable[[Sequence[CaseImported]], Awaitable[None]]
# What is in hand at any time: one envelope.
BATCH_CASES_MAX: Final = ENVELOPE_EVENTS_MAX
ROW_LINES_MAX: Final = 100


@dataclass
class Taken:
    """What became of the rows of one table."""

    file: str
    as_of: datetime
    read: int = 0
    imported: int = 0
    rejected: int = 0
    rejected_file: str | None = None

    @property
    def closes(self) -> bool:
        """No row was lost on the way."""
        return self.read == self.imported + self.rejected


@dataclass
class TakingOver:
    """One run over some tables of one system; a case number may stand in it once.

    `as_of`: when the tables stood so; None: when the file, or the mapping after it, was last changed.
    `tell_read` hears of every batch how many rows were read.
    """

    mapping: Mapping
    mapping_changed_at: datetime
    publish: Publish
    as_of: datetime | None = None
    rejected_folder: Path | None = None
    tell_read: Callable[[int], None] = lambda _: None
    told: Told = field(default_factory=Told)

    async def take(self, files: Sequence[Path]) -> list[Taken]:
        """All tables, in order; all are looked at before the first row is taken. Raises UnreadableFile."""
        sheets = [self._sheet(file) for file in files]
        seen = NumbersSeen()
        try:
            return [await self._take(sheet, columns, seen) for sheet, columns in sheets]
        finally:
            seen.close()

    def _sheet(self, file: Path) -> tuple[Sheet, dict[str, str]]:
        """The table, and its column for each field that is read from one."""
        sheet = open_sheet(file, self.mapping.number.column)
        written = self.mapping.columns()
        return sheet, {name: sheet.column(column, f"[{name}] in the mapping") for name, column in written.items()}

    async def _take(self, sheet: Sheet, columns: dict[str, str], seen: NumbersSeen) -> Taken:
        reader = Reader(self.mapping, columns, self.as_of or self._changed_at(sheet.path), self.told)
        taken = Taken(str(sheet.path), reader.as_of)
        with RejectedRows(sheet.path, sheet.columns, self.rejected_folder) as rejected:
            cases = _cases(sheet, reader, seen, rejected, taken)
            while batch := list(islice(cases, BATCH_CASES_MAX)):
                await self.publish(batch)
                taken.imported += len(batch)
                self.tell_read(taken.read)
        taken.rejected = rejected.count
        taken.rejected_file = str(rejected.path) if rejected.count else None
        self.tell_read(taken.read)
        return taken

    def _changed_at(self, file: Path) -> datetime:
        """A mapping that was corrected makes other cases of the same table: they must win over the earlier ones."""
        changed_at = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
        return max(changed_at, self.mapping_changed_at)


def _cases(
    sheet: Sheet, reader: Reader, seen: NumbersSeen, rejected: RejectedRows, taken: Taken
) -> Iterator[CaseImported]:
    """The cases of a table; rows that do not fit go to the rejected ones."""
    line_before = 1
    for line, row in sheet.raw_rows():
        taken.read += 1
        lines, line_before = line - line_before, line
        try:
            if lines > ROW_LINES_MAX:
                raise UnfitRow(f"goes over {lines} lines: is a quote in it never closed?")
            case = reader.case(_by_column(sheet, row))
            if earlier := seen.earlier(case.number, f"{sheet.path.name}, line {line}"):
                raise UnfitRow(f"its case number stands already in {earlier}")
        except UnfitRow as error:
            rejected.add(line, row, str(error))
        else:
            yield case


def _by_column(sheet: Sheet, row: Sequence[str]) -> dict[str, str]:
    """Short rows are filled up; a longer one than the header has its values in the wrong columns."""
    if any(map(str.strip, row[len(sheet.columns) :])):
        raise UnfitRow(f"has {len(row)} values, the header {len(sheet.columns)}")
    return dict(zip(sheet.columns, [*row, *[""] * (len(sheet.columns) - len(row))], strict=False))
