"""What is published of a month: one table of counts with all its totals, some of them hidden."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from services.reporting.domain.asking import Counts, Overdue, Row
from services.reporting.domain.suppression import Pipe, hidden

# How much readers miss a count that is hidden. A cell costs what it counts, at most this; a total far more.
CELL_LOSS_MAX: Final = 200
PART_LOSS: Final = 400
NEIGHBOURHOOD_LOSS: Final = 1_000
TOPIC_LOSS: Final = 4_000
TOTAL_LOSS: Final = 100_000


class Level(StrEnum):
    """What a line of the open data is about."""

    MONTH = "month"
    TOPIC = "topic"
    NEIGHBOURHOOD = "neighbourhood"
    CELL = "neighbourhood_topic"


class Measure(StrEnum):
    """What a line counts. Of `cases` each is one of the other three, which only months and topics tell apart."""

    CASES = "cases"
    ON_TIME = "on_time"  # closed by its target
    LATE = "late"  # closed after its target, or open past it on the day of publication
    OTHER = "other"  # without a target, or not due yet on the day of publication


PARTS: Final = (Measure.ON_TIME, Measure.LATE, Measure.OTHER)


class Place(NamedTuple):
    """A neighbourhood (official id) and a topic group; empty text: not known."""

    neighbourhood: str
    topic: str


@dataclass(frozen=True, slots=True)
class Line:
    """Counts of one month, topic, neighbourhood, or neighbourhood and topic. A count of None is hidden.

    A measure that a level does not tell apart is missing. No line: nothing to count.
    """

    level: Level
    neighbourhood: str | None
    topic: str | None
    counts: Mapping[Measure, int | None]


@dataclass(frozen=True)
class OpenMonth:
    """What is published of the cases opened in a month, as of the day it was drawn up: for good."""

    month: date
    drawn_on: date
    least: int
    lines: tuple[Line, ...]

    def count(
        self, measure: Measure, level: Level, neighbourhood: str | None = None, topic: str | None = None
    ) -> int | None:
        """One count; None: hidden. 0 where there is no line."""
        counts = self._by_key.get((level, neighbourhood, topic))
        return counts[measure] if counts else 0

    @cached_property
    def _by_key(self) -> dict[tuple[Level, str | None, str | None], Mapping[Measure, int | None]]:
        return {(line.level, line.neighbourhood, line.topic): line.counts for line in self.lines}


@dataclass(frozen=True, slots=True)
class Month:
    """The true counts of a month, of which only `publish` decides what anybody sees."""

    month: date
    cells: Mapping[Place, int]
    parts: Mapping[tuple[str, Measure], int]  # by topic and part; they sum to the cells of the topic


def ended_months(months: Iterable[date], today: date, settle_days: int) -> list[date]:
    """Of these first days of months, those whose month ended at least `settle_days` ago, in order."""
    return sorted(month for month in months if _next_month(month) + timedelta(days=settle_days) <= today)


def last_day(month: date) -> date:
    """The last day of the month that begins on this day."""
    return _next_month(month) - timedelta(days=1)


def counted(
    month: date,
    everything: Sequence[Row],
    left_out: Sequence[Row],
    late_now: Sequence[Overdue],
    late_left_out: Sequence[Overdue],
    group_of: Mapping[str, str],
) -> Month:
    """The counts of a month from rows by neighbourhood and topic, without what is never published (`left_out`).

    `late_now`: open cases past their target, by topic. `group_of`: the group of each topic; another is not known.
    """
    cells: Counter[Place] = Counter()
    by_topic: dict[str, Counts] = {}
    for rows, sign in ((everything, 1), (left_out, -1)):
        for row in rows:
            neighbourhood, topic = row.values[0], group_of.get(row.values[1], "")
            cells[Place(neighbourhood, topic)] += sign * row.counts.cases
            signed = Counts(on_time=sign * row.counts.on_time, late=sign * row.counts.late)
            by_topic[topic] = by_topic.get(topic, Counts()) + signed
    overdue: Counter[str] = Counter()
    for late, sign in ((late_now, 1), (late_left_out, -1)):
        for row_late in late:
            overdue[group_of.get(row_late.values[0], "")] += sign * row_late.target
    # Cases move while they are read, by the one or the other question: what is not there any more is not counted.
    kept = {place: cases for place, cases in cells.items() if cases > 0}
    return Month(month, kept, _parts(kept, by_topic, overdue))


Parts: TypeAlias = dict[tuple[str, Measure], int]


def _parts(cells: Mapping[Place, int], by_topic: Mapping[str, Counts], overdue: Mapping[str, int]) -> Parts:
    parts: Parts = {}
    for topic, cases in _sums(cells, 1).items():
        counts = by_topic[topic]
        on_time = min(max(counts.on_time, 0), cases)
        late = min(max(counts.late + overdue.get(topic, 0), 0), cases - on_time)
        split = zip(PARTS, (on_time, late, cases - on_time - late), strict=True)
        parts |= {(topic, part): count for part, count in split}
    return parts


def publish(month: Month, least: int, today: date) -> OpenMonth:
    """What is published of a month: every count that is 0, or that nobody can work a small one out with."""
    left_out = hidden(pipes_of(month), least)

    def seen(name: tuple[object, ...], cases: int) -> int | None:
        return None if name in left_out else cases

    def split(topic: str | None) -> dict[Measure, int | None]:
        if topic is None:
            whole = {part: sum(month.parts.get((code, part), 0) for code in topics) for part in PARTS}
            return {part: seen(("all", part), cases) for part, cases in whole.items()}
        return {part: seen(("part", topic, part), month.parts[topic, part]) for part in PARTS}

    neighbourhoods, topics = _sums(month.cells, 0), _sums(month.cells, 1)
    total = seen(("total",), sum(month.cells.values()))
    lines = [Line(Level.MONTH, None, None, {Measure.CASES: total, **split(None)})]
    lines += [
        Line(Level.TOPIC, None, topic, {Measure.CASES: seen(("topic", topic), cases), **split(topic)})
        for topic, cases in sorted(topics.items())
    ]
    lines += [
        Line(Level.NEIGHBOURHOOD, code, None, {Measure.CASES: seen(("neighbourhood", code), cases)})
        for code, cases in sorted(neighbourhoods.items())
    ]
    lines += [
        Line(Level.CELL, place.neighbourhood, place.topic, {Measure.CASES: seen(("cell", place), cases)})
        for place, cases in sorted(month.cells.items())
    ]
    return OpenMonth(month.month, today, least, tuple(lines))


def pipes_of(month: Month) -> list[Pipe]:
    """All that is published of a month as one circulation: neighbourhoods, topics, parts, and round again."""
    pipes = [
        Pipe(("cell", place), ("neighbourhood", place.neighbourhood), ("topic", place.topic), cases, _cell_loss(cases))
        for place, cases in month.cells.items()
    ]
    pipes += [
        Pipe(("neighbourhood", code), "begin", ("neighbourhood", code), cases, NEIGHBOURHOOD_LOSS)
        for code, cases in _sums(month.cells, 0).items()
    ]
    pipes += [
        Pipe(("topic", topic), ("topic", topic), ("split", topic), cases, TOPIC_LOSS)
        for topic, cases in _sums(month.cells, 1).items()
    ]
    pipes += [
        Pipe(("part", topic, part), ("split", topic), part, cases, PART_LOSS)
        for (topic, part), cases in month.parts.items()
    ]
    of_all: Counter[Measure] = Counter()
    for (_, part), cases in month.parts.items():
        of_all[part] += cases
    pipes += [Pipe(("all", part), part, "end", of_all[part], TOPIC_LOSS) for part in PARTS]
    return [*pipes, Pipe(("total",), "end", "begin", sum(month.cells.values()), TOTAL_LOSS)]


def _sums(cells: Mapping[Place, int], axis: int) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for place, cases in cells.items():
        sums[place[axis]] += cases
    return sums


def _cell_loss(cases: int) -> int:
    return 10 + min(cases, CELL_LOSS_MAX)


def _next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)
