"""The parts of an address: neighbourhood, street, building, number, floor, flat, district and city."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.addresses.lexicon import WordKind
from shared.addresses.tokens import Tokens

STREET_TYPES: Final = (
    ("sokak", ("sok", "sk")),
    ("cadde", ("cad", "cd", "cade")),
    ("bulvar", ("bul", "blv", "bv", "bliv")),
    ("meydan", ("meydan",)),
    ("küme evler", ("kume",)),
    ("yol", ("yol", "cevreyolu")),
    ("çıkmaz", ("cikmaz",)),
    ("geçit", ("gecid",)),
)
_DIGITS: Final = frozenset({WordKind.SHORT_DIGITS, WordKind.LONG_DIGITS})
_POSTCODE_LETTERS: Final = 5
_SEPARATORS: Final = frozenset(",!:(/)-")


@dataclass(frozen=True, slots=True)
class AddressSpan:
    """An address at `text[start:end]`; its parts as written, "" where it says nothing.

    `street_type` is one of sokak, cadde, bulvar, meydan, küme evler, yol, çıkmaz, geçit. The province that stands
    beside an address is its `city` and not in the span; `neighbourhood` may be a village.
    """

    start: int
    end: int
    neighbourhood: str = ""
    street: str = ""
    street_type: str = ""
    building: str = ""
    block: str = ""
    number: str = ""
    floor: str = ""
    flat: str = ""
    district: str = ""
    city: str = ""


def read_fields(tokens: Tokens, first: int, last: int) -> AddressSpan:
    """The address made of the words `first` to `last`, both included."""
    fields: dict[str, str] = {}
    for name, value in _parts(tokens, first, last):
        fields.setdefault(name, value)
    return AddressSpan(tokens.starts[first], tokens.ends[last], **fields, city=_city(tokens, first, last))


def street_type(word: str) -> str:
    """The type of street that a folded word means, "" when none."""
    return next((kind for kind, starts in STREET_TYPES if word.startswith(starts)), "")


def _parts(tokens: Tokens, first: int, last: int) -> Iterator[tuple[str, str]]:
    name_from = at = first
    while at <= last:
        kind = tokens.kinds[at]
        if at > name_from and _is_apart(tokens, at):
            yield from _rest(tokens, name_from, at)
            name_from = at
        match kind:
            case WordKind.NEIGHBOURHOOD | WordKind.VILLAGE:
                yield "neighbourhood", _written(tokens, name_from, at)
            case WordKind.STREET:
                yield "street", _written(tokens, name_from, at)
                yield "street_type", street_type(tokens.words[at])
            case WordKind.BUILDING | WordKind.PUBLIC:
                yield "building", _written(tokens, name_from, at + 1)
            case WordKind.DISTRICT:
                if at == last or tokens.kinds[at + 1] not in _NAMED:
                    yield "district", _written(tokens, at, at + 1)
                else:
                    at += 1
                    continue
            case WordKind.NUMBER | WordKind.FLOOR | WordKind.FLAT | WordKind.BLOCK:
                name, value, at = _numbered(tokens, name_from, at, last)
                yield name, value
                if name == "number" and _is_digits(tokens, at + 1, last) and tokens.gaps[at + 1] == "/":
                    at += 1
                    yield "flat", tokens.words[at]
            case WordKind.ENDING | WordKind.DISTRICT_WORD:
                pass
            case _:
                at += 1
                continue
        at += 1
        name_from = at
    yield from _rest(tokens, name_from, last + 1)


def _is_apart(tokens: Tokens, at: int) -> bool:
    """ "Kale, Gazi Caddesi" are two names, "100. Yıl" is one."""
    if tokens.gaps[at] == ";":
        return tokens.kinds[at - 1] not in _DIGITS and len(tokens.words[at - 1]) > 2
    return tokens.gaps[at] in _SEPARATORS


_NAMED: Final = frozenset({WordKind.NEIGHBOURHOOD, WordKind.STREET, WordKind.BUILDING, WordKind.PUBLIC})


def _numbered(tokens: Tokens, name_from: int, at: int, last: int) -> tuple[str, str, int]:
    """ "No 12", "kat:3", "3. kat", "B blok": the value stands behind, or else before; and the last word read."""
    name = tokens.kinds[at].value
    before = _written(tokens, max(name_from, at - 1), at)
    if name in ("block", "floor") and before:
        return name, before, at
    if at < last and tokens.kinds[at + 1] in _VALUES and tokens.gaps[at + 1] in "0_:.;-/'":
        return name, _written(tokens, at + 1, at + 2), at + 1
    return name, before, at


_VALUES: Final = _DIGITS | {WordKind.LETTER}


def _rest(tokens: Tokens, start: int, end: int) -> Iterator[tuple[str, str]]:
    """Words that no word of an address follows: digits are the number ("12/3": with the flat), else a name."""
    if start >= end:
        return
    digits = [at for at in range(start, end) if tokens.kinds[at] in _DIGITS]
    if len(digits) == end - start:
        if len(tokens.words[start]) < _POSTCODE_LETTERS:
            yield ("flat", tokens.words[start]) if tokens.gaps[start] == "/" else ("number", tokens.words[start])
        if len(digits) > 1:
            yield "flat", tokens.words[digits[1]]


def _is_digits(tokens: Tokens, at: int, last: int) -> bool:
    return at <= last and tokens.kinds[at] in _DIGITS


def _written(tokens: Tokens, start: int, end: int) -> str:
    return tokens.text[tokens.starts[start] : tokens.ends[end - 1]] if start < end else ""


def _city(tokens: Tokens, first: int, last: int) -> str:
    for at in (last + 1, first - 1):
        if 0 <= at < len(tokens) and tokens.kinds[at] is WordKind.PROVINCE:
            return _written(tokens, at, at + 1)
    return ""
