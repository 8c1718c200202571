"""`python -m ops.train_spam SPAM.csv COMPLAINTS.csv`: trains and measures what tells spam.

SPAM.csv has `label` (spam or not) and `text`, COMPLAINTS.csv `text` of municipal complaints, which are none. A third
of each is kept aside to measure with. Nothing of the texts is kept: the weights belong to hashed words.
"""

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import typer

from services.intake.domain.judging import BUCKETS, MODEL, buckets_of, signs_of
from shared.text import fold, words

SEED: Final = 20260101
# Of the squared weights, against the mean loss.
REGULARISATION: Final = 1e-5
STEPS: Final = 600
RATE: Final = 0.1
# A held complaint costs more than a spam that reaches a person anyway.
PRECISION_WANTED: Final = 0.99
COMPLAINTS_HELD_MAX: Final = 0.001

Row = tuple[str, bool]
Floats = npt.NDArray[np.float64]


def main(
    spam: Annotated[Path, typer.Argument(exists=True)], complaints: Annotated[Path, typer.Argument(exists=True)]
) -> None:
    """Train, print how it does on the texts kept aside, and write the weights."""
    labelled = [(row["text"], row["label"] == "spam") for row in _rows(spam)]
    learned, kept, complained = _split(labelled, [(row["text"], False) for row in _rows(complaints)])
    values, bias = _fit(_features(learned), np.array([is_spam for _, is_spam in learned], dtype=float))
    chances, truth = _chances(_features(kept), values, bias), np.array([is_spam for _, is_spam in kept])
    clean = _chances(_features(complained), values, bias)
    threshold = _threshold(chances, truth, clean)
    card = {"bias": round(bias, 4), "threshold": threshold, **_figures(chances, truth, clean, threshold)}
    typer.echo(json.dumps(card))
    np.savez_compressed(MODEL / "spam.npz", values=values.astype(np.float16))
    (MODEL / "spam.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _split(rows: Sequence[Row], clean: Sequence[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Two thirds to learn from, with complaints; a third of each to measure with."""
    chance = random.Random(SEED)
    rows, clean = chance.sample(rows, len(rows)), chance.sample(clean, len(clean))
    cut, clean_cut = len(rows) * 2 // 3, len(clean) * 2 // 3
    return [*rows[:cut], *clean[:clean_cut]], list(rows[cut:]), list(clean[clean_cut:])


@dataclass(frozen=True, slots=True)
class _Features:
    """Buckets of all texts in one row, the text each belongs to, and what a feature weighs in it."""

    buckets: npt.NDArray[np.intp]
    texts: npt.NDArray[np.intp]
    shares: npt.NDArray[np.float64]
    count: int


def _features(rows: Sequence[Row]) -> _Features:
    """Each feature weighs less in a longer text, as `Weights.chance` has it."""
    found = [buckets_of(words(fold(text)), signs_of(text)) for text, _ in rows]
    sizes = np.array([len(buckets) for buckets in found])
    shares = 1 / np.sqrt(np.maximum(1, sizes))
    return _Features(np.concatenate(found), np.repeat(np.arange(len(rows)), sizes), np.repeat(shares, sizes), len(rows))


def _chances(features: _Features, values: Floats, bias: float) -> Floats:
    scores = np.bincount(features.texts, values[features.buckets] * features.shares, features.count) + bias
    chances: Floats = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    return chances


def _fit(features: _Features, truth: Floats) -> tuple[Floats, float]:
    """Logistic regression by Adam (Kingma and Ba 2015) on all texts at once, both kinds weighing the same."""
    weight = np.where(truth > 0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean())) / len(truth)
    values = np.zeros(BUCKETS + 1)
    first, second = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        error = (_chances(features, values[:-1], values[-1]) - truth) * weight
        slope = np.bincount(features.buckets, error[features.texts] * features.shares, BUCKETS)
        slope = np.append(slope + REGULARISATION * values[:-1], error.sum())
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        values -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return values[:-1], float(values[-1])


def _threshold(chances: Floats, truth: npt.NDArray[np.bool_], clean: Floats) -> float:
    """The lowest that keeps both promises; 0.99 when none does."""
    for threshold in np.arange(0.3, 0.99, 0.01):
        found = chances >= threshold
        precision = truth[found].mean() if found.any() else 0.0
        if precision >= PRECISION_WANTED and (clean >= threshold).mean() <= COMPLAINTS_HELD_MAX:
            return round(float(threshold), 2)
    return 0.99


def _figures(
    chances: Floats,
    truth: npt.NDArray[np.bool_],
    clean: Floats,
    threshold: float,
) -> dict[str, Any]:
    found = chances >= threshold
    return {
        "measured_on": len(truth),
        "precision": round(float(truth[found].mean()), 4) if found.any() else None,
        "recall": round(float(found[truth].mean()), 4),
        "complaints": len(clean),
        "complaints_found": int((clean >= threshold).sum()),
    }


if __name__ == "__main__":
    typer.run(main)
