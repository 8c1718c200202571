"""Finds in a citizen's own words what a folded phrase matched, to quote it or to mark it."""

import re
from collections.abc import Iterable
from itertools import pairwise

from shared.phrases import positions
from shared.text import fold, words

LETTERS_READ_MAX = 4_000
PHRASES_MAX = 60
GAP_LETTERS_MAX = 3  # what stands between two neighbouring words: a space, a comma, an apostrophe
_WORD = re.compile(r"[^\W_]+")
_A_WORD = re.compile(r"[^\W_]+=?(?: [^\W_]+=?)*")

Span = tuple[int, int]


class Quoted:
    """A text of which phrases are quoted. Never raises, whatever the text or the phrase is."""

    def __init__(self, text: str) -> None:
        self._text = text[:LETTERS_READ_MAX]
        found = list(_WORD.finditer(self._text))
        self._spans = [match.span() for match in found]
        self._words = words(fold(self._text))
        if len(self._words) != len(found):  # letters that fold to several words or to none
            self._words = [fold(match.group()) for match in found]

    def quote(self, phrase: str) -> str:
        """The words as they were written; the phrase itself where they are not found."""
        spans = self._of(phrase)
        if not spans:
            return phrase.replace("=", "")
        return " … ".join(" ".join(self._text[start:end].split()) for start, end in spans)

    def marks(self, phrases: Iterable[str]) -> list[Span]:
        """Where the phrases stand, in order, none overlapping another."""
        spans = sorted(
            span for phrase, _ in zip(phrases, range(PHRASES_MAX), strict=False) for span in self._of(phrase)
        )
        joined: list[Span] = []
        for start, end in spans:
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _of(self, phrase: str) -> list[Span]:
        """The pieces of the text; words that stand side by side are one piece."""
        if not _A_WORD.fullmatch(phrase):
            return []
        places = positions(phrase, self._words)
        pieces = [self._spans[place] for place in places[:1]]
        for before, place in pairwise(places):
            start, end = self._spans[place]
            if place == before + 1 and start - pieces[-1][1] <= GAP_LETTERS_MAX:
                pieces[-1] = (pieces[-1][0], end)
            else:
                pieces.append((start, end))
        return pieces
