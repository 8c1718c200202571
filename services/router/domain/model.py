"""The trained text model: how likely each owner is, from hashed pieces of words; no text of others inside."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp, sqrt
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
import numpy.typing as npt

from services.router.domain.evidence import OTHER, Weighing

BUCKETS = 2**17
WORDS_READ_MAX = 400
WORD_LETTERS_MAX = 24
WORDS_REMEMBERED_MAX = 20_000  # about 8 MB; the same few thousand words make up nearly all texts
STEM_LETTERS = 5
GRAM_LETTERS = (2, 3, 4, 5)
WEIGHTS_FILE = "weights.npz"
CARD_FILE = "model.json"

Row = tuple[float, ...]


class ModelError(ValueError):
    """Raised when a model's files are missing, broken, or of another format than this code reads."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What stands beside the weights: their labels, and the figures that were chosen when they were measured."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weighing: Weighing


class TextModel:
    """A linear model over hashed features. Deterministic; remembers the words it met, so that they are cheap."""

    def __init__(self, card: ModelCard, weights: npt.NDArray[np.float32], weight_of_one: npt.NDArray[np.float32]):
        """`weights`: a row per bucket, a column per label; `weight_of_one`: what a bucket adds to a text's size."""
        self.card = card
        self._table = np.hstack([weights, weight_of_one.reshape(-1, 1)])
        self._row_of_word = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._word_row)

    def probabilities(self, text_words: Sequence[str]) -> dict[str, float]:
        """How likely each label is for the words of a folded text; they sum to 1."""
        distinct, pairs = distinct_features(text_words)
        rows = [self._row_of_word(word) for word in distinct]
        if pairs:
            rows.append(self._sum(pair_hash(first, second) for first, second in pairs))
        *scores, size = map(sum, zip(*rows, strict=True)) if rows else [0.0] * self._table.shape[1]
        scale = 1 / sqrt(size) if size > 0 else 0.0
        logits = [score * scale + bias for score, bias in zip(scores, self.card.bias, strict=True)]
        return dict(zip(self.card.labels, _softmax(logits), strict=True))

    def _word_row(self, word: str) -> Row:
        return self._sum(word_hashes(word))

    def _sum(self, hashes: Iterable[int]) -> Row:
        hashed = np.fromiter(hashes, dtype=np.int64)
        rows = self._table.take(bucket_of(hashed), axis=0)
        total = sign_of(hashed) @ rows
        total[-1] = rows[:, -1].sum()
        return tuple(total.tolist())


def load_model(folder: Path) -> TextModel:
    """The model in `folder`. Raises ModelError."""
    try:
        card = _card(json.loads((folder / CARD_FILE).read_text(encoding="utf-8")))
        with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as file:
            weights = file["weights"].astype(np.float32) * file["scale"].astype(np.float32)
            size = file["size"].astype(np.float32)
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise ModelError(f"the text model in {folder} cannot be read: {error}") from error
    if weights.shape != (BUCKETS, len(card.labels)) or size.shape != (BUCKETS,) or not np.isfinite(weights).all():
        raise ModelError(f"the text model in {folder} has weights of another form than {BUCKETS} buckets a label")
    return TextModel(card, weights, size)


def distinct_features(text_words: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The distinct words and pairs of neighbouring words of a text, in order of appearance."""
    read = text_words[:WORDS_READ_MAX]
    return list(dict.fromkeys(read)), list(dict.fromkeys(pairwise(read)))


def word_hashes(word: str) -> list[int]:
    """Hashes of the word, its stem, and its 2 to 5 letter pieces with the ends marked."""
    word = word[:WORD_LETTERS_MAX]
    marked = f"<{word}>"
    pieces = [f"w{word}", f"s{word[:STEM_LETTERS]}"]
    pieces += [marked[at : at + letters] for letters in GRAM_LETTERS for at in range(len(marked) - letters + 1)]
    return [crc32(piece.encode()) for piece in pieces]


def pair_hash(first: str, second: str) -> int:
    """Hash of two neighbouring words."""
    return crc32(f"p{first[:WORD_LETTERS_MAX]} {second[:WORD_LETTERS_MAX]}".encode())


def bucket_of(hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row of a hash in the table of weights."""
    return hashes & (BUCKETS - 1)


def sign_of(hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """+1 or -1 by the hash's top bit, so that pieces sharing a bucket cancel out rather than add up."""
    return np.where(hashes >> 31, np.float32(-1), np.float32(1))


def _softmax(scores: Sequence[float]) -> list[float]:
    highest = max(scores)
    powers = [exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _card(content: Any) -> ModelCard:
    labels, bias = tuple(map(str, content["labels"])), tuple(map(float, content["bias"]))
    if len(labels) != len(bias) or OTHER not in labels:
        raise ValueError(f"labels and bias do not fit, or the label {OTHER!r} is missing")
    numbers = {name: float(content[name]) for name in ("topic_weight", "temperature", "automatic_from")}
    return ModelCard(labels, bias, Weighing(**numbers))
