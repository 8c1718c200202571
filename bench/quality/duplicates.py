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
from pathlib import Path
from time import perf_counter

from bench.quality.figure import Better, Figure, share
from ops.duplicates import Columns, write_duplicates
from shared.municipality import Municipality, load

FOUND_AIM = 0.85
FALSE_AIM = 0.01
SEEN_UNTIL = "2015-10-01"
ONE_VISIT_SECONDS = 3600
# What follows if place, time and type alone were enough to merge: they reach no more than about 0.75.
EAGER_JOIN = 0.7
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
    """What the matcher says: joined pairs (earlier, later), and proposed ones."""

    joined: tuple[tuple[str, str], ...]
    proposed: tuple[tuple[str, str], ...]

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
        *_merged(log, found, ""),
        *_eager(log, place),
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
    rows = [(row["decision"], (row["id_a"], row["id_b"])) for row in csv.DictReader(written)]
    return Found(
        tuple(pair for decision, pair in rows if decision == "joined"),
        tuple(pair for decision, pair in rows if decision == "proposed"),
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
        Figure("same-problem pairs found", right, interval, FOUND_AIM, Better.HIGHER, how),
        Figure(
            "… gathered without a person",
            alone,
            alone_interval,
            how="none: nobody said which of its types can be told of by many",
        ),
    ]


def _merged(log: Log, found: Found, when: str) -> list[Figure]:
    """False merges as a share of all measured reports."""
    reports = sum(row["open"] >= SEEN_UNTIL for row in log.cases.values())
    kinds = _kinds(log, found)
    strict = kinds.total() - kinds["marked"]
    how = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none merged"
    aim = None if when else FALSE_AIM
    return [
        Figure(f"reports merged falsely{when}, strict", *share(strict, reports), aim, Better.LOWER, how),
        Figure(f"reports merged falsely{when}, corrected", *share(kinds["apart"], reports), aim, Better.LOWER, how),
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


def _eager(log: Log, place: Municipality) -> list[Figure]:
    """What merging by place, time and type alone would do: why the limit stands where it stands."""
    other = place.incidents.other.model_copy(update={"join": EAGER_JOIN})
    incidents = place.incidents.model_copy(update={"other": other})
    found = run(log, place.model_copy(update={"incidents": incidents}))
    when = f" (were {EAGER_JOIN} enough)"
    kinds = _kinds(log, found)
    judged = kinds.total() - kinds["still open"]
    of_merged = Figure(f"… of the merged, corrected{when}", *share(kinds["apart"], judged), how=f"{judged} judged")
    return [*_merged(log, found, when), of_merged]


def _burden(log: Log, found: Found) -> Figure:
    reports = sum(row["open"] >= SEEN_UNTIL for row in log.cases.values())
    shown = sum(log.is_measured(pair) for pair in found.proposed)
    return Figure("cases shown to a person, a report", shown / reports, how="reach of 150 m and 90 days, none closed")


def _cost(log: Log, seconds: float) -> Figure:
    how = f"{len(log.cases)} reports read twice, matched and written, one core"
    return Figure("cost of matching a report", seconds / len(log.cases) * 1e6, how=how, unit="µs")
