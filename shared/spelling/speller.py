"""Corrects words against a vocabulary, after the deletes index of SymSpell (W. Garbe)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Final

from rapidfuzz.distance import OSA

from shared.municipality import Municipality
from shared.spelling.turkish import is_turkish
from shared.text import fold, words

LETTERS_MIN: Final = 5  # a shorter word is one letter away from too many others
TWO_ERRORS_LETTERS_MIN: Final = 10
TWO_ERRORS_START_LETTERS: Final = 3  # are right in a word with two errors
LETTERS_MAX: Final = 24
GLUED_LETTERS_MIN: Final = 7
GLUED_PART_LETTERS_MIN: Final = 3
_FAR_LETTERS_MIN: Final = 7  # from which on the first letter may be the wrong one
STANDS_OUT_BY: Final = 0.25  # of an error: what the second best must be further away
WORDS_READ_MAX: Final = 300  # of a text; what is said is said by then
WORDS_REMEMBERED_MAX: Final = 20_000

_REPEATED: Final = re.compile(r"([a-z])\1{2,}")
_LETTER_OF: Final = str.maketrans("0134578", "oieastb")
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Correction:
    """A word as it was typed, and what it was read as: one word, or several that were glued together."""

    typed: str
    read: str


class Speller:
    """Reads folded words; safe to share, reading changes nothing but what it remembers.

    `vocabulary`: the words worth finding, as stems. `kept`: words that are right as they are, such as street names.
    """

    def __init__(self, vocabulary: Iterable[str], kept: Iterable[str] = ()) -> None:
        self._vocabulary = frozenset(word for word in vocabulary if word.isalpha())
        self._kept = frozenset(kept)
        self._stems: dict[str, list[str]] = {}
        self._long_stems: dict[str, list[str]] = {}
        for stem in sorted(self._vocabulary):
            if LETTERS_MIN <= len(stem) <= LETTERS_MAX:
                for form in _deletes(stem):
                    self._stems.setdefault(form, []).append(stem)
            if TWO_ERRORS_LETTERS_MIN <= len(stem) <= LETTERS_MAX:
                self._long_stems.setdefault(stem[:TWO_ERRORS_START_LETTERS], []).append(stem)
        self._read = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._read_afresh)

    @classmethod
    def of(cls, place: Municipality) -> "Speller":
        """For the phrases of a municipality's topics and dangers; its streets and neighbourhoods stay as they are."""
        phrases = chain(
            *((*topic.phrases, *topic.hints) for topic in place.topics),
            *(danger.phrases for danger in place.emergencies),
        )
        names = chain((row.name for row in place.streets), (row.name for row in place.neighbourhoods))
        vocabulary = (word.removesuffix("=") for phrase in phrases for word in phrase.split())
        return cls(vocabulary, (word for name in names for word in words(fold(name))))

    def correct(self, said: Sequence[str]) -> tuple[list[str], tuple[Correction, ...]]:
        """The words with errors put right, and what was done; glued words come apart."""
        read: list[str] = []
        corrections: list[Correction] = []
        for at, word in enumerate(said):
            meant = self._read(word) if at < WORDS_READ_MAX else None
            if meant is None:
                read.append(word)
            else:
                read += meant.split()
                corrections.append(Correction(word, meant))
        return read, tuple(corrections)

    def _read_afresh(self, word: str) -> str | None:
        """What a word was meant to be; None: what it is, or nobody knows."""
        if word.isdigit() or len(word) > LETTERS_MAX or self._is_known(word):
            return None
        if _REPEATED.search(word):
            return self._without_repeats(word)
        if not word.isalpha():
            letters = word.translate(_LETTER_OF)
            is_word = letters.isalpha() and sum(map(str.isalpha, word)) * 2 > len(word) > LETTERS_MIN - 2
            return letters if is_word and self._is_known(letters) else None
        if not word.isascii():
            return None
        return (self._nearest(word) if len(word) >= LETTERS_MIN else None) or self._apart(word)

    def _without_repeats(self, word: str) -> str:
        """ "engellli" keeps two, "çoooook" one."""
        twice, once = _REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word)
        if self._is_known(twice):
            return twice
        nearest = self._nearest(once) if len(once) >= LETTERS_MIN and not self._is_known(once) else None
        return nearest or once

    def _is_known(self, word: str) -> bool:
        return word in self._vocabulary or word in self._kept or is_turkish(word)

    def _nearest(self, word: str) -> str | None:
        """The word of the vocabulary, with its endings, that stands out as the nearest."""
        errors: dict[str, float] = {}
        for stem, rest in self._stems_near(word):
            meant = stem + rest
            if not word.startswith(meant) and (not rest or is_turkish(meant)):
                errors[meant] = min(errors.get(meant, 9.0), _errors(word[: len(word) - len(rest)], stem))
        ranked = sorted((count, meant) for meant, count in errors.items())
        if not ranked:
            return None
        best, meant = ranked[0]
        others = [count for count, other in ranked[1:] if not other.startswith(meant)]
        return meant if not others or others[0] - best >= STANDS_OUT_BY else None

    def _stems_near(self, word: str) -> Iterator[tuple[str, str]]:
        """Stems within the errors allowed of some beginning of the word, and what stands behind it."""
        for letters in range(LETTERS_MIN - 1, len(word) + 1):
            start = word[:letters]
            near = {stem for form in _deletes(start) for stem in self._stems.get(form, ())}
            for stem in near:
                # Two letters that go from different places can make the same form: that is two errors.
                if OSA.distance(start, stem, score_cutoff=1) <= 1 and (
                    start[0] == stem[0] or letters >= _FAR_LETTERS_MIN
                ):
                    yield stem, word[letters:]
        for stem in self._long_stems.get(word[:TWO_ERRORS_START_LETTERS], ()):
            for letters in range(len(stem) - 2, min(len(stem) + 2, len(word)) + 1):
                if OSA.distance(word[:letters], stem, score_cutoff=2) <= 2:
                    yield stem, word[letters:]

    def _apart(self, word: str) -> str | None:
        """Two words of the vocabulary that were glued together, the second with its endings."""
        if len(word) < GLUED_LETTERS_MIN:
            return None
        for first in range(len(word) - GLUED_PART_LETTERS_MIN, GLUED_PART_LETTERS_MIN - 1, -1):
            one, other = word[:first], word[first:]
            if one in self._vocabulary and self._starts_known(other):
                return f"{one} {other}"
        return None

    def _starts_known(self, word: str) -> bool:
        """Whether a word is one of the vocabulary or one with Turkish endings behind it."""
        if word in self._vocabulary:
            return True
        stems = (word[:letters] for letters in range(len(word) - 1, LETTERS_MIN - 2, -1))
        return any(stem in self._vocabulary for stem in stems) and is_turkish(word)


def _deletes(word: str) -> set[str]:
    """The word, and all that is left when one letter goes."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _errors(typed: str, meant: str) -> float:
    """How many errors, the likely ones counted less: swapped letters, a neighbour on the keyboard, a vowel left out."""
    distance = float(OSA.distance(typed, meant))
    if distance == 0:
        return 0.0
    if typed[0] != meant[0]:
        distance += 0.5
    if len(typed) == len(meant):
        slips = [pair for pair in zip(typed, meant, strict=True) if pair[0] != pair[1]]
        is_likely = sorted(typed) == sorted(meant) or all(pair in _BESIDE for pair in slips)
    elif len(typed) < len(meant):
        is_likely = _consonants(typed) == _consonants(meant)
    else:
        is_likely = any(one == other for one, other in pairwise(typed))
    return distance - (0.4 if is_likely else 0.1)


def _consonants(word: str) -> str:
    return "".join(letter for letter in word if letter not in "aeiou")


def _beside() -> frozenset[tuple[str, str]]:
    """Keys that touch each other on a Q keyboard."""
    places = {key: (row, column) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}
    return frozenset(
        (one, other)
        for one, (row, column) in places.items()
        for other, (other_row, other_column) in places.items()
        if one != other and abs(row - other_row) <= 1 and abs(column - other_column) <= 1
    )


_BESIDE: Final = _beside()
