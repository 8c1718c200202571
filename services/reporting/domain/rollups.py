"""Which sums are kept ready: for days, months and years, of all cases, along each axis and along each two axes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from itertools import combinations
from typing import Final

from services.reporting.domain.asking import Axis, Question

# In this order for ever: the place of an axis is its bit in a key of stored sums. A new axis comes last.
AXES: Final = (
    Axis.HOUR,
    Axis.CHANNEL,
    Axis.OWNER,
    Axis.OWNER_KIND,
    Axis.NEIGHBOURHOOD,
    Axis.TOPIC,
    Axis.KIND,
    Axis.URGENCY,
    Axis.STATE,
    Axis.OUTCOME,
    Axis.SOURCE,
)
# The axes the bulletin's rules may ask for, all at once.
BULLETIN_AXES: Final = (
    Axis.CHANNEL,
    Axis.OWNER,
    Axis.OWNER_KIND,
    Axis.NEIGHBOURHOOD,
    Axis.STATE,
    Axis.OUTCOME,
)
AXES_MAX: Final = 2


class Grain(IntEnum):
    """How long a span is that a sum is kept for."""

    DAY = 1
    MONTH = 2
    YEAR = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A set of axes, in the order of `AXES`, whose sums are kept."""

    axes: tuple[Axis, ...]

    @property
    def key(self) -> int:
        """What it is stored under; 0: all cases."""
        return sum(1 << AXES.index(axis) for axis in self.axes)

    @property
    def by_day(self) -> bool:
        """Kept for days too. With the hour and another axis there would be about as many sums as cases."""
        return Axis.HOUR not in self.axes or len(self.axes) == 1

    @property
    def has_durations(self) -> bool:
        """Durations are kept too, for months and years: of all, along each axis, and along each with the owner."""
        return Axis.HOUR not in self.axes and (len(self.axes) < AXES_MAX or Axis.OWNER in self.axes)

    @property
    def has_durations_by_day(self) -> bool:
        """Of all, and along each axis, for days too."""
        return self.has_durations and len(self.axes) < AXES_MAX


KEPT: Final = tuple(Kept(axes) for count in range(AXES_MAX + 1) for axes in combinations(AXES, count))
TOTAL: Final = KEPT[0]


def kept_for(question: Question) -> Kept | None:
    """The sums that answer it; None: it tells apart, and filters by, more axes at once than are kept."""
    asked = {axis for axis in (*question.by, *question.where) if not axis.is_time}
    return Kept(tuple(axis for axis in AXES if axis in asked)) if len(asked) <= AXES_MAX else None


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days, months or years from `first` to the end of `last`."""

    grain: Grain
    first: date
    last: date


def cover(question: Question) -> list[Span]:
    """The period in as few spans as there can be, in order, each day once; an open end is the end of time."""
    grains = [Grain.YEAR, Grain.MONTH, Grain.DAY]
    if Axis.DAY in question.by:
        grains = [Grain.DAY]
    elif Axis.MONTH in question.by:
        grains = [Grain.MONTH, Grain.DAY]
    return list(_cover(question.first or date.min, question.last or date.max, grains))


def _cover(first: date, last: date, grains: Sequence[Grain]) -> Iterable[Span]:
    if first > last:
        return
    grain, *finer = grains
    inner = _whole(first, last, grain)
    if inner is None:
        yield from _cover(first, last, finer)
        return
    if inner.first > first:
        yield from _cover(first, inner.first - timedelta(days=1), finer)
    yield inner
    if inner.last < last:
        yield from _cover(inner.last + timedelta(days=1), last, finer)


def _whole(first: date, last: date, grain: Grain) -> Span | None:
    """The whole spans between two days; None: there is none."""
    start, end = _start(first, grain), _end(last, grain)
    if start is None or end is None or start > end:
        return None
    return Span(grain, start, end)


def _start(day: date, grain: Grain) -> date | None:
    """The first start of a span on that day or after it."""
    if grain is Grain.DAY or _start_of(day, grain) == day:
        return day
    after = _last_of(day, grain)
    return after + timedelta(days=1) if after < date.max else None


def _end(day: date, grain: Grain) -> date | None:
    """The last end of a span on that day or before it."""
    if grain is Grain.DAY or _last_of(day, grain) == day:
        return day
    start = _start_of(day, grain)
    return start - timedelta(days=1) if start > date.min else None


def _start_of(day: date, grain: Grain) -> date:
    return day.replace(day=1) if grain is Grain.MONTH else day.replace(month=1, day=1)


def _last_of(day: date, grain: Grain) -> date:
    if grain is Grain.YEAR or day.month == 12:
        return day.replace(month=12, day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)
