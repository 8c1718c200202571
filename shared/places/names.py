"""Neighbourhoods by their names, in a field or in a text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from shared.addresses.lexicon import WORD_LETTERS_MAX, WordKind, kind_of
from shared.municipality import Neighbourhood
from shared.places.found import ClueCode
from shared.places.wording import (
    APOSTROPHE_TELLS,
    NAME_ENDINGS,
    ORDINARY,
    WHERE_ENDINGS,
    Misspelt,
    is_neighbourhood_word,
    is_street_word,
    key_of,
    read_name,
)
from shared.text import fold

NAME_WORDS_MAX: Final = 4
FIELD_WORDS_MAX: Final = 8
FUZZY_SCORE_MIN: Final = 87.0  # of 100; "kilicdde" is Kılıçdede (94), two different names of ours stay below 86
_FUZZY_LETTERS_MIN: Final = 4

# How often each way of naming is meant so; the rest is a slip, another town, or a word that only looks alike.
FIELD_TRUST: Final = 0.99
NAMED_TRUST: Final = 0.985  # "Kale Mahallesi"
ALONE_TRUST: Final = 0.93  # "Derecik'te": a name that is nothing else
APOSTROPHE_TRUST: Final = 0.87  # "Fatih'te"
MISSPELT_TRUST: Final = 0.86
BESIDE_STREET_TRUST: Final = 0.7  # "Kale Gazi Caddesi": counts only together with the street

# A capital, and an ending of place behind an apostrophe.
_PLACE_WITH_APOSTROPHE: Final = re.compile(
    r"([A-ZÇĞİÖŞÜ][\wçğıöşüÇĞİÖŞÜ]{2,20})['’‘][dtDT][eaEA](?:ki|KI|Kİ|y[ıiİI][mzMZ])?\b"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A neighbourhood that was named by the words from `start` to `end`."""

    neighbourhood: str
    code: ClueCode
    words: str
    trust: float
    start: int = 0
    end: int = 0


class NeighbourhoodNames:
    """All names and other names, indexed once."""

    def __init__(self, rows: Iterable[Neighbourhood]) -> None:
        self._codes: dict[str, str] = {}
        self._aliases: set[str] = set()
        for row in rows:
            for written in (row.name, *row.aliases):
                key = key_of(read_name(written))
                if key in self._codes:
                    continue
                self._codes[key] = row.code
                if written != row.name:
                    self._aliases.add(key)
        distinct = [key for key in self._codes if key not in ORDINARY]
        self._alone = {key + ending: key for key in distinct for ending in NAME_ENDINGS}
        self._misspelt = Misspelt(distinct)
        self._firsts = _firsts((*self._codes, *self._alone))

    def field(self, written: str | None) -> Named | None:
        """A neighbourhood field; typing errors are forgiven, since the field can hold nothing else."""
        if not written:
            return None
        name_words = [word for word in read_name(written) if not is_neighbourhood_word([word], 0)]
        key = key_of(name_words[:FIELD_WORDS_MAX])
        if not key:
            return None
        words = " ".join(name_words[:FIELD_WORDS_MAX])
        if key in self._codes:
            return Named(self._codes[key], ClueCode.FIELD, words, FIELD_TRUST)
        near = process.extractOne(key, self._codes.keys(), scorer=fuzz.ratio, score_cutoff=FUZZY_SCORE_MIN)
        return Named(self._codes[near[0]], ClueCode.FIELD, words, NAMED_TRUST) if near else None

    def find(self, text_words: Sequence[str], text: str = "") -> Iterator[Named]:
        """What the text names: with "mahallesi" behind it, or a name that can be nothing else.

        `text` as it was written lets a capital and an apostrophe tell a place ("Fatih'te") from a person.
        """
        read_to = 0
        for at, word in enumerate(text_words):
            if at < read_to:
                continue
            found = self._named(text_words, at, text) if word[:3] in self._firsts else None
            if found is None and is_neighbourhood_word(text_words, at + 1):
                found = self._misread(text_words, at)
            if found:
                yield found
                read_to = found.end

    def beside(self, text_words: Sequence[str], street_start: int) -> Named | None:
        """A name right before a street, which alone would say nothing."""
        for start in range(max(0, street_start - NAME_WORDS_MAX), street_start):
            key = key_of(text_words[start:street_start])
            if key in self._codes:
                words = " ".join(text_words[start:street_start])
                return self._of(key, words, BESIDE_STREET_TRUST, start, street_start)
        return None

    def knows(self, key: str) -> bool:
        """Whether a neighbourhood of ours is called that."""
        return key in self._codes

    def _named(self, text_words: Sequence[str], start: int, text: str) -> Named | None:
        """The longest name that starts here: "Aşağı Avdan" does not name Avdan too."""
        for end in range(min(start + NAME_WORDS_MAX, len(text_words)), start, -1):
            key = key_of(text_words[start:end])
            words = " ".join(text_words[start:end])
            if key in self._codes and is_neighbourhood_word(text_words, end):
                return self._of(key, words, NAMED_TRUST, start, end + 1)
            if key in self._alone and not is_street_word(text_words, end):
                return self._of(self._alone[key], words, ALONE_TRUST, start, end)
            if key in APOSTROPHE_TELLS and key in self._codes and _is_told_by_apostrophe(key, text_words, end, text):
                return self._of(key, words, APOSTROPHE_TRUST, start, end)
        return self._misspelt_alone(text_words, start)

    def _misspelt_alone(self, text_words: Sequence[str], start: int) -> Named | None:
        word = text_words[start]
        key = self._misspelt.find(word) or self._misspelt.find(_without_ending(word))
        if key is None or _is_a_place(word) or is_street_word(text_words, start + 1):
            return None
        return self._of(key, word, MISSPELT_TRUST, start, start + 1)

    def _misread(self, text_words: Sequence[str], at: int) -> Named | None:
        """What stands before "mahallesi" and is nearly a name of ours."""
        for start in (at - 1, at):
            key = key_of(text_words[max(0, start) : at + 1])
            if start < 0 or len(key) < _FUZZY_LETTERS_MIN or len(key) > 40:
                continue
            near = process.extractOne(key, self._codes.keys(), scorer=fuzz.ratio, score_cutoff=FUZZY_SCORE_MIN)
            if near and not _is_a_place(key):
                return self._of(near[0], " ".join(text_words[start : at + 1]), ALONE_TRUST, start, at + 2)
        return None

    def _of(self, key: str, words: str, trust: float, start: int, end: int) -> Named:
        code = ClueCode.ALIAS if key in self._aliases else ClueCode.NEIGHBOURHOOD
        return Named(self._codes[key], code, words, trust, start, end)


def _firsts(keys: Iterable[str]) -> frozenset[str]:
    """What the first word of a name can begin with, so that most words need no look."""
    return frozenset(key[:length] for key in keys for length in (1, 2, 3))


def _is_told_by_apostrophe(key: str, text_words: Sequence[str], end: int, text: str) -> bool:
    if not text or end >= len(text_words) or text_words[end] not in WHERE_ENDINGS:
        return False
    return any(key.endswith(fold(match[1])) for match in _PLACE_WITH_APOSTROPHE.finditer(text))


def _is_a_place(key: str) -> bool:
    """Kavaklı is no misspelt Kapaklı."""
    return kind_of(key[:WORD_LETTERS_MAX]) in (WordKind.PLACE, WordKind.DISTRICT, WordKind.PROVINCE)


def _without_ending(word: str) -> str:
    for ending in ("deki", "daki", "teki", "taki", "den", "dan", "ten", "tan", "de", "da", "te", "ta"):
        if word.endswith(ending) and len(word) > len(ending) + 5:
            return word[: -len(ending)]
    return word
