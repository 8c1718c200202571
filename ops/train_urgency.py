"""`python -m ops.train_urgency`: trains what tells danger to life and limb, and measures it before writing it.

The calls (CSV label,text) are calls for help (`--danger`, `--need`) among other messages of the same days; complaints
are ordinary ones, without danger. Beside them stand our own sentences (`alarm_sentences.csv`), of which the half
`learned` is used here and the half `held` only measured. Near-duplicate calls stay on one side of a split.
Nothing of the texts is kept: the weights belong to hashed pieces of words. Needs the extra `train` (scikit-learn).
"""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import typer
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression

from ops.nine_months.people import FIRST_NAMES, LAST_NAMES
from shared.municipality import load
from shared.text import fold, words
from shared.urgency import AlarmRules, Alarms, DangerModel, Emergency
from shared.urgency.danger import BUCKETS, CARD_FILE, FOLDER, WEIGHTS_FILE, DangerCard, hashes_of

SENTENCES: Final = Path(__file__).parent / "alarm_sentences.csv"
FOLDS: Final = 5
SEED: Final = 20260101
LEAN: Final = 8.0  # the inverse of the regularisation
ITERATIONS_MAX: Final = 300
# How many texts without danger may raise an alarm, of each sort.
FALSE_ALARMS_MAX: Final = 0.02
CALM: Final = ("complaint", "placed", "place", "short")
ALONE_TRIED: Final = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9)
WITH_WORDS_TRIED: Final = (0.1, 0.15, 0.2, 0.25, 0.3)
DUPLICATE_LETTERS: Final = 60

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a text of each source counts; chosen by cross-validation, see `shared/urgency/README.md`."""

    danger: float = 1.0
    need: float = 0.5
    other_call: float = 0.1  # many of them speak of danger too, and some were labelled wrongly
    complaint: float = 1.0
    sentence: float = 6.0  # they are short and few, and the only ones of most dangers
    other: float = 0.2
    made: float = 0.3  # of pieces of the others, see `_made`


@dataclass(frozen=True, slots=True)
class Sample:
    """A text as its folded words. `fold` is the part of the cross-validation it is judged in; -1: none."""

    source: str
    text_words: tuple[str, ...]
    is_danger: bool
    weight: float
    fold: int = -1


@dataclass(frozen=True, slots=True)
class Thresholds:
    """See `DangerCard`."""

    alone_from: float
    with_words_from: float


def train(
    calls: Annotated[Path, typer.Option(exists=True, help="CSV label,text: calls for help among others")],
    complaints: Annotated[Path, typer.Option(exists=True, help="CSV text: ordinary complaints")],
    others: Annotated[list[Path], typer.Option(help="CSV text: more texts without danger")] = [],  # noqa: B006
    danger: Annotated[str, typer.Option(help="label of calls for help")] = "kurtarma_cagrisi",
    need: Annotated[str, typer.Option(help="label of people in need")] = "acil_ihtiyac",
    municipality: Annotated[Path, typer.Option(help="folder with urgency.toml")] = Path("municipality/ilkadim"),
    out: Annotated[Path, typer.Option(help="folder to write to")] = FOLDER,
) -> None:
    """Train, choose the thresholds on texts that were not learned from, print how it does, and write the weights."""
    samples = read_samples(calls, complaints, others, danger, need)
    place = load(municipality)
    features = features_of(samples)
    scores = cross_validated(samples, features)
    thresholds = choose(samples, scores, place.emergencies, place.alarm)
    model = fit(samples, features, thresholds)
    figures = {"texts": len(samples), **measured(samples, scores, thresholds, place.emergencies, place.alarm)}
    typer.echo(json.dumps(figures, indent=1))
    card = {"bias": model.card.bias, **asdict(thresholds), "measured": figures, "seed": SEED, "lean": LEAN}
    np.savez_compressed(out / WEIGHTS_FILE, weights=np.asarray(model.weights, dtype=np.float16))
    (out / CARD_FILE).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def read_samples(
    calls: Path, complaints: Path, others: Sequence[Path] = (), danger: str = "", need: str = ""
) -> list[Sample]:
    """All that is learned from, with the folds of those that are judged."""
    weights, draw = Weights(), np.random.default_rng(SEED)
    samples = [_call(row, weights, danger, need) for row in _rows(calls)]
    samples += [
        Sample("complaint", _words(row["text"]), False, weights.complaint, int(draw.integers(FOLDS)))
        for row in _rows(complaints)
    ]
    samples += [
        Sample("sentence", _words(row["text"]), row["truth"] == "danger", weights.sentence)
        for row in _rows(SENTENCES)
        if row["half"] == "learned"
    ]
    samples += [
        Sample("other", _words(row["text"]), False, weights.other)
        for path in others
        for row in _rows(path)
        if row.get("held") != "1"
    ]
    return [*samples, *_made(samples, weights.made)]


def cross_validated(samples: Sequence[Sample], features: csr_matrix) -> Floats:
    """The chance of each sample that has a fold, by a model that learned from the other folds; nan for the rest."""
    folds = np.array([sample.fold for sample in samples])
    scores = np.full(len(samples), np.nan)
    for judged in sorted({sample.fold for sample in samples} - {-1}):
        learned = folds != judged
        model = regression(features[learned], [sample for sample in samples if sample.fold != judged])
        scores[~learned] = model.predict_proba(features[~learned])[:, 1]
    return scores


def choose(
    samples: Sequence[Sample], scores: Floats, emergencies: Sequence[Emergency], rules: AlarmRules
) -> Thresholds:
    """Those that find most calls for help while words and model together raise no more false alarms than allowed."""
    tried = [Thresholds(alone, words) for alone in ALONE_TRIED for words in WITH_WORDS_TRIED if words <= alone]
    judged = {source: _Verdicts.of(samples, scores, source, emergencies, rules) for source in ("danger", *CALM)}
    found = {row: {source: verdicts.share(row) for source, verdicts in judged.items()} for row in tried}
    allowed = [row for row in tried if max(found[row][source] for source in CALM) <= FALSE_ALARMS_MAX]
    return max(allowed, key=lambda row: (found[row]["danger"], -found[row]["complaint"]), default=tried[-1])


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """What decides over the samples of a source, so that many thresholds can be tried: their scores, and which raise an
    alarm whatever the model says, which if it agrees, which if it is sure."""

    scores: Floats
    anyhow: npt.NDArray[np.bool_]
    if_it_agrees: npt.NDArray[np.bool_]
    if_it_is_sure: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        samples: Sequence[Sample],
        scores: Floats,
        source: str,
        emergencies: Sequence[Emergency],
        rules: AlarmRules,
    ) -> "_Verdicts":
        rows = [at for at, sample in enumerate(samples) if sample.source == source and sample.fold >= 0]
        chosen, never, half = [samples[at] for at in rows], Thresholds(2.0, 2.0), Thresholds(2.0, 0.5)
        anyhow, agreed, sure = (
            alarmed(chosen, np.ones(len(rows)), thresholds, emergencies, rules)
            for thresholds in (never, half, Thresholds(0.5, 2.0))
        )
        return cls(scores[rows], anyhow, agreed, sure)

    def share(self, thresholds: Thresholds) -> float:
        """How many of them raise an alarm."""
        agrees, is_sure = self.scores >= thresholds.with_words_from, self.scores >= thresholds.alone_from
        return float((self.anyhow | (self.if_it_agrees & agrees) | (self.if_it_is_sure & is_sure)).mean())


def alarmed(
    samples: Sequence[Sample],
    scores: Floats,
    thresholds: Thresholds,
    emergencies: Sequence[Emergency],
    rules: AlarmRules,
) -> npt.NDArray[np.bool_]:
    """Which samples raise an alarm, with what the model said of each as it is here."""
    said = _Said(thresholds)
    alarms = Alarms(emergencies, rules, said)
    found = []
    for sample, score in zip(samples, scores, strict=True):
        said.score = float(score)
        found.append(alarms.find(sample.text_words) is not None)
    return np.array(found)


def fit(samples: Sequence[Sample], features: csr_matrix, thresholds: Thresholds) -> DangerModel:
    """A model of all samples."""
    learned = regression(features, samples)
    card = DangerCard(round(float(learned.intercept_[0]), 4), **asdict(thresholds))
    return DangerModel(card, learned.coef_[0].astype(np.float16).astype(np.float32))


def measured(
    samples: Sequence[Sample],
    scores: Floats,
    thresholds: Thresholds,
    emergencies: Sequence[Emergency],
    rules: AlarmRules,
    sources: Sequence[str] = ("danger", "need", "other_call", *CALM),
) -> dict[str, float]:
    """By source, the share of those with a fold that raises an alarm."""
    figures = {}
    for source in sources:
        rows = [at for at, sample in enumerate(samples) if sample.source == source and sample.fold >= 0]
        if rows:
            found = alarmed([samples[at] for at in rows], scores[rows], thresholds, emergencies, rules)
            figures[source] = round(float(found.mean()), 4)
    return figures


def features_of(samples: Sequence[Sample]) -> csr_matrix:
    """A row of each text, scaled as `DangerModel.chance` scales it."""
    starts, buckets, values = [0], [], []
    for sample in samples:
        hashes = hashes_of(sample.text_words)
        share = 1 / max(1, len(hashes)) ** 0.5
        buckets += [hashed & (BUCKETS - 1) for hashed in hashes]
        values += [-share if hashed >> 31 else share for hashed in hashes]
        starts.append(len(buckets))
    matrix = csr_matrix((values, buckets, starts), shape=(len(samples), BUCKETS), dtype=np.float32)
    matrix.sum_duplicates()
    return matrix


def regression(features: csr_matrix, samples: Sequence[Sample]) -> LogisticRegression:
    """What these samples teach, each as much as its weight says."""
    learned = LogisticRegression(C=LEAN, max_iter=ITERATIONS_MAX, solver="liblinear", random_state=SEED)
    truth = [sample.is_danger for sample in samples]
    return learned.fit(features, truth, sample_weight=[sample.weight for sample in samples])


def _made(samples: Sequence[Sample], weight: float) -> Iterator[Sample]:
    """What the sources lack, made of their pieces: short messages, addresses and names beside all sorts of texts.

    Calls for help of an earthquake are full of addresses and names, complaints from the web are long and have neither:
    a model of these alone would take every address for a call.
    """
    chance = random.Random(SEED)
    places = _Places(chance)
    for sample in samples:
        if sample.source in ("complaint", "other"):
            start, length = chance.randrange(len(sample.text_words) or 1), chance.randint(1, 9)
            piece = sample.text_words[start : start + length]
            yield replace(sample, source="short", text_words=piece, weight=weight)
        if sample.source == "complaint":
            yield replace(sample, source="placed", text_words=places.beside(sample.text_words), weight=weight)
            yield replace(sample, source="place", text_words=places.address(), weight=weight)
        if sample.source == "sentence":
            yield replace(sample, source="made", text_words=places.beside(sample.text_words), weight=sample.weight / 2)


class _Places:
    """Addresses and names, put together by chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        place = load(Path("municipality/ilkadim"))
        self._streets = [f"{street.name} {street.type}" for street in place.streets]
        self._neighbourhoods = [area.name for area in place.neighbourhoods]

    def beside(self, text_words: tuple[str, ...]) -> tuple[str, ...]:
        """An address before or after the words."""
        address = self.address()
        return (*address, *text_words) if self._chance.random() < 0.5 else (*text_words, *address)

    def address(self) -> tuple[str, ...]:
        """Some of what an address is written of, maybe with a name and a phone number."""
        pick, number = self._chance.choice, self._chance.randint
        parts = [
            f"{pick(self._neighbourhoods)} {pick(('Mahallesi', 'mah', 'mah.', 'mahallesinde', ''))}",
            f"{pick(self._streets)} {pick(('', 'üzerinde', 'no', 'numara'))}",
            f"no {number(1, 120)} kat {number(1, 9)} daire {number(1, 30)}",
            f"{pick(('Güneş', 'Yıldız', 'Çınar', 'Huzur', 'Deniz'))} {pick(('apt', 'apartmanı', 'sitesi', 'blok'))}",
            f"{pick(('okulun', 'caminin', 'parkın', 'eczanenin', 'marketin', 'durağın'))} "
            f"{pick(('yanında', 'karşısında', 'önünde', 'arkasında'))}",
            f"{pick(('ben', 'adım', 'isim', 'iletişim'))} {pick(FIRST_NAMES)} {pick(LAST_NAMES)} "
            f"05{number(10**8, 10**9 - 1)}",
            "İlkadım Samsun",
        ]
        return _words(" ".join(self._chance.sample(parts, number(1, 4))))


def _call(row: dict[str, str], weights: Weights, danger: str, need: str) -> Sample:
    judged = crc32(fold(row["text"])[:DUPLICATE_LETTERS].encode()) % FOLDS
    sample = Sample("other_call", _words(row["text"]), False, weights.other_call, judged)
    match row["label"]:
        case label if label == danger:
            return replace(sample, source="danger", is_danger=True, weight=weights.danger)
        case label if label == need:
            return replace(sample, source="need", is_danger=True, weight=weights.need)
    return sample


def _words(text: str) -> tuple[str, ...]:
    return tuple(words(fold(text)))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class _Said(DangerModel):
    """A model that says what it is told to."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.card = DangerCard(0.0, **asdict(thresholds))
        self.score = 0.0

    def chance(self, text_words: Sequence[str]) -> float:
        return self.score


if __name__ == "__main__":
    typer.run(train)
