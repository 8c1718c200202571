"""A text in plain small letters, letter for letter as long as the original, so that places in it hold for both."""

import re
from collections.abc import Iterable
from typing import Final

from shared.personal.kinds import Kind

# Replacing one letter after the other costs a third of a translation by table, and leaves most texts ASCII.
_TURKISH: Final = tuple(zip("ıİğĞüÜşŞöÖçÇâîû’", "iigguussooccaiu'", strict=True))
_OTHERS: Final = ("ÂÎÛêÊ‘＠", "aiuee'@")
_DIGITS: Final = ("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９", "0123456789" * 3)
_PLAIN: Final = str.maketrans(_OTHERS[0] + _DIGITS[0], _OTHERS[1] + _DIGITS[1])


def plain(text: str) -> str:
    """Small letters, Turkish ones without their marks, digits of other scripts as ours; of the same length."""
    if not text.isascii():
        for letter, without_mark in _TURKISH:
            text = text.replace(letter, without_mark)
        if not text.isascii():
            text = text.translate(_PLAIN)
    # No letter but İ, which is gone by now, grows when it becomes small.
    return text.lower()


# What a masked text holds already, in plain letters.
PLACEHOLDER: Final = re.compile(r"\[(?:" + "|".join(plain(re.escape(kind)) for kind in Kind) + r")\]")


def blanked(read: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with nothing where the spans stand, which are given in order; of the same length."""
    pieces = []
    at = 0
    for start, end in spans:
        pieces += [read[at:start], "\0" * (end - start)]
        at = end
    return "".join((*pieces, read[at:])) if pieces else read
