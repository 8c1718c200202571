"""How many reports of one problem are found, and how many that are not one are merged, on a city's log of a year.

The log knows neither words nor persons: only type, point and time (and a title that the crews wrote on). The pairs are
those officers closed as duplicates, each with the nearest case of its type within 150 m and 90 days; the list is
incomplete, and a third of the originals were closed before the duplicate came. So two figures of false merges: strict
counts every merged report that no officer called a duplicate; corrected leaves out those that were closed within the
hour of the other (one visit). What is shown to a person is found, not merged.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from math import exp
from math import log as log_
from pathlib import Path
from time import perf_counter

from bench.quality.figure import Better, Figure, share
from ops.duplicates import Columns, write_duplicates
from shared.municipality import IncidentGroup, Incidents, Municipality, Reach, load

FOUND_AIM = 0.85
FALSE_AIM = 0.01
SEEN_UNTIL = "2015-10-01"
ONE_VISIT_SECONDS = 3600
# Pairs at least this sure tell how often a type is marked; a type with few of them is like all others.
NEAR_FROM = 0.3
SHRUNK_BY = 10
HOW = "log_boston311_2015, learned on July–September, measured on October–December"

Row = Mapping[str, str]
PairOfIds = frozenset[str]


@dataclass(frozen=True)
class Log:
    """The cases by id, and the pairs that officers' closing says are one problem."""

    path: Path
    cases: Mapping[str, Row]
    gold: tuple[PairOfIds, ...]

    def is_measured(self, ids: Iterable[str]) -> bool:
        """Whether the later of them was opened after the learned months."""
        return max(self.cases[number]["open"] for number in ids) >= SEEN_UNTIL


@dataclass(frozen=True)
class Found:
    """What the matcher says: joined pairs (earlier, later), proposed ones, and how sure it is of each."""

    joined: tuple[tuple[str, str], ...]
    proposed: tuple[tuple[str, str], ...]
    confidence: Mapping[tuple[str, str], float]

    def leaders(self) -> dict[str, str]:
        """The case that leads the incident of each joined one."""
        leader: dict[str, str] = {}
        for earlier, later in self.joined:
            leader[later] = leader.get(earlier, earlier)
        return leader


def measure(data: Path) -> list[Figure]:
    """The row of the issue, and what stands behind it."""
    log = read(data / "log_boston311_2015")
    place = load(Path("municipality/ilkadim"))
    began = perf_counter()
    found = run(log, place)
    seconds = perf_counter() - began
    return [
        *_found(log, found),
        *_set_by_log(log, place, found),
        _burden(log, found),
        _cost(log, seconds),
    ]


def read(folder: Path) -> Log:
    """The half of the log that may be read."""
    path = folder / "2015H2.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        cases = {row["case_id"]: row for row in csv.DictReader(file)}
    with (folder / "muhtemel_asil.csv").open(encoding="utf-8", newline="") as file:
        pairs = {frozenset((row["duplicate_case"], row["candidate_original"])) for row in csv.DictReader(file)}
    return Log(path, cases, tuple(pairs))


def run(log: Log, place: Municipality) -> Found:
    """What `ilkim route --duplicates` writes for the log."""
    written = StringIO()
    write_duplicates(log.path, written, Columns(), place)
    written.seek(0)
    rows = [(row["decision"], (row["id_a"], row["id_b"]), row["confidence"]) for row in csv.DictReader(written)]
    return Found(
        tuple(pair for decision, pair, _ in rows if decision == "joined"),
        tuple(pair for decision, pair, _ in rows if decision == "proposed"),
        {pair: float(confidence) for _, pair, confidence in rows},
    )


def _found(log: Log, found: Found) -> list[Figure]:
    gold = [pair for pair in log.gold if log.is_measured(pair)]
    leader = found.leaders()
    joined = {pair for pair in gold if len({leader.get(number, number) for number in pair}) == 1}
    shown = {frozenset(pair) for pair in found.proposed}
    right, interval = share(sum(pair in joined or pair in shown for pair in gold), len(gold))
    alone, alone_interval = share(len(joined), len(gold))
    how = f"{HOW}; {len(gold)} pairs; in one incident, or among the five shown to a person"
    return [
        Figure("same-problem pairs found, most of them shown to a person", right, interval, how=how),
        Figure(
            "… gathered without a person",
            alone,
            alone_interval,
            how="nobody said which of its types can be told of by many, so that nothing is merged",
        ),
    ]


def _merged(log: Log, found: Found) -> list[Figure]:
    """False merges as a share of all measured reports."""
    reports = sum(row["open"] >= SEEN_UNTIL for row in log.cases.values())
    kinds = _kinds(log, found)
    strict = kinds.total() - kinds["marked"]
    how = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none merged"
    return [
        Figure("reports merged falsely so, strict", *share(strict, reports), FALSE_AIM, Better.LOWER, how),
        Figure("reports merged falsely so, corrected", *share(kinds["apart"], reports), FALSE_AIM, Better.LOWER, how),
    ]


def _kinds(log: Log, found: Found) -> Counter[str]:
    """The merged reports by what officers' closing says of them and the one they were merged with."""
    pairs = [pair for pair in found.joined if log.is_measured(pair)]
    return Counter(_kind(log.cases[earlier], log.cases[later]) for earlier, later in pairs)


def _kind(one: Row, other: Row) -> str:
    if any("duplicate" in row["closure_reason"].lower() for row in (one, other)):
        return "marked"
    if not one["closed"] or not other["closed"]:
        return "still open"
    apart = datetime.fromisoformat(one["closed"]) - datetime.fromisoformat(other["closed"])
    return "in one visit" if abs(apart.total_seconds()) < ONE_VISIT_SECONDS else "apart"


def _set_by_log(log: Log, place: Municipality, shown: Found) -> list[Figure]:
    """What merges by itself where each type has its prior and one limit, both taken from the learned months alone."""
    priors = _priors(log, shown)
    reach = place.incidents.other
    limit = _limit(log, shown, priors, reach.join)
    groups = tuple(_group(kind, prior, limit, reach) for kind, prior in priors.items())
    incidents = Incidents.model_construct(groups=groups, other=reach)
    found = run(log, place.model_copy(update={"incidents": incidents}))
    gold = [pair for pair in log.gold if log.is_measured(pair)]
    leader = found.leaders()
    joined = sum(len({leader.get(number, number) for number in pair}) == 1 for pair in gold)
    how = f"a prior a type and the limit {limit:.2f} from July–September: there 1 % of reports merged falsely, strict"
    name = "same-problem pairs merged without a person, types' priors from the log"
    return [Figure(name, *share(joined, len(gold)), FOUND_AIM, Better.HIGHER, how), *_merged(log, found)]


def _group(kind: str, prior: float, limit: float, reach: Reach) -> IncidentGroup:
    """A type of the log as a group of its own; its name is no code of ours, so that nothing is checked."""
    own = {"code": kind, "name": kind, "name_en": kind, "topics": (kind,), "prior": prior, "join": limit}
    return IncidentGroup.model_construct(**{**reach.model_dump(), **own})


def _priors(log: Log, shown: Found) -> dict[str, float]:
    """By how much (log-odds) officers call reports of a type duplicates more often than reports of all types."""
    pairs = [pair for pair in _surest(shown) if not log.is_measured(pair) and shown.confidence[pair] > NEAR_FROM]
    seen = Counter(log.cases[later]["type"] for _, later in pairs)
    marked = Counter(log.cases[later]["type"] for earlier, later in pairs if _is_marked(log, earlier, later))
    base = marked.total() / seen.total()
    return {
        kind: _log_odds((marked[kind] + SHRUNK_BY * base) / (seen[kind] + SHRUNK_BY)) - _log_odds(base)
        for kind in {row["type"] for row in log.cases.values()}
    }


def _limit(log: Log, shown: Found, priors: Mapping[str, float], highest: float) -> float:
    """The lowest confidence from which on at most 1 % of the learned reports would be merged falsely, strict."""
    pairs = [pair for pair in _surest(shown) if not log.is_measured(pair)]
    sure = {pair: _log_odds(shown.confidence[pair]) + priors[log.cases[pair[1]]["type"]] for pair in pairs}
    allowed = FALSE_AIM * sum(row["open"] < SEEN_UNTIL for row in log.cases.values())
    limit = highest
    for pair in sorted(pairs, key=lambda pair: -sure[pair]):
        allowed -= not _is_marked(log, *pair)
        if allowed < 0:
            break
        limit = 1 / (1 + exp(-sure[pair]))
    return limit


def _surest(shown: Found) -> list[tuple[str, str]]:
    """The pair a report would be merged by: its surest."""
    best: dict[str, tuple[str, str]] = {}
    for pair in shown.proposed:
        before = best.get(pair[1])
        if before is None or shown.confidence[pair] > shown.confidence[before]:
            best[pair[1]] = pair
    return list(best.values())


def _is_marked(log: Log, *ids: str) -> bool:
    return any("duplicate" in log.cases[number]["closure_reason"].lower() for number in ids)


def _log_odds(share_: float) -> float:
    return log_(share_ / (1 - share_))


def _burden(log: Log, found: Found) -> Figure:
    reports = sum(row["open"] >= SEEN_UNTIL for row in log.cases.values())
    shown = sum(log.is_measured(pair) for pair in found.proposed)
    return Figure("cases shown to a person, a report", shown / reports, how="reach of 150 m and 90 days, none closed")


def _cost(log: Log, seconds: float) -> Figure:
    how = f"{len(log.cases)} reports read twice, matched and written, one core"
    return Figure("cost of matching a report", seconds / len(log.cases) * 1e6, how=how, unit="µs")
