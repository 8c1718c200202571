"""Calls for help found, what is taken for one and is none, and our own sentences of every kind of danger."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.quality.figure import Better, Figure, share
from ops.train_urgency import (
    FALSE_ALARMS_MAX,
    FOLDS,
    SEED,
    SENTENCES,
    alarmed,
    choose,
    cross_validated,
    features_of,
    read_samples,
    regression,
)
from shared.municipality import load
from shared.text import fold, words

MUNICIPALITY = Path("municipality/ilkadim")
RECALL_WANTED = 0.95
CALLS, COMPLAINTS = Path("tr_deprem_acil/acil_10k.csv"), Path("tr_belediye_birim/train.csv")
OTHERS = (Path("tr_banka_sikayet/banka.csv"), Path("tr_ibb_kurum/train.csv"))
HOW = (
    f"{FOLDS} folds, seed {SEED}, near-duplicates (first 60 letters) in one fold; words and model together, thresholds "
    f"chosen inside the learned folds for at most {FALSE_ALARMS_MAX:.0%} false alarms; the shipped phrases"
)
# What is measured of each source: its name in the table, its aim, and which way is better.
ROWS = (
    ("danger", "call for help found", RECALL_WANTED, Better.HIGHER),
    ("complaint", "false alarms on ordinary complaints", FALSE_ALARMS_MAX, Better.LOWER),
    ("need", "people in need (acil_ihtiyac) found", None, Better.HIGHER),
    ("other_call", "other messages of the same days that raise an alarm", None, Better.LOWER),
    ("placed", "false alarms on complaints with a made-up address", None, Better.LOWER),
    ("place", "false alarms on bare addresses and names", None, Better.LOWER),
    ("short", "false alarms on pieces of 1 to 9 words of complaints", None, Better.LOWER),
)


def measure(data: Path) -> list[Figure]:
    """The row of the table, both readings of the labels, what the model could mistake, and our own sentences."""
    found = _cross_validated(data)
    figures = [_figure(what, found[source], aim, better, HOW) for source, what, aim, better in ROWS]
    both = [*found["danger"], *found["need"]]
    figures.insert(1, _figure("call for help or in need found", both, RECALL_WANTED, Better.HIGHER, HOW))
    return [*figures, *_own_sentences(), _cost(data)]


def _cross_validated(data: Path) -> dict[str, list[bool]]:
    """By source, which texts raise an alarm, each judged by a model and thresholds that never saw it."""
    place = load(MUNICIPALITY)
    others = [*(data / path for path in OTHERS), MUNICIPALITY / "sentences.csv"]
    samples = read_samples(data / CALLS, data / COMPLAINTS, others, "kurtarma_cagrisi", "acil_ihtiyac")
    features, folds = features_of(samples), np.array([sample.fold for sample in samples])
    found: dict[str, list[bool]] = defaultdict(list)
    for judged in range(FOLDS):
        learned = [sample for sample in samples if sample.fold != judged]
        theirs = features[folds != judged]
        thresholds = choose(learned, cross_validated(learned, theirs), place.emergencies, place.alarm)
        rest = [sample for sample in samples if sample.fold == judged]
        scores = regression(theirs, learned).predict_proba(features[folds == judged])[:, 1]
        for sample, alarm in zip(
            rest, alarmed(rest, scores, thresholds, place.emergencies, place.alarm).tolist(), strict=True
        ):
            found[sample.source].append(alarm)
    return found


def _own_sentences() -> Iterator[Figure]:
    """The held half of our own, by the model as shipped, which learned from the other half alone."""
    alarms = load(MUNICIPALITY).alarms
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["half"] == "held":
                found[row["truth"], row["emergency"]].append(alarms.in_text(row["text"]) is not None)
    for truth, what, better in (
        ("danger", "danger found in own sentences", Better.HIGHER),
        ("calm", "false alarms on own near-misses", Better.LOWER),
    ):
        by_kind = {kind: rows for (told, kind), rows in found.items() if told == truth}
        kinds = ", ".join(f"{kind} {sum(rows)}/{len(rows)}" for kind, rows in sorted(by_kind.items()))
        yield _figure(what, [alarm for rows in by_kind.values() for alarm in rows], None, better, f"held half; {kinds}")


def _cost(data: Path) -> Figure:
    alarms = load(MUNICIPALITY).alarms
    with (data / COMPLAINTS).open(encoding="utf-8", newline="") as file:
        texts = [words(fold(row["text"])) for row in csv.DictReader(file)]
    taken = []
    for text in [*texts, *texts]:
        began = perf_counter()
        alarms.find(text)
        taken.append(perf_counter() - began)
    median = float(np.median(taken[len(texts) :])) * 1e6
    return Figure("an alarm looked for in one complaint", median, None, 100, Better.LOWER, "median, second round", "µs")


def _figure(what: str, found: Sequence[bool], aim: float | None, better: Better, how: str) -> Figure:
    part, interval = share(sum(found), len(found))
    return Figure(what, part, interval, aim, better, f"{len(found)} texts; {how}")
