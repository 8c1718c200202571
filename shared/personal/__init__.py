"""Finds what identifies a person in a text, and hides it one way: numbers, addresses of mail, and names.

What a placeholder stands for is told by no table: whoever may see the original opens the vault.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.personal.kinds import Found, Kind
from shared.personal.names import find_names
from shared.personal.numbers import find_numbers
from shared.personal.plain import PLACEHOLDER, blanked, plain

__all__ = ["Found", "Hidden", "Kind", "hidden", "mask", "without_placeholders"]

# Each pass sees the text without the names of the passes before, as it will be seen when it is masked again.
NAME_PASSES_MAX: Final = 6
_PLACEHOLDER: Final = re.compile(r"\[(?:" + "|".join(map(re.escape, Kind)) + r")\]")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text with placeholders such as `[telefon]`, and where in the original each stood, in order."""

    text: str
    found: tuple[Found, ...]


def mask(text: str) -> str:
    """The text with everything that identifies a person replaced by placeholders; total and idempotent."""
    return hidden(text).text


def hidden(text: str, kept: Iterable[tuple[int, int]] = ()) -> Hidden:
    """The text masked, and what was found. A name that touches a span of `kept`, such as a street's, stays."""
    read = plain(text)
    read = blanked(read, (match.span() for match in PLACEHOLDER.finditer(read)))
    found = find_numbers(text, read)
    read = blanked(read, sorted((one.start, one.end) for one in found))
    kept = tuple(kept)
    for _ in range(NAME_PASSES_MAX):
        names = [span for span in find_names(text, read) if not _touches(span, kept)]
        if not names:
            break
        found += [Found(Kind.NAME, start, end) for start, end in names]
        read = blanked(read, names)
    ordered = tuple(sorted(found, key=lambda one: one.start))
    return Hidden(_replaced(text, ordered), ordered)


def without_placeholders(text: str) -> str:
    """The text with blanks of the same length for what masking put into it, which are no words of the citizen's."""
    return _PLACEHOLDER.sub(lambda found: " " * len(found[0]), text) if "[" in text else text


def _touches(span: tuple[int, int], others: tuple[tuple[int, int], ...]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _replaced(text: str, found: tuple[Found, ...]) -> str:
    if not found:
        return text
    pieces = []
    at = 0
    for one in found:
        pieces += [text[at : one.start], f"[{one.kind}]"]
        at = one.end
    return "".join((*pieces, text[at:]))
