"""Finds the line of an entry or field of a TOML file, for telling mistakes: the parser itself forgets them."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_HEADER = re.compile(r"\[(?P<array>\[)?\s*(?P<name>[^\[\]]+?)\s*\]")
_KEY = re.compile(r"(?P<name>[A-Za-z0-9_.\-\"' ]+?)\s*=")
# What may hold brackets that open nothing, and what ends a line: strings before anything else, then comments.
_PIECE = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)',
    re.DOTALL,
)


class TomlLines:
    """Where the headers and keys of a sound TOML file stand. Paths are those of the parsed content."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._entries: dict[str, int] = {}
        table: Path = ()
        for line, statement in _statements(text):
            if header := _HEADER.match(statement):
                table = self._opened(_parts(header["name"]), is_array=bool(header["array"]))
                self._lines.setdefault(table, line)
            elif key := _KEY.match(statement):
                parts = _parts(key["name"])
                for length in range(1, len(parts) + 1):
                    self._lines.setdefault((*table, *parts[:length]), line)

    def line_of(self, path: Sequence[str | int]) -> int | None:
        """The line of what the path names, or of what it stands in; None: nothing of it stands in the file."""
        for length in range(len(path), 0, -1):
            if (line := self._lines.get(tuple(path[:length]))) is not None:
                return line
        return None

    def _opened(self, parts: Sequence[str], *, is_array: bool) -> Path:
        """The table's path, in which each array of tables is followed by the number of its present entry."""
        path: Path = ()
        for place, part in enumerate(parts):
            path = (*path, part)
            name = repr(path)
            if is_array and place == len(parts) - 1:
                self._entries[name] = self._entries.get(name, -1) + 1
            if name in self._entries:
                path = (*path, self._entries[name])
        return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(number of the first line, text) of each statement: an array or a string may go over several lines."""
    start, depth, line, first = 0, 0, 1, 1
    for piece in _PIECE.finditer(text):
        if piece["open"]:
            depth += 1
        elif piece["close"]:
            depth -= 1
        elif piece["end"]:
            line += 1
            if depth <= 0:
                yield first, text[start : piece.start()].strip()
                start, first, depth = piece.end(), line, 0
        else:
            line += piece[0].count("\n")
    yield first, text[start:].strip()


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
