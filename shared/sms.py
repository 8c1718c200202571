"""How many parts an SMS makes, and its text without the letters that make it dearer (3GPP TS 23.038, 23.040).

A text goes out in one of three alphabets: GSM-7 (160 letters a part), GSM-7 with the Turkish national single shift
table (the sender must say so to the provider; a header of 3 to 6 bytes takes some room), or UCS-2 (70 letters).
Turkish ş, ğ, ı, İ, ç are not in plain GSM-7; ö, ü, Ö, Ü, Ç are.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Letters(StrEnum):
    """The alphabet a text goes out in, cheapest first."""

    GSM7 = "gsm7"
    TURKISH = "turkish"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Size:
    """What a text costs: its alphabet, its units (septets, or 16-bit units) and the parts it is sent in."""

    letters: Letters
    units: int
    parts: int


# The default alphabet (6.2.1), and its extension table (6.2.1.1), whose letters take two septets.
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
# What the Turkish single shift table (A.2.1) adds to the extension table; two septets each.
_TURKISH: Final = frozenset("ĞİŞçğış")

# A part alone, and a part of several, behind the header that numbers them (6 bytes, 7 with padding to septets).
# The shift table's own element takes 3 bytes more: 155 septets alone (header of 4 bytes), 149 of several (9 bytes).
_ROOM: Final = {Letters.GSM7: (160, 153), Letters.TURKISH: (155, 149), Letters.UCS2: (70, 67)}

# Letters that mean the same to a reader, for what no table folds by itself.
_PLAIN: Final = str.maketrans(
    {
        **dict(zip("şŞğĞıİçÇöÖüÜâÂîÎûÛ", "sSgGiIcCoOuUaAiIuU", strict=True)),
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "•": "-",
        "\u00a0": " ",
        "\t": " ",
        "₺": "TL",
        "·": "-",
    }
)
_KEPT_BY_GSM7: Final = frozenset("çöÖüÜÇ") & _BASIC


def size(text: str, allowed: frozenset[Letters] = frozenset(Letters)) -> Size:
    """What this text costs in the cheapest alphabet of `allowed` that has all its letters; UCS-2 has every letter."""
    fitting = [letters for letters in Letters if letters is Letters.UCS2 or letters in allowed]
    sizes = [found for letters in fitting if (found := _in(letters, text)) is not None]
    return min(sizes, key=lambda found: found.parts)


def plain(text: str) -> str:
    """The text in plain letters of GSM-7: `Şişli'de çöp` becomes `Sisli'de cöp`. Idempotent.

    What GSM-7 has (ö, ü, Ç) stays; a letter that nothing stands for becomes `?`.
    """
    folded = "".join(letter if letter in _KEPT_BY_GSM7 else letter.translate(_PLAIN) for letter in text)
    return "".join(_known(letter) for letter in folded)


def _known(letter: str) -> str:
    if letter in _BASIC or letter in _EXTENSION:
        return letter
    if unicodedata.category(letter) in ("Mn", "Cf", "Cc"):
        return ""
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if part in _BASIC or part in _EXTENSION)
    return bare or "?"


def _in(letters: Letters, text: str) -> Size | None:
    """The size in this alphabet; None when a letter is not in it. A letter of two units never spans two parts."""
    widths = [_width(letters, letter) for letter in text]
    if None in widths:
        return None
    alone, of_several = _ROOM[letters]
    units = sum(width for width in widths if width)
    return Size(letters, units, 1 if units <= alone else _parts([width or 0 for width in widths], of_several))


def _width(letters: Letters, letter: str) -> int | None:
    if letters is Letters.UCS2:
        return 2 if ord(letter) > 0xFFFF else 1
    if letter in _BASIC:
        return 1
    if letter in _EXTENSION or (letters is Letters.TURKISH and letter in _TURKISH):
        return 2
    return None


def _parts(widths: list[int], room: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts
