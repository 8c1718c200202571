"""Finds the addresses of a text: tags its words, and mends what is never or always so."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from shared.addresses.fields import AddressSpan, read_fields
from shared.addresses.lexicon import ENDINGS, WordKind
from shared.addresses.tagger import BEGIN, INSIDE, OUT, Tagger
from shared.addresses.tokens import Tokens, read, windows

SPANS_MAX: Final = 20
NAME_WORDS_MAX: Final = 4

_NEVER_INSIDE: Final = frozenset({WordKind.RELATION, WordKind.ADDRESS_WORD, WordKind.MANY_DIGITS})
_NAMED_AFTER_A_PROVINCE: Final = frozenset(
    {WordKind.STREET, WordKind.BUILDING, WordKind.NEIGHBOURHOOD, WordKind.PUBLIC}
)
_NAMED_KINDS: Final = frozenset({WordKind.STREET, WordKind.NEIGHBOURHOOD, WordKind.BUILDING, WordKind.VILLAGE})
_SAID_BESIDE: Final = frozenset({WordKind.COMMON, WordKind.VERB})
_PRESENT: Final = ("yor", "yorum", "yoruz", "yorlar", "yorsunuz")
_WHERE: Final = ("nda", "nde", "ndan", "nden", "ndaki", "ndeki", "kta", "ktan", "ktaki", "sine", "ina", "ine")
_DATED: Final = frozenset(
    ["mayis", "yil", "agustos", "temmuz", "eylul", "kasim", "ekim", "nisan", "subat", "mart", "haziran", "evler"]
)
_VALUED: Final = frozenset({WordKind.NUMBER, WordKind.FLOOR, WordKind.FLAT})
_DIGITS: Final = frozenset({WordKind.SHORT_DIGITS, WordKind.LONG_DIGITS})
# At least one of these makes an address.
_NEEDED: Final = _NAMED_AFTER_A_PROVINCE | {
    WordKind.VILLAGE,
    WordKind.BLOCK,
    WordKind.DISTRICT,
    WordKind.NUMBER,
    WordKind.FLOOR,
}


def find(text: str, tagger: Tagger | None = None) -> tuple[AddressSpan, ...]:
    """The addresses of a text in order, none overlapping, at most `SPANS_MAX`; total over any text.

    Costs little where no word of an address stands. Only the first `TEXT_LETTERS_MAX` letters are read.
    `tagger`: another one than the shipped, to measure it.
    """
    tokens = read(text)
    found: list[AddressSpan] = []
    for first, last in spans(tokens, tagger or _shipped()):
        found.append(read_fields(tokens, first, last))
        if len(found) == SPANS_MAX:
            break
    return tuple(found)


def spans(tokens: Tokens, tagger: Tagger) -> Iterator[tuple[int, int]]:
    """First and last word of each address, in order."""
    read_to = 0
    for start, end in windows(tokens):
        tags = tagger.tag(tokens, start, end)
        _mend(tokens, tags, start)
        for first, last in _runs(tokens, tags, start):
            if any(kind in _NEEDED for kind in tokens.kinds[first : last + 1]):
                first, last = _whole(tokens, max(first, read_to), last)
                yield first, last
                read_to = last + 1


def certain(tokens: Tokens) -> list[tuple[int, int]]:
    """First and last word of what anybody calls an address: a name with "sokak" or the like, and what belongs to it."""
    found: list[tuple[int, int]] = []
    for at, kind in enumerate(tokens.kinds):
        if kind in _NAMED_KINDS:
            first = at
            while first and at - first < NAME_WORDS_MAX and tokens.gaps[first] in "_.;" and _is_name(tokens, first - 1):
                first -= 1
            if first == at:
                continue
            last = at
        elif kind is WordKind.DISTRICT and tokens.shapes[at] != "l":
            first = last = at
        else:
            continue
        last = _with_numbers(tokens, last)
        if found and first <= found[-1][1] + 1 and tokens.gaps[first] in "_,;./-(":
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _with_numbers(tokens: Tokens, last: int) -> int:
    """With "No 12 kat 3 daire 4", "B Blok" and an ending behind it."""
    while last + 2 < len(tokens):
        first_kind, next_kind = tokens.kinds[last + 1], tokens.kinds[last + 2]
        is_valued = first_kind in _VALUED and next_kind in _DIGITS
        is_block = first_kind is WordKind.LETTER and next_kind is WordKind.BLOCK
        if not is_valued and not is_block:
            break
        last += 2
    if last + 1 < len(tokens) and tokens.gaps[last + 1] == "'" and tokens.words[last + 1] in ENDINGS:
        last += 1
    return last


def _mend(tokens: Tokens, tags: list[int], start: int) -> None:
    """A name with "sokak" or the like behind it is always an address, also where the tagger sees none."""
    for at in range(1, len(tags)):
        if tags[at] != OUT or tags[at - 1] != OUT or tokens.kinds[start + at] not in _NAMED_KINDS:
            continue
        if _is_name(tokens, start + at - 1) and tokens.gaps[start + at] in "_.;":
            tags[at - 1 : at + 1] = [BEGIN, INSIDE]
            if (
                at > 1
                and tags[at - 2] == OUT
                and tokens.gaps[start + at - 1] == "_"
                and _is_name(tokens, start + at - 2)
            ):
                tags[at - 2 : at] = [BEGIN, INSIDE]


def _is_name(tokens: Tokens, at: int) -> bool:
    """A number, or a word that names places and persons, or one with a capital."""
    kind = tokens.kinds[at]
    if kind in (WordKind.PLACE, WordKind.PERSON, WordKind.TITLE) or kind in _DIGITS:
        return True
    return kind is WordKind.OTHER and tokens.shapes[at] == "C"


def _runs(tokens: Tokens, tags: Sequence[int], start: int) -> Iterator[tuple[int, int]]:
    first = -1
    for at, tag in enumerate(tags, start):
        is_out = tag == OUT or _is_never_inside(tokens, at)
        if first >= 0 and (is_out or tag == BEGIN or _are_two_districts(tokens, at)):
            yield first, at - 1
            first = -1
        if not is_out and first < 0:
            first = at
    if first >= 0:
        yield first, start + len(tags) - 1


def _whole(tokens: Tokens, first: int, last: int) -> tuple[int, int]:
    """With the digits of a name like "19 Mayıs" before it, and "D 3" or an ending behind it."""
    last = _without_tail(tokens, first, last)
    if first and tokens.words[first] in _DATED and tokens.kinds[first - 1] is WordKind.SHORT_DIGITS:
        first -= 1
    if tokens.kinds[last] in _VALUED and last + 1 < len(tokens) and tokens.kinds[last + 1] in _DIGITS:
        last += 1
    while last + 2 < len(tokens) and tokens.kinds[last + 1] in _VALUED and tokens.kinds[last + 2] in _DIGITS:
        last += 2
    if last + 1 < len(tokens) and tokens.gaps[last + 1] == "'" and tokens.words[last + 1] in ENDINGS:
        last += 1
    return first, last


def _without_tail(tokens: Tokens, first: int, last: int) -> int:
    """Where it really ends: "Gazi Caddesinde bankların hepsi" ends with the word that says where."""
    while last > first and tokens.kinds[last] in _SAID_BESIDE:
        last -= 1
    for at in range(last, first, -1):
        if tokens.kinds[at] in _DIGITS or tokens.kinds[at] in _NEEDED:
            is_where = tokens.kinds[at] in _NAMED_KINDS and tokens.words[at].endswith(_WHERE)
            return at if is_where else last
    return last


def _is_never_inside(tokens: Tokens, at: int) -> bool:
    """The province stands beside an address, unless a street is named after it ("Trabzon Bulvarı")."""
    kind = tokens.kinds[at]
    if kind is WordKind.VERB:
        return tokens.words[at].endswith(_PRESENT)
    if kind is not WordKind.PROVINCE:
        return kind in _NEVER_INSIDE
    return at + 1 == len(tokens) or tokens.kinds[at + 1] not in _NAMED_AFTER_A_PROVINCE


def _are_two_districts(tokens: Tokens, at: int) -> bool:
    return (
        tokens.kinds[at] is WordKind.DISTRICT and tokens.kinds[at - 1] is WordKind.DISTRICT and tokens.gaps[at] in "-,/"
    )


@lru_cache(maxsize=1)
def _shipped() -> Tagger:
    return Tagger.load()
