"""What the dashboard says about what was counted: against what is usual, against the period before, by age, by day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from services.reporting.domain.asking import Counts, Row
from services.reporting.domain.trend import NOTEWORTHY, Day, trend

USUAL_WEEKS: Final = 4
WEEK_DAYS: Final = 7
HOURS_OF_DAY: Final = 24
MINUTES_OF_HOUR: Final = 60
RECENT_DAYS: Final = 30
# How many marks a trend has at most; longer periods are drawn by the week, or by four of them.
POINTS_MAX: Final = 92
# Days a case has been open, each up to and with; the last group has no end.
AGE_ENDS_DAYS: Final = (1, 3, 7, 14, 30, None)


@dataclass(frozen=True, slots=True)
class Period:
    """The days of opening that are looked at. None: open-ended."""

    code: str
    first: date | None
    last: date | None

    def before(self) -> "Period | None":
        """As many days before it; None for one without both ends."""
        if self.first is None or self.last is None:
            return None
        days = self.last - self.first + timedelta(days=1)
        return Period("before", self.first - days, self.last - days)


def period_of(code: str, first: date | None, last: date | None, today: date) -> Period:
    """What an address asks for: chosen days count before a code; nothing, or an unknown one, is the last 30 days."""
    if first or last:
        return Period("secilen", first, today if last is None else last)
    match code:
        case "bugun":
            return Period(code, today, today)
        case "tumu":
            return Period(code, None, None)
    return Period("son30", today - timedelta(days=RECENT_DAYS - 1), today)


@dataclass(frozen=True, slots=True)
class Change:
    """From `before` to now. `direction` is `same` (within 5 %), `more` or `fewer`; `share` of `before`, signless."""

    before: float
    direction: str
    share: float


def change(now: float, before: float | None) -> Change | None:
    """How a figure stands to an earlier one; None where nothing is known of it, or it was nothing."""
    if not before:
        return None
    share = now / before - 1
    direction = "same" if abs(share) < NOTEWORTHY else "more" if share > 0 else "fewer"
    return Change(before, direction, abs(share))


def usual_days(today: date) -> list[date]:
    """The same weekday of the weeks before, the nearest first."""
    return [today - timedelta(weeks=week) for week in range(1, USUAL_WEEKS + 1)]


def mean(values: Iterable[float | None]) -> float | None:
    """Of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def by_now(hours: Iterable[Row], clock: datetime) -> float:
    """Cases of a day up to a time of day, from its rows by hour of the week; within an hour they come evenly."""
    reached = clock.hour + clock.minute / MINUTES_OF_HOUR
    return sum(row.counts.cases * max(0.0, min(1.0, reached - int(row.values[0]) % HOURS_OF_DAY)) for row in hours)


def total(rows: Iterable[Row]) -> Counts:
    """Everything in one; rows of one question count no case twice."""
    return sum((row.counts for row in rows), Counts())


def ages(days: Iterable[Row], today: date) -> list[int]:
    """Open cases by how many days they have been open, in the groups of `AGE_ENDS_DAYS`; rows are by day."""
    groups = [0] * len(AGE_ENDS_DAYS)
    for row in days:
        age = (today - date.fromisoformat(row.values[0])).days
        at = next(at for at, end in enumerate(AGE_ENDS_DAYS) if end is None or age <= end)
        groups[at] += row.counts.open
    return groups


@dataclass(frozen=True, slots=True)
class Mark:
    """A day of a trend, or `days` of them from it on. None: nothing was recorded."""

    day: date
    counts: Counts | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Course:
    """Marks in order, each of `days` days; `missing` days have no record, `elsewhere` cases lie outside."""

    marks: tuple[Mark, ...]
    days: int
    missing: int
    elsewhere: int


def course(period: Period, now: Iterable[Row], before: Iterable[Row]) -> Course:
    """The trend of a period from its rows by day, with the period before beside it.

    Of a period without both ends: the stretch of days that holds most cases (`trend`).
    """
    known = {date.fromisoformat(row.values[0]): row.counts for row in now}
    earlier = {date.fromisoformat(row.values[0]): row.counts.cases for row in before}
    elsewhere = 0
    if period.first is not None and period.last is not None:
        first, count = period.first, (period.last - period.first).days + 1
    else:
        found = trend(Day(day, counts.cases, counts.closed) for day, counts in known.items())
        if found is None:
            return Course((), 1, 0, 0)
        first, count, elsewhere = found.days[0].day, len(found.days), found.elsewhere
    every = [first + timedelta(days=number) for number in range(count)]
    shift = timedelta(days=count)
    days = [Mark(day, known.get(day), earlier.get(day - shift)) for day in every]
    missing = sum(mark.counts is None for mark in days)
    size = next((size for size in (1, WEEK_DAYS) if count <= size * POINTS_MAX), 4 * WEEK_DAYS)
    return Course(tuple(_together(days[at : at + size]) for at in range(0, count, size)), size, missing, elsewhere)


def _together(days: Sequence[Mark]) -> Mark:
    counts = [mark.counts for mark in days if mark.counts is not None]
    before = [mark.before for mark in days if mark.before is not None]
    return Mark(days[0].day, sum(counts, Counts()) if counts else None, sum(before) if before else None)


@dataclass(frozen=True, slots=True)
class Line:
    """One value of an axis: what is counted now, and how many cases there were in the period before."""

    value: str
    counts: Counts
    before: int | None

    @property
    def change(self) -> Change | None:
        """Against the period before."""
        return change(self.counts.cases, self.before)


def lines(now: Sequence[Row], before: Sequence[Row] | None) -> tuple[Line, ...]:
    """The rows of one axis beside those of the period before, in their order; `before` None: there is none."""
    earlier: Mapping[str, int] = {row.values[0]: row.counts.cases for row in before or ()}
    gone = () if before is None else (row for row in before if row.values[0] not in {one.values[0] for one in now})
    found = [Line(row.values[0], row.counts, _earlier(earlier, row.values[0], before)) for row in now]
    return (*found, *(Line(row.values[0], Counts(), row.counts.cases) for row in gone))


def _earlier(earlier: Mapping[str, int], value: str, before: Sequence[Row] | None) -> int | None:
    return None if before is None else earlier.get(value, 0)
