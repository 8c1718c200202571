"""Fits the weights: features counted and weighted by rarity, families of owners told apart, then their owners."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags, vstack  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC

from ops.training.samples import Sample
from services.router.domain.evidence import Weighing
from services.router.domain.model import (
    WORD_LETTERS_MAX,
    WORDS_READ_MAX,
    ModelCard,
    TextModel,
    Weights,
    pair_hashes,
    word_hashes,
)

TEXTS_WITH_FEATURE_MIN: Final = 2
REGULARISATION: Final = 0.4
# Many complaints have lost their beginning: each half of a measured text is taught besides, at this part of its weight.
HALF_WEIGHT: Final = 0.5
HALVED_WORDS_MIN: Final = 16
# 0: families count as often as they occur, 1: all the same.
EVENED: Final = 0.5
# A margin of 1 multiplies the odds by e to this power; the temperature is chosen afterwards.
MARGIN_TO_ODDS: Final = 4.0
OWNER_MARGIN_TO_ODDS: Final = 8.0  # inside a family, where short example messages are all there is
ITERATIONS_MAX: Final = 3_000
UNMEASURED: Final = Weighing(topic_weight=0.5, temperature=1.0, automatic_from=0.9)

Families: TypeAlias = tuple[tuple[str, ...], ...]
Floats: TypeAlias = npt.NDArray[np.float32]
Hashes: TypeAlias = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Counted:
    """How often each feature stands in each sample: a row a sample, a column a hash.

    `halves` has two rows a sample, its first and second half; empty where it is not halved.
    """

    samples: tuple[Sample, ...]
    hashes: Hashes
    counts: csr_matrix
    halves: csr_matrix

    def of(self, rows: Sequence[int]) -> "Counted":
        """The same for some of the samples."""
        both = [half for row in rows for half in (2 * row, 2 * row + 1)]
        return Counted(tuple(self.samples[row] for row in rows), self.hashes, self.counts[rows], self.halves[both])


def count(samples: Sequence[Sample]) -> Counted:
    """Every feature that stands in at least `TEXTS_WITH_FEATURE_MIN` of the samples."""
    found = [_found(sample.text_words) for sample in samples]
    known, texts = np.unique(np.concatenate([hashes for hashes, _ in found]), return_counts=True)
    known = known[texts >= TEXTS_WITH_FEATURE_MIN]
    halves = [_found(half) for sample in samples for half in _halves(sample)]
    return Counted(tuple(samples), known, _matrix(found, known), _matrix(halves, known))


def fit(counted: Counted, families: Families, weighing: Weighing = UNMEASURED) -> TextModel:
    """A model that was taught the samples. Deterministic."""
    rarity = _rarity(counted.counts)
    features = _scaled(counted.counts, rarity)
    family_table, family_bias = _fit_families(counted, features, rarity, families)
    owner_table, owner_bias = _fit_owners(counted.samples, features, families)
    table, bias = np.hstack([family_table, owner_table]), np.concatenate([family_bias, owner_bias])
    used = np.flatnonzero((rarity > 0) & (np.abs(table).max(axis=1) > 0))
    whole, scale = _as_bytes(table[used])
    return TextModel(
        ModelCard(families, weighing),
        Weights(counted.hashes[used], rarity[used], whole, scale, bias.astype(np.float32)),
    )


def _found(text_words: Sequence[str]) -> tuple[Hashes, npt.NDArray[np.intp]]:
    """The distinct features of a text by rising hash, and how often each stands in it."""
    read = [word[:WORD_LETTERS_MAX] for word in text_words[:WORDS_READ_MAX]]
    hashes = np.concatenate([*map(_word_hashes, read), np.array(pair_hashes(read), dtype=np.uint32)])
    return np.unique(hashes, return_counts=True)


def _halves(sample: Sample) -> tuple[Sequence[str], Sequence[str]]:
    if not sample.measured or len(sample.text_words) < HALVED_WORDS_MIN:
        return (), ()
    middle = len(sample.text_words) // 2
    return sample.text_words[:middle], sample.text_words[middle:]


def _matrix(found: Sequence[tuple[Hashes, npt.NDArray[np.intp]]], known: Hashes) -> csr_matrix:
    ends, columns, values = [0], [], []
    for hashes, counts in found:
        at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        there = known[at] == hashes
        columns.append(at[there])
        values.append(counts[there])
        ends.append(ends[-1] + len(columns[-1]))
    parts = (np.concatenate(values).astype(np.float32), np.concatenate(columns), np.array(ends))
    return csr_matrix(parts, shape=(len(found), len(known)))


@lru_cache(maxsize=200_000)
def _word_hashes(word: str) -> Hashes:
    return np.array(word_hashes(word), dtype=np.uint32)


def _rarity(counts: csr_matrix) -> Floats:
    """Inverse document frequency; 0 for a feature that too few of these samples have."""
    texts = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.log((1 + counts.shape[0]) / (1 + texts)) + 1
    return np.where(texts >= TEXTS_WITH_FEATURE_MIN, rarity, 0).astype(np.float32)


def _scaled(counts: csr_matrix, rarity: Floats) -> csr_matrix:
    """Logarithmic counts weighted by rarity and brought to one length, exactly as `TextModel` does it."""
    weighted = counts.copy()
    weighted.data = (1 + np.log(counts.data)) * rarity[counts.indices]
    sizes = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return csr_matrix(diags(1 / np.maximum(sizes, 1e-9)) @ weighted, dtype=np.float32)


def _fit_families(counted: Counted, features: csr_matrix, rarity: Floats, families: Families) -> tuple[Floats, Floats]:
    """All samples, and the halves of the measured; rarer families count more."""
    family_of = {owner: place for place, family in enumerate(families) for owner in family}
    labels = np.array([family_of[min(sample.owners & family_of.keys())] for sample in counted.samples])
    measured = np.array([sample.measured for sample in counted.samples])
    total = np.bincount(labels[measured], minlength=len(families))
    evened = np.where(total > 0, total.mean() / np.maximum(total, 1), 1.0) ** EVENED
    weights = np.array([sample.weight for sample in counted.samples]) * evened[labels]
    halved = np.flatnonzero(np.diff(counted.halves.indptr))
    whole = vstack([features, _scaled(counted.halves[halved], rarity)], format="csr")
    labels, weights = np.append(labels, labels[halved // 2]), np.append(weights, weights[halved // 2] * HALF_WEIGHT)
    return _fitted(whole, labels, weights, len(families), MARGIN_TO_ODDS)


def _fit_owners(samples: Sequence[Sample], features: csr_matrix, families: Families) -> tuple[Floats, Floats]:
    """Only texts whose owner is told exactly, whatever their weight, and only families with several owners."""
    column_of = {owner: place for place, owner in enumerate(owner for family in families for owner in family)}
    several = {owner for family in families if len(family) > 1 for owner in family}
    rows = [row for row, sample in enumerate(samples) if sample.owner in several]
    labels = np.array([column_of[str(samples[row].owner)] for row in rows], dtype=np.intp)
    return _fitted(features[rows], labels, np.ones(len(rows)), len(column_of), OWNER_MARGIN_TO_ODDS)


def _fitted(
    features: csr_matrix, labels: npt.NDArray[np.intp], weights: npt.NDArray[np.float64], columns: int, odds: float
) -> tuple[Floats, Floats]:
    """Weights and biases, a column a label, each told from all others; 0 for labels nobody has."""
    table, bias = np.zeros((features.shape[1], columns), np.float32), np.zeros(columns, np.float32)
    present = np.unique(labels)
    if len(present) < 2:
        return table, bias
    classifier = LinearSVC(C=REGULARISATION, max_iter=ITERATIONS_MAX, random_state=0)
    classifier.fit(features, labels, sample_weight=weights)
    coefficients, intercepts = classifier.coef_, classifier.intercept_
    if len(present) == 2:  # scikit-learn tells two labels by one row, for the second
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.concatenate([-intercepts, intercepts])
    table[:, present], bias[present] = coefficients.T * odds, intercepts * odds
    return table, bias


def _as_bytes(table: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
    return np.rint(table / scale).astype(np.int8), scale.astype(np.float32)
