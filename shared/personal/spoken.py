"""Finds phone numbers told in words: "sıfır beş yüz otuz iki, yüz on bir, kırk beş, altmış yedi"."""

import re
from collections.abc import Iterator
from typing import Final

_UNITS: Final = {"bir": 1, "iki": 2, "uc": 3, "dort": 4, "bes": 5, "alti": 6, "yedi": 7, "sekiz": 8, "dokuz": 9}
_TENS: Final = {
    "on": 10,
    "yirmi": 20,
    "otuz": 30,
    "kirk": 40,
    "elli": 50,
    "altmis": 60,
    "yetmis": 70,
    "seksen": 80,
    "doksan": 90,
}
_WORD: Final = "sifir|altmis|" + "|".join((*_UNITS, *(ten for ten in _TENS if ten != "altmis"))) + "|yuz"
_RUN: Final = re.compile(rf"(?<![^\W_])(?:(?:{_WORD}|\d{{1,4}})[\s,.\-/]{{0,3}}){{5,40}}(?<![\s,.\-/])(?![^\W_])")
_PART: Final = re.compile(rf"{_WORD}|\d+")
_PHONE: Final = re.compile(r"(?:90)?0?(?:5\d{8,10}|[2-4]\d{9})")
_WORDS_MIN: Final = 3


def find_spoken(read: str) -> Iterator[tuple[int, int]]:
    """Where they stand in a text of plain letters; digits may stand among the words."""
    if "sifir" not in read and "yuz" not in read and "bes" not in read:
        return
    for run in _RUN.finditer(read):
        parts = _PART.findall(run[0])
        if sum(map(str.isalpha, parts)) >= _WORDS_MIN and _PHONE.fullmatch(_digits(parts)):
            yield run.span()


def _digits(parts: list[str]) -> str:
    """What is dialled: "beş yüz otuz iki" is 532, "otuz iki" 32, "sıfır beş" 05, "yüz" alone 100."""
    dialled: list[str] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        if part.isdigit():
            dialled.append(part)
            at += 1
        elif part == "sifir":
            dialled.append("0")
            at += 1
        else:
            number, at = _number(parts, at)
            dialled.append(str(number))
    return "".join(dialled)


def _number(parts: list[str], at: int) -> tuple[int, int]:
    """The number below a thousand that starts at a part, and where the next starts."""
    number = 0
    if parts[at] == "yuz":
        number, at = 100, at + 1
    elif parts[at] in _UNITS and parts[at + 1 : at + 2] == ["yuz"]:
        number, at = 100 * _UNITS[parts[at]], at + 2
    for words in (_TENS, _UNITS):
        if at < len(parts) and parts[at] in words:
            number, at = number + words[parts[at]], at + 1
    return number, at
