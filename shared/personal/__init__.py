"""Finds what identifies a person in a text, and hides it one way: numbers, addresses of mail, and names.

What a placeholder stands for is told by no table: whoever may see the original opens the vault.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.addresses import AddressSpan
from shared.addresses import find as find_addresses
from shared.personal.kinds import Found, Kind
from shared.personal.names import find_names
from shared.personal.numbers import find_numbers
from shared.personal.plain import PLACEHOLDER, blanked, plain

__all__ = ["Found", "Hidden", "Kind", "hidden", "mask", "without_placeholders"]

# Each pass sees the text without the names of the passes before, as it will be seen when it is masked again.
NAME_PASSES_MAX: Final = 6
Span = tuple[int, int]
# Whatever address a name may be part of, one of these stands in it.
_HINTS_AT_ADDRESS: Final = re.compile(r"mah|\bmh|sok|\bsk|cad|\bcd|bulv|blv|\bno\b|apt|apart|site|kat\b|daire")
_PLACEHOLDER: Final = re.compile(r"\[(?:" + "|".join(map(re.escape, Kind)) + r")\]")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text with placeholders such as `[telefon]`, and where in the original each stood, in order."""

    text: str
    found: tuple[Found, ...]


def mask(text: str) -> str:
    """The text with everything that identifies a person replaced by placeholders; total and idempotent."""
    return hidden(text).text


def hidden(text: str) -> Hidden:
    """The text masked, and what was found. Names in an address ("Kale Mah. Xxxx No 5") stay: they are the street's."""
    read = plain(text)
    read = blanked(read, (match.span() for match in PLACEHOLDER.finditer(read)))
    found = find_numbers(text, read)
    read = blanked(read, sorted((one.start, one.end) for one in found))
    for _ in range(NAME_PASSES_MAX):
        names = _outside_addresses(find_names(text, read), text, read)
        if not names:
            break
        found += [Found(Kind.NAME, start, end) for start, end in names]
        read = blanked(read, names)
    ordered = tuple(sorted(found, key=lambda one: one.start))
    return Hidden(_replaced(text, ordered), ordered)


def without_placeholders(text: str) -> str:
    """The text with blanks of the same length for what masking put into it, which are no words of the citizen's."""
    return _PLACEHOLDER.sub(lambda found: " " * len(found[0]), text) if "[" in text else text


def _outside_addresses(names: Sequence[Span], text: str, read: str) -> list[Span]:
    """Addresses are looked for only where there are names; what was blanked out is none of an address either."""
    if not names or not _HINTS_AT_ADDRESS.search(read):
        return list(names)
    shown = "".join(letter if seen != "\0" else seen for letter, seen in zip(text, read, strict=True))
    addresses = [address for address in find_addresses(shown) if address.neighbourhood and address.number]
    return [(start, end) for start, end in names if not any(_is_street(address, start, end) for address in addresses)]


def _is_street(address: AddressSpan, start: int, end: int) -> bool:
    """A name between neighbourhood and door is the street's, unless the street is told beside it."""
    return address.start < start and end <= address.end and not address.street


def _replaced(text: str, found: tuple[Found, ...]) -> str:
    if not found:
        return text
    pieces = []
    at = 0
    for one in found:
        pieces += [text[at : one.start], f"[{one.kind}]"]
        at = one.end
    return "".join((*pieces, text[at:]))
