"""Measures a model by cross-validation and chooses from which confidence on the router decides alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log
from typing import Final

import numpy as np
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

from ops.training.fitting import Counted, Families, fit
from ops.training.samples import Sample
from services.router.domain.candidates import strengths_by_owner
from services.router.domain.drift import Observed, Profile, profile
from services.router.domain.evidence import OTHER, Weighing, weigh
from services.router.domain.model import TextModel
from shared.municipality import Municipality
from shared.topic_words import TopicWords

FOLDS: Final = 5
SEED: Final = 20260101
# Half a point more than is promised: the threshold is chosen on few texts, and rules move some cases further.
PRECISION_WANTED: Final = 0.986
TOPIC_WEIGHTS_TRIED: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
TEMPERATURES_TRIED: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5)
FIRST: Final = 3

Chances = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample, what a model that never saw it and the topics say of it, and the share of words it never met."""

    sample: Sample
    chances: Chances
    strengths: Chances
    unknown_share: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the router would say of a sample: `likeliest` is `OTHER` where nobody is likelier than all owners."""

    owners: frozenset[str]
    best: str
    confidence: float
    likeliest: str
    first: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether the best owner is one it may belong to; a text of nobody is wrong with any."""
        return self.best in self.owners


def judge(counted: Counted, families: Families, municipality: Municipality) -> list[Judged]:
    """Every measured sample, and every other, judged by a model that was taught neither it nor its fold."""
    strata = [f"{sorted(sample.owners)} {sample.measured}" for sample in counted.samples]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    judged: dict[int, Judged] = {}
    strengths = strengths_of(counted.samples, municipality)
    for seen, unseen in folds.split(strata, strata):
        model = fit(counted.of(seen.tolist()), families)
        for row in unseen.tolist():
            judged[row] = judged_by(model, counted.samples[row], strengths[row])
    return [judged[row] for row in range(len(counted.samples))]


def judged_by(model: TextModel, sample: Sample, strengths: Chances) -> Judged:
    """One sample, by a model that was not taught it."""
    text_words = sample.text_words
    return Judged(sample, model.probabilities(text_words), strengths, model.unknown_share(text_words))


def strengths_of(samples: Iterable[Sample], municipality: Municipality) -> list[dict[str, float]]:
    """What the topics say of each sample, as the router weighs it."""
    topics, centre = TopicWords(municipality.topics), municipality.solution_centre.code
    return [strengths_by_owner(topics.find(sample.text_words), centre) for sample in samples]


def answers_of(judged: Iterable[Judged], weighing: Weighing) -> list[Answer]:
    """What the router would say."""
    return [_answer(one, weighing) for one in judged]


def choose(judged: Sequence[Judged]) -> Weighing:
    """The topic weight with which most is decided alone, the temperature that makes confidence honest."""
    weights = [Weighing(weight, 1.0, 0.0) for weight in TOPIC_WEIGHTS_TRIED]
    most = max(weights, key=lambda weighing: _alone(judged, weighing))
    tried = [replace(most, temperature=heat) for heat in TEMPERATURES_TRIED]
    best = min(tried, key=lambda weighing: _surprise(judged, weighing))
    threshold = threshold_of(answers_of(judged, best))
    return replace(best, automatic_from=min(1.0, ceil(threshold * 1000) / 1000))


def threshold_of(answers: Sequence[Answer], precision: float = PRECISION_WANTED) -> float:
    """The lowest confidence from which on at least that share of the answers is right; above 1: there is none."""
    right, threshold = 0, 1.001
    for count, answer in enumerate(sorted(answers, key=lambda answer: -answer.confidence), 1):
        right += answer.is_right
        if right / count >= precision:
            threshold = answer.confidence
    return threshold


def share_from(answers: Sequence[Answer], threshold: float) -> float:
    """The share that is decided alone."""
    return sum(answer.confidence >= threshold for answer in answers) / max(len(answers), 1)


def precision_from(answers: Sequence[Answer], threshold: float) -> float:
    """The share of these that is right."""
    sure = [answer for answer in answers if answer.confidence >= threshold]
    return sum(answer.is_right for answer in sure) / max(len(sure), 1)


def figures_of(judged: Sequence[Judged], weighing: Weighing) -> dict[str, float | int | str]:
    """What stands on the card, and is printed."""
    measured = [one for one in judged if one.sample.measured]
    answers = answers_of(measured, weighing)
    truth = [_group(one.sample.owners) for one in measured]
    guessed = [_group_of(answer, truth) for answer in answers]
    halves = (measured[::2], measured[1::2])
    elsewhere = [_threshold_elsewhere(one, other) for one, other in (halves, halves[::-1])]
    helping = answers_of([one for one in judged if not one.sample.measured], weighing)
    nobody = [answer for answer in helping if answer.owners == {OTHER}]
    return {
        "texts": len(measured),
        "own_and_helping_texts": len(helping),
        "how": f"{FOLDS}-fold cross-validation, every text judged by a model that never saw it",
        "accuracy": _rounded(np.mean([one == other for one, other in zip(guessed, truth, strict=True)])),
        "macro_f1": _rounded(f1_score(truth, guessed, average="macro", labels=sorted(set(truth)), zero_division=0)),
        "owner_in_first_three": _rounded(np.mean([bool(answer.owners & set(answer.first)) for answer in answers])),
        "automatic_share": _rounded(share_from(answers, weighing.automatic_from)),
        "automatic_precision": _rounded(precision_from(answers, weighing.automatic_from)),
        "automatic_share_chosen_on_other_half": _rounded(np.mean([share for share, _ in elsewhere])),
        "automatic_precision_chosen_on_other_half": _rounded(np.mean([precision for _, precision in elsewhere])),
        "calibration_error": _rounded(calibration_error(answers)),
        "own_and_helping_accuracy": _rounded(np.mean([answer.likeliest in answer.owners for answer in helping])),
        "own_and_helping_automatic_share": _rounded(share_from(helping, weighing.automatic_from)),
        "own_and_helping_automatic_precision": _rounded(precision_from(helping, weighing.automatic_from)),
        "nobodys_wrongly_automatic": _rounded(share_from(nobody, weighing.automatic_from)),
    }


def profile_of(judged: Iterable[Judged], weighing: Weighing) -> Profile:
    """What decisions on the measured texts look like, for later comparison."""
    seen = [one for one in judged if one.sample.measured]
    answers = answers_of(seen, weighing)
    return profile(
        Observed(min(answer.confidence, 1.0), answer.likeliest, one.unknown_share)
        for one, answer in zip(seen, answers, strict=True)
    )


def calibration_error(answers: Sequence[Answer]) -> float:
    """Mean distance of confidence and truth over ten bins, weighted by their size."""
    bins: dict[int, list[Answer]] = {}
    for answer in answers:
        bins.setdefault(min(int(answer.confidence * 10), 9), []).append(answer)
    gaps = [
        abs(sum(one.is_right for one in members) - sum(one.confidence for one in members)) for members in bins.values()
    ]
    return sum(gaps) / max(len(answers), 1)


def _answer(one: Judged, weighing: Weighing) -> Answer:
    shares = weigh(one.strengths, one.chances, weighing)
    best, confidence = shares[0]
    nobody = 1 - sum(share for _, share in shares)
    likeliest = best if confidence >= nobody else OTHER
    return Answer(one.sample.owners, best, confidence, likeliest, tuple(owner for owner, _ in shares[:FIRST]))


def _alone(judged: Sequence[Judged], weighing: Weighing) -> float:
    answers = answers_of(judged, weighing)
    return share_from(answers, threshold_of(answers))


def _surprise(judged: Sequence[Judged], weighing: Weighing) -> float:
    """Mean negative logarithm of the share given to whom the measured texts belong to."""
    total, count = 0.0, 0
    for one in judged:
        if one.sample.measured:
            shares = weigh(one.strengths, one.chances, weighing)
            right = sum(share for owner, share in shares if owner in one.sample.owners)
            nobody = 1 - sum(share for _, share in shares) if OTHER in one.sample.owners else 0.0
            total -= log(max(right + nobody, 1e-9))
            count += 1
    return total / max(count, 1)


def _threshold_elsewhere(chosen_on: Sequence[Judged], used_on: Sequence[Judged]) -> tuple[float, float]:
    weighing = choose(chosen_on)
    answers = answers_of(used_on, weighing)
    return share_from(answers, weighing.automatic_from), precision_from(answers, weighing.automatic_from)


def _group(owners: frozenset[str]) -> str:
    return "|".join(sorted(owners))


def _group_of(answer: Answer, truth: Sequence[str]) -> str:
    """The label of the measured texts that the likeliest owner falls under."""
    if answer.likeliest in answer.owners:
        return _group(answer.owners)
    return next((label for label in dict.fromkeys(truth) if answer.likeliest in label.split("|")), answer.likeliest)


def _rounded(figure: float | np.floating) -> float:
    return round(float(figure), 4)
