"""Reads what people keep in spreadsheets: any delimiter, UTF-8 or Windows-1254, Turkish dates and numbers.

A file whose name ends in `.gz` is unpacked while it is read.
"""

import codecs
import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from shared.text import fold

ENCODINGS: Final = ("utf-8-sig", "cp1254")
DELIMITERS: Final = (",", ";", "\t", "|")
FIELD_LETTERS_MAX: Final = 2_000_000
CHUNK_BYTES: Final = 1 << 20
_TIMES: Final = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
)


class UnreadableFile(Exception):
    """Raised when a file cannot be read at all; says what to do."""


class UnfitRow(Exception):
    """Raised when one row cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file with a header, read row by row as often as wanted. `columns` are named as they are written."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The number of each row's last line, and its values by column; short rows are filled up with ""."""
        for line, row in self.raw_rows():
            padded = [*row, *[""] * (len(self.columns) - len(row))]
            yield line, dict(zip(self.columns, padded, strict=False))

    def raw_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The number of each row's last line, and its values as many as there are; empty rows are passed over.

        Raises UnreadableFile.
        """
        csv.field_size_limit(FIELD_LETTERS_MAX)
        with _open_text(self.path, self.encoding) as file:
            rows = csv.reader(file, delimiter=self.delimiter)
            next(rows, None)
            try:
                for row in rows:
                    if any(map(str.strip, row)):
                        yield rows.line_num, row
            except csv.Error as error:
                trouble = f"{self.path.name}, line {rows.line_num}, is no CSV: {error}"
                raise UnreadableFile(f"{trouble}. A quote before it may never be closed") from error

    def column(self, written: str, option: str) -> str:
        """The column called so, whatever its case. Raises UnreadableFile."""
        found = next((column for column in self.columns if fold(column) == fold(written)), None)
        if found is None:
            named = ", ".join(self.columns[:30]) or "none"
            raise UnreadableFile(
                f"{self.path.name} has no column called {written!r}; it has {named}. Say which one it is with {option}"
            )
        return found


def open_sheet(path: Path, text_column: str) -> Sheet:
    """The file with its encoding, delimiter and columns found out. Raises UnreadableFile."""
    if not path.is_file():
        raise UnreadableFile(f"there is no file {path}")
    encoding = encoding_of(path)
    with _open_text(path, encoding) as file:
        delimiter, columns = header_of(file, text_column)
    return Sheet(path, encoding, delimiter, tuple(columns))


def encoding_of(path: Path) -> str:
    """The first of `ENCODINGS` that reads the whole file."""
    with _open_bytes(path) as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    for name in ENCODINGS:
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with _open_bytes(path) as file:
                while chunk := file.read(CHUNK_BYTES):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            return name
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(f"{path.name} is neither UTF-8 nor Windows-1254: save it as UTF-8")


def header_of(file: TextIO, text_column: str) -> tuple[str, list[str]]:
    """The delimiter under which the first row has the text column and most others, and its columns."""
    first = file.readline(FIELD_LETTERS_MAX)
    rows = [(delimiter, next(csv.reader([first], delimiter=delimiter), [])) for delimiter in DELIMITERS]
    wanted = fold(text_column)
    return max(rows, key=lambda found: (wanted in map(fold, found[1]), len(found[1])))


def moment_of(written: str, zone: tzinfo) -> datetime:
    """A time as ISO 8601 or as Turks write it, in `zone` where it names none. Raises UnfitRow."""
    at = _parsed(written)
    return at if at.tzinfo else at.replace(tzinfo=zone)


def degrees_of(written: str | None) -> float | None:
    """With a point or, as Turkish spreadsheets write it, a comma."""
    if not written:
        return None
    try:
        return float(written.replace(",", "."))
    except ValueError as error:
        raise UnfitRow(f"{written!r} is no number of degrees") from error


def _open_text(path: Path, encoding: str) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding=encoding, newline=""))
    return path.open(encoding=encoding, newline="")


def _open_bytes(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _parsed(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        pass
    for form in _TIMES:
        try:
            return datetime.strptime(written, form)  # noqa: DTZ007 - the municipality's zone is added by the caller
        except ValueError:
            continue
    raise UnfitRow(f"{written!r} is no time; write e.g. 2020-03-11 14:30")
