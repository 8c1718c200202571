"""When a report is due, and about which days: pure, from the clock alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.municipality import Every, ScheduledReport

# What is later than this tells nobody anything new: a process that was away so long leaves the period out.
LATE_MAX: Final[Mapping[Every, timedelta]] = {
    Every.DAY: timedelta(hours=20),
    Every.WEEK: timedelta(days=3),
    Every.MONTH: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Days of opening, both inclusive."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """As many days just before; of a whole month the month before."""
        last = self.first - timedelta(days=1)
        is_month = self.first.day == 1 and (self.last + timedelta(days=1)).day == 1 and self.first != self.last
        return Period(last.replace(day=1) if is_month else last - (self.last - self.first), last)


def due(report: ScheduledReport, now: datetime, zone: ZoneInfo) -> Period | None:
    """The period whose report should have gone out by now; None: none, or it is too late for it."""
    today = now.astimezone(zone).date()
    for following in (
        _start(report.every, today),
        _start(report.every, _start(report.every, today) - timedelta(days=1)),
    ):
        sent_from = datetime.combine(following, report.at, zone)
        if now >= sent_from:
            is_late = now - sent_from > LATE_MAX[report.every]
            last = following - timedelta(days=1)
            return None if is_late else Period(_start(report.every, last), last)
    return None


def _start(every: Every, day: date) -> date:
    """The first day of the day's, week's or month's days."""
    match every:
        case Every.DAY:
            return day
        case Every.WEEK:
            return day - timedelta(days=day.weekday())
        case Every.MONTH:
            return day.replace(day=1)
