"""The cases of each day as a chart shows them: days without any are missing days, and the title says the finding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

DAYS_MAX: Final = 366
GAP_DAYS_MAX: Final = 31
WEEK_DAYS: Final = 7
# A change below this share is called about the same.
NOTEWORTHY: Final = 0.05
TOP_STEPS: Final = (1, 2, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Day:
    """What was opened on a day, and how much of it is closed by now; `cases` 0: nothing is known of that day."""

    day: date
    cases: int
    closed: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Cases a day from `first` to `last`, seven days at most, and how much more (a share of 1) than in the week before.

    `change` is None when there are fewer than fourteen days to compare.
    """

    first: date
    last: date
    a_day: float
    change: float | None

    @property
    def direction(self) -> str:
        """`unknown`, `same`, `more` or `fewer`."""
        if self.change is None:
            return "unknown"
        return "same" if abs(self.change) < NOTEWORTHY else "more" if self.change > 0 else "fewer"


@dataclass(frozen=True, slots=True)
class Trend:
    """Consecutive days to draw; `elsewhere` counts the cases of days outside them."""

    days: tuple[Day, ...]
    elsewhere: int

    @property
    def missing(self) -> int:
        """How many of the days nothing is known of."""
        return sum(not day.cases for day in self.days)

    @property
    def top(self) -> int:
        """The round number at which the axis ends; its half is a whole number from 2 on."""
        most = max((day.cases for day in self.days), default=1)
        power: int = 10 ** (len(str(most)) - 1)
        return next(step * power for step in TOP_STEPS if step * power >= most)

    @property
    def finding(self) -> Finding:
        """What the title says."""
        week = self.days[-WEEK_DAYS:]
        last = sum(day.cases for day in week)
        before = sum(day.cases for day in self.days[-2 * WEEK_DAYS : -WEEK_DAYS])
        compared = len(self.days) >= 2 * WEEK_DAYS and before > 0
        change = last / before - 1 if compared else None
        return Finding(week[0].day, week[-1].day, last / len(week), change)


def trend(known: Iterable[Day]) -> Trend | None:
    """The stretch of days that holds most cases, with its missing days in place; None when nothing is known.

    A silence of more than a month parts two stretches: what was taken over from years ago is not drawn in one
    line with today.
    """
    days = sorted(known, key=lambda day: day.day)
    if not days:
        return None
    longest = max(_stretches(days), key=lambda stretch: sum(day.cases for day in stretch))
    shown = [day for day in longest if day.day > longest[-1].day - timedelta(days=DAYS_MAX)]
    by_day = {day.day: day for day in shown}
    first, count = shown[0].day, (shown[-1].day - shown[0].day).days + 1
    every = (first + timedelta(days=number) for number in range(count))
    elsewhere = sum(day.cases for day in days) - sum(day.cases for day in shown)
    return Trend(tuple(by_day.get(day) or Day(day, 0, 0) for day in every), elsewhere)


def _stretches(days: Sequence[Day]) -> list[list[Day]]:
    stretches = [[days[0]]]
    for before, day in pairwise(days):
        if (day.day - before.day).days > GAP_DAYS_MAX:
            stretches.append([])
        stretches[-1].append(day)
    return stretches
