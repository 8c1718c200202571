"""Where rows go that cannot be taken: a file of their own beside the table, with the reason; and which numbers came."""

import csv
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

REASON: Final = "rejected_because"
LINE: Final = "rejected_line"


class RejectedRows:
    """`<file>.rejected.csv`: columns as in the table, with line and reason before them, to be corrected and imported.

    It is written once the first row is rejected, readable by its owner alone; one of an earlier import goes.
    """

    def __init__(self, table: Path, columns: Sequence[str], folder: Path | None = None) -> None:
        self.path: Final = (folder or table.parent) / f"{table.name}.rejected.csv"
        self.count = 0
        self._columns = columns
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def add(self, line: int, row: Sequence[str], reason: str) -> None:
        """Keep a row, as many values as it has."""
        if self._file is None:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow([LINE, REASON, *self._columns])
        csv.writer(self._file).writerow([line, reason, *row])
        self.count += 1


class NumbersSeen:
    """The case numbers of a run, in a file that goes with it: memory stays the same however many there are."""

    def __init__(self) -> None:
        self._seen = sqlite3.connect("")  # a file without a name, deleted when it is closed
        self._seen.execute("CREATE TABLE seen (number TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID")

    def earlier(self, number: str, place: str) -> str | None:
        """Where this number stood before; None: here for the first time, which is remembered."""
        if self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (number, place)).rowcount:
            return None
        (found,) = self._seen.execute("SELECT place FROM seen WHERE number = ?", (number,)).fetchone()
        return str(found)

    def close(self) -> None:
        """Forget them."""
        self._seen.close()
