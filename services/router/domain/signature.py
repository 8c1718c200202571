"""A text as hashes of its stems: enough to tell how alike two texts are, too little to read either."""

from collections.abc import Collection, Iterable, Mapping
from math import log, sqrt
from typing import Final
from zlib import crc32

from shared.text import fold, words

STEM_LETTERS: Final = 5  # Turkish endings stand behind
WORD_LETTERS_MIN: Final = 2
STEMS_MAX: Final = 60
TEXT_LETTERS_MAX: Final = 20_000
# Two texts of which one has less to say than this cannot be told to be alike or not ("çukur var").
_SAID_LEAST: Final = 4.0

Signature = frozenset[int]


def signature(text: str) -> Signature:
    """The hashes (31 bits) of the first `STEMS_MAX` different stems of a text."""
    stems = dict.fromkeys(
        word[:STEM_LETTERS] for word in words(fold(text[:TEXT_LETTERS_MAX])) if len(word) >= WORD_LETTERS_MIN
    )
    return frozenset(hash_of(stem) for stem in list(stems)[:STEMS_MAX])


def hash_of(stem: str) -> int:
    """The hash of a folded stem, the same on every machine."""
    return crc32(stem.encode()) & 0x7FFF_FFFF


class Rarity:
    """How much a stem says: much when few texts have it, nothing when most do.

    `shares` is the share of texts that have a stem, by its hash; one that is not there is in fewer than `least`.
    """

    def __init__(self, shares: Mapping[int, float], least: float) -> None:
        self._weights = {stem: max(0.0, -log(share) - 1.0) for stem, share in shares.items() if share > 0}
        self._rare = max(0.0, -log(least) - 1.0)

    def alike(self, one: Signature, other: Signature) -> float | None:
        """From 0 (nothing in common) to 1 (the same words); None when one of them says too little to tell."""
        said = self._said(one), self._said(other)
        if min(said) < _SAID_LEAST:
            return None
        return self._said(one & other) / sqrt(said[0] * said[1])

    def _said(self, stems: Collection[int]) -> float:
        return sum(self._weights.get(stem, self._rare) for stem in stems)


def shares_of(signatures: Iterable[Signature], texts_min: int) -> tuple[dict[int, float], float]:
    """The share of the texts that have a stem, for stems in `texts_min` texts or more; and the share below that."""
    counts: dict[int, int] = {}
    texts = 0
    for stems in signatures:
        texts += 1
        for stem in stems:
            counts[stem] = counts.get(stem, 0) + 1
    kept = {stem: count / texts for stem, count in counts.items() if count >= texts_min}
    return kept, texts_min / max(texts, texts_min)
