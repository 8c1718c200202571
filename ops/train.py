"""`python -m ops.train`: trains the router's text model from labelled CSV files and measures it before writing it.

Nothing of the texts is kept: the weights belong to hashed pieces of words, the card beside them holds figures.
Needs the extra `train` (scikit-learn).
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import numpy.typing as npt
import typer
from scipy.sparse import csr_matrix, diags  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import StratifiedKFold

from services.router.domain.candidates import strengths_by_owner
from services.router.domain.evidence import OTHER, Weighing, weigh
from services.router.domain.model import (
    BUCKETS,
    CARD_FILE,
    WEIGHTS_FILE,
    bucket_of,
    distinct_features,
    pair_hash,
    sign_of,
    word_hashes,
)
from shared.municipality import load
from shared.spelling import Speller
from shared.text import fold, words
from shared.topic_words import TopicWords

FOLDS = 5
SEED = 20260101
REGULARISATION = 30.0
ITERATIONS_MAX = 200
PRECISION_WANTED = 0.98
TOPIC_WEIGHTS_TRIED = (0.0, 0.3, 0.6, 0.9, 1.2)
TEMPERATURES_TRIED = (0.8, 1.0, 1.25, 1.5)

Floats = npt.NDArray[np.float64]
Chances = Mapping[str, float]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled text as its folded words; `weight` below 1 for sources that only help."""

    label: str
    text_words: tuple[str, ...]
    weight: float


def train(
    measured: Annotated[list[Path], typer.Option(help="CSV with columns label,text: what the router must know")],
    helping: Annotated[list[Path], typer.Option(help="CSV of a source that only helps")] = [],  # noqa: B006
    owner: Annotated[list[str], typer.Option(help="LABEL=OWNER; a label without one is left out")] = [],  # noqa: B006
    helping_weight: Annotated[float, typer.Option(help="weight of a helping text")] = 0.02,
    sole_weight: Annotated[float, typer.Option(help="weight of one whose owner no measured text has")] = 0.05,
    municipality: Annotated[Path, typer.Option(help="folder with the topics")] = Path("municipality/ilkadim"),
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path("services/router/model"),
) -> None:
    """Train, cross-validate, choose the confidence from which the router decides alone, and write the model."""
    owners = dict(pair.split("=", 1) for pair in owner)
    samples = [sample for path in measured for sample in _read(path, owners, 1.0)]
    known = {sample.label for sample in samples}
    helpers = [sample for path in helping for sample in _read(path, owners, helping_weight)]
    samples += [replace(helper, weight=sole_weight) if helper.label not in known else helper for helper in helpers]
    features = _features(samples)
    strengths = _strengths(samples, municipality)
    chances = _cross_validated(samples, features)
    weighing = _choose_weighing(samples, chances, strengths)
    figures = _figures(samples, chances, strengths, weighing)
    _write(out, _fit(samples, features), weighing, figures)
    typer.echo(json.dumps(figures, indent=2))


# --- texts to features ----------------------------------------------------------------------------------------


def _read(path: Path, owners: Mapping[str, str], weight: float) -> list[Sample]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(owners.get(row["label"]), row["text"]) for row in csv.DictReader(file)]
    return [Sample(label, tuple(words(fold(text))), weight) for label, text in rows if label]


def _features(samples: Sequence[Sample]) -> csr_matrix:
    """Signed hashed features, a row a sample; a bucket may stand several times in a row."""
    hashes: list[int] = []
    ends = [0]
    for sample in samples:
        distinct, pairs = distinct_features(sample.text_words)
        hashes += [hashed for word in distinct for hashed in word_hashes(word)]
        hashes += [pair_hash(first, second) for first, second in pairs]
        ends.append(len(hashes))
    all_hashes = np.array(hashes, dtype=np.int64)
    parts = (sign_of(all_hashes), bucket_of(all_hashes).astype(np.int32), np.array(ends))
    return csr_matrix(parts, shape=(len(samples), BUCKETS))


def _rarity(features: csr_matrix) -> Floats:
    """Smoothed inverse document frequency of every bucket."""
    summed = features.copy()
    summed.sum_duplicates()
    documents = np.bincount(summed.indices, minlength=BUCKETS)
    return np.asarray(np.log((1 + features.shape[0]) / (1 + documents)) + 1, dtype=np.float64)


def _scaled(features: csr_matrix, rarity: Floats) -> csr_matrix:
    """Weighted by rarity and brought to one length, exactly as `TextModel` does it word by word."""
    weighted = features.copy()
    weights = rarity[features.indices]
    weighted.data = features.data * weights
    rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
    sizes = np.bincount(rows, weights * weights, minlength=features.shape[0])
    return diags(1 / np.sqrt(np.maximum(sizes, 1e-9))) @ weighted


# --- training -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained classifier and the rarity its features were weighted with."""

    classifier: LogisticRegression
    rarity: Floats

    def chances(self, features: csr_matrix) -> list[dict[str, float]]:
        """The likelihood of each label for each row."""
        labels = [str(label) for label in self.classifier.classes_]
        table = self.classifier.predict_proba(_scaled(features, self.rarity))
        return [dict(zip(labels, map(float, row), strict=True)) for row in table]


def _fit(samples: Sequence[Sample], features: csr_matrix) -> Fitted:
    rarity = _rarity(features)
    classifier = LogisticRegression(C=REGULARISATION, max_iter=ITERATIONS_MAX, tol=1e-3)
    weights = [sample.weight for sample in samples]
    classifier.fit(_scaled(features, rarity), [sample.label for sample in samples], sample_weight=weights)
    return Fitted(classifier, rarity)


def _cross_validated(samples: Sequence[Sample], features: csr_matrix) -> list[Chances]:
    """For every sample the chances by a model that never saw it."""
    chances: list[Chances] = [{}] * len(samples)
    strata = [f"{sample.label} {sample.weight}" for sample in samples]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, unseen in folds.split(features, strata):
        fitted = _fit([samples[row] for row in seen], features[seen])
        for row, row_chances in zip(unseen, fitted.chances(features[unseen]), strict=True):
            chances[row] = row_chances
    return chances


# --- measuring ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What the router would say of a sample: its best owner and how sure it is."""

    label: str
    owner: str
    confidence: float
    in_first_three: bool

    @property
    def is_right(self) -> bool:
        """A text of nobody ("other") is wrong with any owner."""
        return self.owner == self.label


def _strengths(samples: Sequence[Sample], municipality: Path) -> list[dict[str, float]]:
    place = load(municipality)
    topics, speller, centre = TopicWords(place.topics), Speller.of(place), place.solution_centre.code
    return [strengths_by_owner(topics.find(speller.correct(sample.text_words)[0]), centre) for sample in samples]


def _answers(
    samples: Sequence[Sample], chances: Sequence[Chances], strengths: Sequence[Chances], weighing: Weighing
) -> list[Answer]:
    answers = []
    for sample, sample_chances, sample_strengths in zip(samples, chances, strengths, strict=True):
        shares = weigh(sample_strengths, sample_chances, weighing)
        first_three = [owner for owner, _ in shares[:3]]
        answers.append(Answer(sample.label, *shares[0], sample.label in first_three))
    return answers


def _choose_weighing(samples: Sequence[Sample], chances: Sequence[Chances], strengths: Sequence[Chances]) -> Weighing:
    """The topic weight with which most is decided alone, the temperature that makes confidence honest."""
    rows = _measured(samples)
    seen, seen_chances, seen_strengths = _pick(samples, rows), _pick(chances, rows), _pick(strengths, rows)

    def answers(weighing: Weighing) -> list[Answer]:
        return _answers(seen, seen_chances, seen_strengths, weighing)

    tried = [Weighing(weight, 1.0, 0.0) for weight in TOPIC_WEIGHTS_TRIED]
    best = max(tried, key=lambda weighing: _share_from(answers(weighing), _threshold(answers(weighing))))
    warm = [Weighing(best.topic_weight, temperature, 0.0) for temperature in TEMPERATURES_TRIED]
    honest = min(warm, key=lambda weighing: _loss(answers(weighing)))
    threshold = _threshold(answers(honest))
    return Weighing(honest.topic_weight, honest.temperature, ceil(threshold * 1000) / 1000)


def _threshold(answers: Sequence[Answer]) -> float:
    """The lowest confidence from which on at least `PRECISION_WANTED` of the answers are right."""
    right = 0
    threshold = 1.0
    for count, answer in enumerate(sorted(answers, key=lambda answer: -answer.confidence), 1):
        right += answer.is_right
        if right / count >= PRECISION_WANTED:
            threshold = answer.confidence
    return threshold


def _loss(answers: Sequence[Answer]) -> float:
    return float(
        log_loss([answer.is_right for answer in answers], [answer.confidence for answer in answers], labels=[0, 1])
    )


def _share_from(answers: Sequence[Answer], threshold: float) -> float:
    return sum(answer.confidence >= threshold for answer in answers) / max(len(answers), 1)


def _precision_from(answers: Sequence[Answer], threshold: float) -> float:
    sure = [answer for answer in answers if answer.confidence >= threshold]
    return sum(answer.is_right for answer in sure) / max(len(sure), 1)


def _figures(
    samples: Sequence[Sample], chances: Sequence[Chances], strengths: Sequence[Chances], weighing: Weighing
) -> dict[str, Any]:
    answers = _answers(samples, chances, strengths, weighing)
    measured, helping = _pick(answers, _measured(samples)), _pick(answers, _helping(samples))
    labels = [sample.label for sample in _pick(samples, _measured(samples))]
    guesses = [max(row, key=lambda label: row[label]) for row in _pick(chances, _measured(samples))]
    halves = (measured[::2], measured[1::2])
    elsewhere = [(_threshold(one), other) for one, other in (halves, halves[::-1])]
    return {
        "texts": len(measured),
        "helping_texts": len(helping),
        "how": f"{FOLDS}-fold cross-validation, every text judged by a model that never saw it",
        "model_accuracy": _rounded(np.mean([guess == label for guess, label in zip(guesses, labels, strict=True)])),
        "model_macro_f1": _rounded(f1_score(labels, guesses, average="macro", labels=sorted(set(labels)))),
        "right_owner_first": _rounded(np.mean([answer.is_right for answer in measured])),
        "right_owner_in_three": _rounded(np.mean([answer.in_first_three for answer in measured])),
        "automatic_share": _rounded(_share_from(measured, weighing.automatic_from)),
        "automatic_precision": _rounded(_precision_from(measured, weighing.automatic_from)),
        "automatic_share_threshold_of_other_half": _rounded(np.mean([_share_from(half, at) for at, half in elsewhere])),
        "automatic_precision_threshold_of_other_half": _rounded(
            np.mean([_precision_from(half, at) for at, half in elsewhere])
        ),
        "calibration_error": _rounded(_calibration_error(measured)),
        "helping_automatic_share": _rounded(_share_from(helping, weighing.automatic_from)),
        "helping_automatic_precision": _rounded(_precision_from(helping, weighing.automatic_from)),
        "other_wrongly_automatic": _rounded(
            _share_from([answer for answer in answers if answer.label == OTHER], weighing.automatic_from)
        ),
    }


def _calibration_error(answers: Sequence[Answer]) -> float:
    """Mean distance of confidence and truth over ten bins, weighted by their size."""
    bins: dict[int, list[Answer]] = {}
    for answer in answers:
        bins.setdefault(min(int(answer.confidence * 10), 9), []).append(answer)
    gaps = [
        len(members) * abs(sum(a.is_right for a in members) - sum(a.confidence for a in members)) / len(members)
        for members in bins.values()
    ]
    return sum(gaps) / max(len(answers), 1)


def _measured(samples: Sequence[Sample]) -> list[int]:
    return [row for row, sample in enumerate(samples) if sample.weight == 1.0]


def _helping(samples: Sequence[Sample]) -> list[int]:
    return [row for row, sample in enumerate(samples) if sample.weight != 1.0]


def _pick(values: Sequence[Value], rows: Iterable[int]) -> list[Value]:
    return [values[row] for row in rows]


def _rounded(figure: Any) -> float:
    return round(float(figure), 4)


# --- writing --------------------------------------------------------------------------------------------------


def _write(folder: Path, fitted: Fitted, weighing: Weighing, figures: Mapping[str, Any]) -> None:
    """int8 weights with one scale a label: a quarter of the size, the same answers."""
    weights = fitted.classifier.coef_.T * fitted.rarity[:, None]
    scale = np.abs(weights).max(axis=0) / 127
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / WEIGHTS_FILE,
        weights=np.round(weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        size=(fitted.rarity**2).astype(np.float16),
    )
    card = {
        "labels": [str(label) for label in fitted.classifier.classes_],
        "bias": [round(float(bias), 5) for bias in fitted.classifier.intercept_],
        "topic_weight": weighing.topic_weight,
        "temperature": weighing.temperature,
        "automatic_from": weighing.automatic_from,
        "measured": dict(figures),
    }
    (folder / CARD_FILE).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(train)
