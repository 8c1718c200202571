"""The trained text model: how likely each owner is, from hashed pieces of words; no text of others inside."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
import numpy.typing as npt

from services.router.domain.drift import Profile
from services.router.domain.evidence import OTHER, Weighing

FORMAT = 2
WORDS_READ_MAX = 400
WORD_LETTERS_MAX = 24
WORDS_REMEMBERED_MAX = 20_000  # about 6 MB; the same few thousand words make up nearly all texts
STEM_LETTERS = 5
PIECE_LETTERS = (2, 3, 4, 5)
WEIGHTS_FILE = "weights.npz"
CARD_FILE = "model.json"
VERSION_LETTERS = 8

Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.intp]


class ModelError(ValueError):
    """Raised when a model's files are missing, broken, or of another format than this code reads."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What stands beside the weights.

    `families` are owners that some of the texts it learned from do not tell apart ("transport"): the model first
    weighs families, then the owners of each. `profile` is what the texts it was measured on looked like.
    """

    families: tuple[tuple[str, ...], ...]
    weighing: Weighing
    profile: Profile | None = None
    version: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """All owners it was taught, and `OTHER`."""
        return tuple(owner for family in self.families for owner in family)


@dataclass(frozen=True, slots=True)
class Weights:
    """A row for each known feature, by rising hash; a column for each family, then one for each owner.

    `rarity` is a feature's inverse document frequency; `table` times `scale` are the weights.
    """

    hashes: Hashes
    rarity: Floats
    table: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where the families' columns end, and where each family's owners begin."""

    families: int
    starts: Rows = field(repr=False)
    family_of: Rows = field(repr=False)


class TextModel:
    """A linear model over hashed features. Deterministic; remembers the words it met, so that they are cheap."""

    def __init__(self, card: ModelCard, weights: Weights) -> None:
        self.card = card
        self.weights = weights
        self._shape = _shape(card.families)
        self._rows_of_word = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._word_rows)

    def probabilities(self, text_words: Sequence[str]) -> dict[str, float]:
        """How likely each owner is for the words of a folded text; they sum to 1. Words never met: nobody's."""
        rows, counts = np.unique(self._known(text_words), return_counts=True)
        if not len(rows):
            return {label: float(label == OTHER) for label in self.card.labels}
        values = (1 + np.log(counts)) * self.weights.rarity[rows]
        values = (values / np.sqrt(values @ values)).astype(np.float32)
        scores = (values @ self.weights.table[rows].astype(np.float32)) * self.weights.scale + self.weights.bias
        return dict(zip(self.card.labels, _shares(scores, self._shape).tolist(), strict=True))

    def unknown_share(self, text_words: Sequence[str]) -> float:
        """The share of the distinct words whose beginning the model never met; 0 for no words."""
        stems = {stem(word) for word in text_words[:WORDS_READ_MAX]}
        known = len(self._rows([_hash(one) for one in stems]))
        return 1 - known / len(stems) if stems else 0.0

    def _known(self, text_words: Sequence[str]) -> Rows:
        read = [word[:WORD_LETTERS_MAX] for word in text_words[:WORDS_READ_MAX]]
        return np.concatenate([*map(self._rows_of_word, read), self._rows(pair_hashes(read))])

    def _word_rows(self, word: str) -> Rows:
        return self._rows(word_hashes(word))

    def _rows(self, hashes: Sequence[int]) -> Rows:
        """The rows of the features that are known."""
        wanted = np.array(hashes, dtype=np.uint32)
        rows: Rows = np.minimum(np.searchsorted(self.weights.hashes, wanted), len(self.weights.hashes) - 1)
        known: Rows = rows[self.weights.hashes[rows] == wanted]
        return known


def load_model(folder: Path) -> TextModel:
    """The model in `folder`. Raises ModelError."""
    try:
        files = {name: (folder / name).read_bytes() for name in (CARD_FILE, WEIGHTS_FILE)}
        card = _card(json.loads(files[CARD_FILE]), _version(files.values()))
        with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as file:
            weights = Weights(**{name: file[name] for name in Weights.__slots__})
        _check(weights, len(card.families) + len(card.labels))
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise ModelError(f"the text model in {folder} cannot be read: {error}") from error
    return TextModel(card, weights)


def word_hashes(word: str) -> list[int]:
    """Hashes of the word, its beginning, and its 2 to 5 letter pieces with the ends marked."""
    marked = f"<{word}>"
    pieces = [marked[at : at + letters] for letters in PIECE_LETTERS for at in range(len(marked) - letters + 1)]
    return [_hash(feature) for feature in (f"={word}", stem(word), *pieces)]


def pair_hashes(text_words: Sequence[str]) -> list[int]:
    """Hashes of two neighbouring words, and of their beginnings."""
    return [
        _hash(feature)
        for first, second in pairwise(text_words)
        for feature in (f"{first} {second}", f"{first[:STEM_LETTERS]}+{second[:STEM_LETTERS]}")
    ]


def stem(word: str) -> str:
    """The feature of a word's beginning, which mostly is what its endings leave alone."""
    return f"^{word[:STEM_LETTERS]}"


def _hash(feature: str) -> int:
    return crc32(feature.encode())


def _shape(families: Sequence[Sequence[str]]) -> _Shape:
    sizes = np.array([len(family) for family in families])
    return _Shape(len(families), np.concatenate([[0], sizes.cumsum()[:-1]]), np.repeat(np.arange(len(sizes)), sizes))


def _shares(scores: Floats, shape: _Shape) -> npt.NDArray[np.float64]:
    """A family's share, divided among its owners."""
    families, owners = scores[: shape.families].astype(float), scores[shape.families :].astype(float)
    of_family = np.exp(families - families.max())
    highest = np.maximum.reduceat(owners, shape.starts)
    of_owner = np.exp(owners - highest[shape.family_of])
    together = np.add.reduceat(of_owner, shape.starts)
    shares: npt.NDArray[np.float64] = of_owner * (of_family / of_family.sum() / together)[shape.family_of]
    return shares


def _card(content: Any, version: str) -> ModelCard:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']!r} instead of {FORMAT}; train it anew")
    families = tuple(tuple(map(str, family)) for family in content["families"])
    labels = [owner for family in families for owner in family]
    if OTHER not in labels or len(set(labels)) < len(labels) or not all(families):
        raise ValueError(f"the owners are not told apart, or {OTHER!r} is missing")
    weighing = Weighing(**{name: float(content["weighing"][name]) for name in Weighing.__slots__})
    return ModelCard(families, weighing, Profile.read(content["profile"]), version)


def _check(weights: Weights, columns: int) -> None:
    rows = len(weights.hashes)
    shapes = (weights.rarity.shape, weights.table.shape, weights.scale.shape, weights.bias.shape)
    if not rows or shapes != ((rows,), (rows, columns), (columns,), (columns,)):
        raise ValueError(f"the weights do not fit {columns} columns")
    if weights.hashes.dtype != np.uint32 or weights.table.dtype != np.int8 or (np.diff(weights.hashes) == 0).any():
        raise ValueError("the weights are of another form")
    if not all(np.isfinite(part).all() for part in (weights.rarity, weights.scale, weights.bias)):
        raise ValueError("the weights are not all numbers")


def _version(files: Iterable[bytes]) -> str:
    return blake2b(b"".join(files), digest_size=VERSION_LETTERS // 2).hexdigest()
