"""Time as an office counts it: working days and hours on a calendar, days and months on the wall."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, assert_never

from shared.municipality import Calendar, Target, TargetUnit

DAYS_MAX: Final = 800
OFFICE_UNITS: Final = frozenset({TargetUnit.WORKING_HOURS, TargetUnit.WORKING_DAYS})
_DAY: Final = timedelta(days=1)
_NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The office hours of a calendar as moments (UTC) in a time zone."""

    calendar: Calendar
    zone: tzinfo

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is at work then."""
        return any(start <= at < end for start, end in self._spans(at.astimezone(self.zone).date()))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much of that time was worked."""
        if self.calendar.always_open:
            return max(end - start, _NOTHING)
        day, last, worked = start.astimezone(self.zone).date(), end.astimezone(self.zone).date(), _NOTHING
        while day <= last:
            for opens, closes in self._spans(day):
                worked += max(min(closes, end) - max(opens, start), _NOTHING)
            day += _DAY
        return worked

    def after(self, start: datetime, amount: timedelta) -> datetime:
        """When so much has been worked. Raises ValueError for more than `DAYS_MAX` days hold."""
        if amount == _NOTHING or self.calendar.always_open:
            return start + amount
        for day in self._days_from(start):
            for opens, closes in self._spans(day):
                begun = max(opens, start)
                if closes - begun >= amount:
                    return begun + amount
                amount -= max(closes - begun, _NOTHING)
        raise ValueError(f"not so many office hours within {DAYS_MAX} days: check the calendar")

    def end_of_day(self, start: datetime, working_days: int) -> datetime:
        """When the office closes on that working day, the first being the next after `start`.

        Raises ValueError for more than `DAYS_MAX` days hold.
        """
        days = self._days_from(start)
        next(days)
        for day in days:
            working_days -= self.calendar.is_working_day(day)
            if working_days == 0:
                return self._spans(day)[-1][1]
        raise ValueError(f"not so many working days within {DAYS_MAX} days: check the calendar")

    def same_time(self, start: datetime, working_days: int) -> datetime:
        """The same time of the day (of `zone`) so many working days later, the first being the next after `start`.

        Raises ValueError for more than `DAYS_MAX` days hold.
        """
        here = start.astimezone(self.zone)
        days = self._days_from(start)
        next(days)
        while working_days:
            day = next(days, None)
            if day is None:
                raise ValueError(f"not so many working days within {DAYS_MAX} days: check the calendar")
            here = here.replace(year=day.year, month=day.month, day=day.day)
            working_days -= self.calendar.is_working_day(day)
        return here

    def _days_from(self, start: datetime) -> Iterator[date]:
        first = start.astimezone(self.zone).date()
        return (first + timedelta(days=number) for number in range(DAYS_MAX))

    def _spans(self, day: date) -> list[tuple[datetime, datetime]]:
        if self.calendar.always_open:
            return [(self._moment(day, time.min), self._moment(day + _DAY, time.min))]
        return [(self._moment(day, span.start), self._moment(day, span.end)) for span in self.calendar.spans(day)]

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)


def counted(start: datetime, target: Target, working: WorkingTime) -> datetime:
    """When the target ends (UTC), counted from `start` without any pause.

    Minutes and hours pass on the clock. Days and months end at the same time of the day, whatever summer time does;
    a month ends on its last day where it has no such day. Working hours pass in office time. Working days begin the
    day after, as the law counts days (Code of Obligations 6098, article 92), and end when the office closes.
    """
    amount = target.amount
    match target.unit:
        case TargetUnit.MINUTES:
            return start + timedelta(minutes=amount)
        case TargetUnit.HOURS:
            return start + timedelta(hours=amount)
        case TargetUnit.DAYS:
            local = start.astimezone(working.zone)
            return _on_the_wall(local, local.date() + timedelta(days=amount))
        case TargetUnit.MONTHS:
            local = start.astimezone(working.zone)
            return _on_the_wall(local, _months_later(local.date(), amount))
        case TargetUnit.WORKING_HOURS:
            return working.after(start, timedelta(hours=amount))
        case TargetUnit.WORKING_DAYS:
            return working.end_of_day(start, amount)
        case _:
            assert_never(target.unit)


def _on_the_wall(local: datetime, day: date) -> datetime:
    return datetime.combine(day, local.time(), tzinfo=local.tzinfo).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
