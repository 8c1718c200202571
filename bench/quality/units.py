"""Whose a message is: units and institutions recognised, what is decided alone and rightly, what is nobody's.

Every text is decided by the whole decision (topics, rules, places and a model that was taught neither it nor any text
of its fold); the threshold of each fold is chosen on the texts of the other folds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

from bench.quality.figure import Better, Figure, resampled, share
from bench.quality.rows import PLACE, read
from ops.route import FOLDER, MODEL
from ops.training.fitting import Counted, Families, count, fit
from ops.training.samples import Labels, Sample, families, labels_of, own_samples
from services.router.domain.decision import Report, decide
from services.router.domain.evidence import OTHER
from services.router.domain.knowledge import Knowledge, load_knowledge
from services.router.domain.model import TextModel
from shared.personal import mask
from shared.text import clean, fold, words

FOLDS: Final = 5
SEED: Final = 20260101
PRECISION: Final = 0.98
HELPING_WEIGHT: Final = 0.1
OWN_WEIGHT: Final = 0.1
# Whose the labels of the data sets are; where a label does not tell owners apart, all of them.
LABELS: Final = (
    *("su_kanalizasyon=saski", "ulasim=samsun-buyuksehir|fen-isleri|karayollari-7-bolge", "zabita=zabita"),
    *("park_bahceler=park-bahceler", "temizlik_isleri=temizlik-isleri|iklim-sifir-atik", "diger=*|other|samgaz"),
    *("veteriner_isleri=veteriner-isleri", "sosyal_yardim=sosyal-destek|kadin-aile", "su_iski=saski"),
    *("gaz_igdas=samgaz", "otobus_iett=samsun-buyuksehir", "diger_istirak=samsun-buyuksehir"),
    *("alakasiz=other", "siyasi=other", "banka=other"),
)
UNITS: Final = (
    *("su_kanalizasyon", "ulasim", "zabita", "park_bahceler", "temizlik_isleri", "veteriner_isleri", "sosyal_yardim"),
)
REST: Final = "diger"
OUT_OF_SCOPE: Final = ("alakasiz", "siyasi", "banka")


@dataclass(frozen=True, slots=True)
class Row:
    """A text of a data set with its label, and what a text of it counts in training."""

    text: str
    label: str
    weight: float

    @property
    def is_measured(self) -> bool:
        return self.weight == 1


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of a row, and in which fold. `alone`: how sure, 0 where a person decides whatever the words."""

    row: Row
    fold: int
    owner: str
    first: str | None
    alone: float
    is_automatic: bool
    by_model: str
    plain_owner: str


def measure(data: Path) -> list[Figure]:
    """The rows of units, institutions and out of scope."""
    labels = labels_of(PLACE, LABELS)
    rows = _rows(data)
    decided = _decided(rows, labels)
    units = [one for one in decided if one.row.is_measured]
    institutions = [one for one in decided if one.row.label in ("gaz_igdas", "otobus_iett", "su_iski", "diger_istirak")]
    nobodys = [one for one in decided if one.row.label in OUT_OF_SCOPE]
    how = f"tr_belediye_birim, {FOLDS} folds, seed {SEED}, {len(units)} texts, the whole decision"
    alone_share, precision = _decided_alone(units, labels)
    return [
        _accuracy("unit, accuracy", units, lambda one: _unit(one.owner, labels), 0.92, how),
        _macro_f1("unit, macro-F1", units, lambda one: _unit(one.owner, labels), 0.88, how),
        _accuracy("unit, accuracy, model alone", units, lambda one: _unit(one.by_model, labels), None, how),
        _macro_f1("unit, macro-F1, model alone", units, lambda one: _unit(one.by_model, labels), None, how),
        _accuracy(
            "the same typed without Turkish letters", units, lambda one: _unit(one.plain_owner, labels), 0.91, how
        ),
        Figure(
            f"automatic share at precision ≥ {PRECISION}",
            *share(*alone_share),
            aim=0.75,
            how=f"{how}; threshold of each fold chosen on the others",
        ),
        Figure("  and the precision reached", *share(*precision), aim=PRECISION, how=how),
        _shipped_threshold(units, labels, how),
        _accuracy(
            "institution, accuracy",
            institutions,
            lambda one: one.row.label if one.owner in (labels.owners_of(one.row.label) or ()) else "",
            0.97,
            f"tr_ibb_kurum, {FOLDS} folds, seed {SEED}, {len(institutions)} texts, by owner",
        ),
        *(
            Figure(
                f"out of scope assigned automatically: {name}",
                *share(sum(one.is_automatic for one in nobodys if one.row.label in group), _size(nobodys, group)),
                aim=0.02,
                better=Better.LOWER,
                how=f"{_size(nobodys, group)} texts, {taught}, the shipped threshold",
            )
            for name, group, taught in (
                ("bank complaints", ("banka",), "none of them taught"),
                ("tweets", ("alakasiz", "siyasi"), f"{FOLDS} folds"),
            )
        ),
    ]


def _rows(data: Path) -> list[Row]:
    """Bank complaints are decided, but never taught."""
    birim = [Row(row["text"], row["label"], 1) for row in read(data / "tr_belediye_birim/train.csv")]
    helping = [
        Row(row["text"], row["label"], HELPING_WEIGHT)
        for name in ("train", "alakasiz_tweet")
        for row in read(data / f"tr_ibb_kurum/{name}.csv")
    ]
    return birim + helping + [Row(row["text"], "banka", 0) for row in read(data / "tr_banka_sikayet/banka.csv")]


def _decided(rows: Sequence[Row], labels: Labels) -> list[Decided]:
    own = own_samples(FOLDER, PLACE, OWN_WEIGHT)
    taught = [place for place, row in enumerate(rows) if row.weight > 0]
    counted = count([*(_sample(rows[place], labels) for place in taught), *own])
    groups = families(counted.samples, labels.owners)
    strata = [row.label for row in rows]
    knowledge = load_knowledge(PLACE, MODEL)
    decided: list[Decided] = []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for number, (_, unseen) in enumerate(folds.split(strata, strata)):
        hidden = set(unseen.tolist())
        seen = [at for at, place in enumerate(taught) if place not in hidden]
        seen += range(len(taught), len(counted.samples))
        model = _model(counted.of(seen), groups, knowledge)
        knowing, free = replace(knowledge, model=model), replace(knowledge, model=_never_unsure(model))
        decided += [_decide(rows[place], number, knowing, free) for place in unseen.tolist()]
    return decided


def _sample(row: Row, labels: Labels) -> Sample:
    text_words = tuple(words(fold(clean(row.text))))
    return Sample(text_words, labels.owners_of(row.label) or frozenset((OTHER,)), row.weight, row.is_measured)


def _model(counted: Counted, groups: Families, knowledge: Knowledge) -> TextModel:
    return fit(counted, groups, knowledge.weighing)


def _decide(row: Row, number: int, knowing: Knowledge, free: Knowledge) -> Decided:
    """`free` knows the same, but has no threshold: what it decides alone only the threshold keeps from being so."""
    text = mask(clean(row.text))
    decision = decide(Report(text), knowing)
    if not row.is_measured or knowing.model is None:
        return Decided(row, number, decision.likeliest, None, 0.0, decision.automatic, "", "")
    chances = knowing.model.probabilities(words(fold(text)))
    return Decided(
        row,
        number,
        decision.likeliest,
        decision.proposals[0].owner if decision.proposals else None,
        decision.confidence if decide(Report(text), free).automatic else 0.0,
        decision.automatic,
        max(chances, key=lambda owner: (chances[owner], owner)),
        decide(Report(fold(text)), knowing).likeliest,
    )


def _never_unsure(model: TextModel) -> TextModel:
    card = replace(model.card, weighing=replace(model.card.weighing, automatic_from=0.0))
    return TextModel(card, model.weights)


def _unit(owner: str, labels: Labels) -> str:
    """The unit whose label an owner falls under; whoever stands under none, and nobody, is the rest."""
    return next((unit for unit in UNITS if owner in (labels.owners_of(unit) or ())), REST)


def _accuracy(what: str, rows: Sequence[Decided], of: Callable[[Decided], str], aim: float | None, how: str) -> Figure:
    return Figure(what, *share(sum(of(one) == one.row.label for one in rows), len(rows)), aim=aim, how=how)


def _macro_f1(what: str, rows: Sequence[Decided], of: Callable[[Decided], str], aim: float | None, how: str) -> Figure:
    truth, said = [one.row.label for one in rows], [of(one) for one in rows]

    def macro(drawn: Iterable[int]) -> float:
        places = list(drawn)
        labels = [truth[place] for place in places], [said[place] for place in places]
        return float(f1_score(*labels, average="macro", labels=[*UNITS, REST], zero_division=0))

    return Figure(what, macro(range(len(rows))), resampled(macro, len(rows), times=200), aim=aim, how=how)


def _is_right(one: Decided, labels: Labels) -> bool:
    return one.first is not None and _unit(one.first, labels) == one.row.label


def _decided_alone(rows: Sequence[Decided], labels: Labels) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many of all are decided alone, and how many of these rightly, each fold with the threshold of the others."""
    alone = [
        one
        for number in range(FOLDS)
        for threshold in [_threshold([one for one in rows if one.fold != number], labels)]
        for one in rows
        if one.fold == number and one.alone >= threshold
    ]
    return (len(alone), len(rows)), (sum(_is_right(one, labels) for one in alone), len(alone))


def _threshold(rows: Sequence[Decided], labels: Labels) -> float:
    right, threshold = 0, 1.1
    for number, one in enumerate(sorted(rows, key=lambda one: -one.alone), 1):
        right += _is_right(one, labels)
        if one.alone > 0 and right / number >= PRECISION:
            threshold = one.alone
    return threshold


def _shipped_threshold(rows: Sequence[Decided], labels: Labels, how: str) -> Figure:
    alone = [one for one in rows if one.is_automatic]
    precision, _ = share(sum(_is_right(one, labels) for one in alone), len(alone))
    value, interval = share(len(alone), len(rows))
    return Figure(
        "automatic share, the shipped threshold", value, interval, how=f"{how}; of these {precision:.3f} are right"
    )


def _size(rows: Sequence[Decided], group: Sequence[str]) -> int:
    return sum(one.row.label in group for one in rows)
