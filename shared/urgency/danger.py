"""How much a text sounds like danger: a logistic regression over hashed pieces of words, learned from calls for help.

The weights were learned by `python -m ops.train_urgency`; no text can be read back from them. Deterministic.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from math import exp, sqrt
from pathlib import Path
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
import numpy.typing as npt

FOLDER: Final = Path(__file__).parent / "model"
WEIGHTS_FILE: Final = "danger.npz"
CARD_FILE: Final = "danger.json"
BUCKETS: Final = 1 << 16
WORDS_READ_MAX: Final = 300
WORD_LETTERS_MAX: Final = 24
WORDS_REMEMBERED_MAX: Final = 20_000
STEM_LETTERS: Final = 5
GRAM_LETTERS: Final = (3, 4, 5)


class DangerError(ValueError):
    """Raised when the model's files are missing, broken, or of another form than this code reads."""


@dataclass(frozen=True, slots=True)
class DangerCard:
    """What stands beside the weights. From `alone_from` the model is believed alone, from `with_words_from` together
    with words that may mean danger."""

    bias: float
    alone_from: float
    with_words_from: float


class DangerModel:
    """Remembers the words it met, so that they are cheap: the same few thousand make up nearly all texts."""

    def __init__(self, card: DangerCard, weights: npt.NDArray[np.float32]) -> None:
        self.card = card
        self.weights = weights
        self._weights: list[float] = weights.tolist()
        self._word = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._weighed)

    def chance(self, text_words: Sequence[str]) -> float:
        """How likely the words of a folded text tell of danger, from 0 to 1."""
        words = [self._word(word) for word in text_words[:WORDS_READ_MAX]]
        distinct = dict.fromkeys(words)
        pairs = list(_pair_hashes([word.ends for word in words]))
        score = sum(word.score for word in distinct) + sum(map(self._weight, pairs))
        size = sum(word.pieces for word in distinct) + len(pairs)
        return _chance(score / sqrt(size) + self.card.bias if size else self.card.bias)

    def _weighed(self, word: str) -> "_Word":
        hashes = _word_hashes(word)
        return _Word(word, sum(map(self._weight, hashes)), len(hashes), _ends(word))

    def _weight(self, hashed: int) -> float:
        weight = self._weights[hashed & (BUCKETS - 1)]
        return -weight if hashed >> 31 else weight


def hashes_of(text_words: Sequence[str]) -> list[int]:
    """The features of a text, as the model learns from them and reads them; some may stand twice."""
    read = text_words[:WORDS_READ_MAX]
    pieces = [hashed for word in dict.fromkeys(read) for hashed in _word_hashes(word)]
    return pieces + list(_pair_hashes([_ends(word) for word in read]))


def load_danger_model(folder: Path = FOLDER) -> DangerModel:
    """The model in `folder`. Raises DangerError."""
    try:
        card = _card(json.loads((folder / CARD_FILE).read_text(encoding="utf-8")))
        with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as file:
            weights = file["weights"].astype(np.float32)
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise DangerError(f"the model of danger in {folder} cannot be read: {error}") from error
    if weights.shape != (BUCKETS,) or not np.isfinite(weights).all():
        raise DangerError(f"the model of danger in {folder} has other weights than {BUCKETS} finite numbers")
    return DangerModel(card, weights)


@cache
def shipped_danger_model() -> DangerModel:
    """The model that comes with the project, read once. Raises DangerError."""
    return load_danger_model()


class _Ends(NamedTuple):
    """A word as a part of pairs: its stem, and the hash of it as the first word before a second or a third one."""

    stem: bytes
    before_next: int
    before_third: int


class _Word(NamedTuple):
    word: str
    score: float
    pieces: int
    ends: _Ends


def _word_hashes(word: str) -> list[int]:
    """Hashes of the word, its stem, and its 3 to 5 letter pieces with the ends marked."""
    word = word[:WORD_LETTERS_MAX]
    marked = f"<{word}>"
    pieces = [f"w{word}", f"s{word[:STEM_LETTERS]}"]
    pieces += [marked[at : at + letters] for letters in GRAM_LETTERS for at in range(len(marked) - letters + 1)]
    return [crc32(piece.encode()) for piece in pieces]


def _ends(word: str) -> _Ends:
    stem = word[:STEM_LETTERS].encode()
    return _Ends(stem, crc32(b"p" + stem + b" "), crc32(b"q" + stem + b" "))


def _pair_hashes(ends: Sequence[_Ends]) -> Iterator[int]:
    """Hashes of the distinct pairs of words that stand side by side, or with one other between them."""
    found = {crc32(second.stem, first.before_next) for first, second in pairwise(ends)}
    found |= {crc32(third.stem, first.before_third) for first, third in zip(ends, ends[2:], strict=False)}
    return iter(found)


def _chance(score: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


def _card(content: Any) -> DangerCard:
    return DangerCard(*(float(content[name]) for name in ("bias", "alone_from", "with_words_from")))
