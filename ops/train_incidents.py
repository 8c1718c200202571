"""`python -m ops.train_incidents`: learns when two reports are one problem from a city's log of cases.

The log has the columns case_id, open, closed, closure_reason, type, lat, lon, source; a second file names pairs of
cases of which officers closed one as a duplicate. Nothing of either is kept but weights; the common stems are hashes.
"""

import csv
import gzip
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from services.router.domain.incidents import Index, Sighting, Spot, features, metres_between
from services.router.domain.signature import shares_of, signature
from shared.municipality import Reach

OUT = Path("services/router/model/incidents.json")
REACH = Reach(radius_metres=150, window_hours=2160, join=1, propose=0)
# Whoever works there enters what was done already: ten mended potholes are ten entries of one minute.
CITIZENS = frozenset({"Constituent Call", "Citizens Connect App", "Self Service", "Twitter"})
# A point that stands for "no address found": no other holds a hundredth of a log.
NO_PLACE_SHARE = 0.01
ONE_VISIT_HOURS = 1.0
# Cases further apart than this are not one; so many of a type are looked back at.
FAR_METRES = 500
FAR_CASES_MAX = 200
SPANS_HOURS = (0.5, 3, 12, 24, 72, 168, 720, 2160)
TURNS = 30
RIDGE = 1.0
STEPS_MAX = 50
TEXTS_WITH_STEM_MIN = 8

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A case of the log; `is_duplicate` when an officer closed it as one."""

    sighting: Sighting
    closed: datetime | None
    is_duplicate: bool
    by_citizen: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases near each other, the later first, with what is known about the place and about the truth."""

    later: Case
    earlier: Case
    metres: float
    hours: float
    problems: int
    is_gold: bool

    @property
    def is_marked(self) -> bool:
        """Whether an officer closed either as a duplicate (not necessarily of the other)."""
        return self.later.is_duplicate or self.earlier.is_duplicate

    @property
    def one_visit(self) -> bool | None:
        """Whether both were closed within `ONE_VISIT_HOURS`; None while one is open."""
        if self.later.closed is None or self.earlier.closed is None:
            return None
        return abs((self.later.closed - self.earlier.closed).total_seconds()) < ONE_VISIT_HOURS * 3600

    @property
    def is_same(self) -> bool | None:
        """Whether they were one problem: marked so, or closed together. None: nobody can tell."""
        if self.is_gold:
            return True
        return None if self.is_marked else self.one_visit


def train_incidents(
    log: Annotated[Path, typer.Option(help="the log of cases (.csv or .csv.gz)")],
    gold: Annotated[Path, typer.Option(help="pairs: duplicate_case, candidate_original")],
    texts: Annotated[Path, typer.Option(help="CSV with a column text, for what words are common")],
    until: Annotated[datetime, typer.Option(help="learn from cases opened before")],
    source: Annotated[str, typer.Option(help="where the log comes from, kept beside the weights")],
    out: Annotated[Path, typer.Option(help="file to write to")] = OUT,
) -> None:
    """Learn the weights, and write them with what they were learned from."""
    pairs = [pair for pair in pairs_of(log, gold) if pair.later.sighting.at < until.replace(tzinfo=UTC)]
    taught = [pair for pair in pairs if pair.is_same is not None and pair.later.by_citizen and pair.earlier.by_citizen]
    table = np.array([features(pair.metres, pair.hours, pair.problems) for pair in taught])
    by_chance = chances_of_one_visit(log, until.replace(tzinfo=UTC))
    bias, weights, same = learn(table, taught, by_chance)
    shares, least = shares_of((signature(text) for text in _texts(texts)), TEXTS_WITH_STEM_MIN)
    content = {
        "source": source,
        "learned_until": f"{until:%Y-%m-%d}",
        "pairs": len(taught),
        "of_one_problem": round(same),
        "closed_together_by_chance": [round(chance, 3) for chance in by_chance],
        "bias": round(bias, 5),
        "weights": [round(weight, 5) for weight in weights],
        "common_stems": {str(stem): round(share, 5) for stem, share in sorted(shares.items())},
        "share_of_rarer": round(least, 5),
    }
    out.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
    typer.echo(f"{len(taught)} pairs, {same:.0f} of one problem; {len(shares)} common stems; written to {out}")


def learn(table: Floats, pairs: Sequence[Pair], by_chance: Sequence[float]) -> tuple[float, list[float], float]:
    """Bias, weights, and how many of the pairs are one problem.

    Two cases that were closed together may have been so by chance; how likely that is follows from the weights, and
    the weights from that: both are found in turns (expectation maximisation).
    """
    together = np.array([bool(pair.is_same) for pair in pairs], dtype=np.float64)
    gold = np.array([pair.is_gold for pair in pairs])
    chance = np.array([by_chance[_span(pair.hours)] for pair in pairs])
    truth = together
    for _ in range(TURNS):
        bias, weights = fit(table, truth)
        likely = 1 / (1 + np.exp(-(bias + table @ np.array(weights))))
        truth = np.where(gold, 1.0, together * likely / (likely + (1 - likely) * chance))
    return bias, weights, float(truth.sum())


def chances_of_one_visit(log: Path, until: datetime) -> list[float]:
    """How often two citizens' cases of one type, too far apart to be one, were closed together; by `SPANS_HOURS`."""
    cases = [case for case in read_log(log) if case.by_citizen and not case.is_duplicate and case.sighting.at < until]
    latest: dict[str, deque[Case]] = {}
    seen, together = [1.0] * len(SPANS_HOURS), [0.0] * len(SPANS_HOURS)
    for case in cases:
        others = latest.setdefault(case.sighting.topic, deque(maxlen=FAR_CASES_MAX))
        for other in others:
            pair = Pair(
                case, other, _metres(case.sighting, other.sighting), _hours(case.sighting, other.sighting), 1, False
            )
            if pair.metres > FAR_METRES and pair.one_visit is not None and pair.hours <= SPANS_HOURS[-1]:
                seen[_span(pair.hours)] += 1
                together[_span(pair.hours)] += pair.one_visit
        others.append(case)
    return [part / whole for part, whole in zip(together, seen, strict=True)]


def _span(hours: float) -> int:
    return next(place for place, end in enumerate(SPANS_HOURS) if hours <= end)


def pairs_of(log: Path, gold: Path) -> list[Pair]:
    """All pairs of cases of one type within `REACH`, by the time of the later."""
    with gold.open(encoding="utf-8", newline="") as file:
        known = {frozenset((row["duplicate_case"], row["candidate_original"])) for row in csv.DictReader(file)}
    index = Index()
    by_id: dict[object, Case] = {}
    pairs = []
    for case in read_log(log):
        report = case.sighting
        by_id[report.id] = case
        near = [by_id[other.id] for other in index.near(report, REACH)]
        apart = [(other, _metres(report, other.sighting), _hours(report, other.sighting)) for other in near]
        within = [row for row in apart if row[1] <= REACH.radius_metres and row[2] <= REACH.window_hours]
        pairs += [
            Pair(case, other, metres, hours, len(within), frozenset((report.id, other.sighting.id)) in known)
            for other, metres, hours in within
        ]
        index.add(report, REACH)
    return pairs


def read_log(log: Path) -> Iterator[Case]:
    """The cases that have a place, in the order they were opened."""
    opener = gzip.open if log.suffix == ".gz" else open
    with opener(log, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        point = row["lat"], row["lon"]
        counts[point] = counts.get(point, 0) + 1
    placed = [row for row in rows if counts[row["lat"], row["lon"]] < NO_PLACE_SHARE * len(rows)]
    for row in sorted(placed, key=lambda row: row["open"]):
        spot = Spot(latitude=float(row["lat"]), longitude=float(row["lon"]))
        yield Case(
            Sighting(row["case_id"], _moment(row["open"]), row["type"], row["type"], spot),
            _moment(row["closed"]) if row["closed"] else None,
            "duplicate" in row["closure_reason"].lower(),
            row["source"] in CITIZENS,
        )


def fit(table: Floats, truth: Floats) -> tuple[float, list[float]]:
    """Bias and weights of a logistic regression with a small ridge, by Newton's method."""
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-12
    scaled = np.column_stack([np.ones(len(table)), (table - mean) / spread])
    ridge = np.diag([0.0] + [RIDGE] * table.shape[1])
    weights = np.zeros(scaled.shape[1])
    for _ in range(STEPS_MAX):
        chances = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (chances - truth) + ridge @ weights
        curve = (scaled * (chances * (1 - chances))[:, None]).T @ scaled + ridge
        step = np.linalg.solve(curve, slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    plain = weights[1:] / spread
    return float(weights[0] - plain @ mean), [float(weight) for weight in plain]


def _texts(path: Path) -> Sequence[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _metres(one: Sighting, other: Sighting) -> float:
    here, there = one.spot.point, other.spot.point
    return metres_between(here, there) if here and there else float("inf")


def _hours(one: Sighting, other: Sighting) -> float:
    return abs((one.at - other.at).total_seconds()) / 3600


if __name__ == "__main__":
    typer.run(train_incidents)
