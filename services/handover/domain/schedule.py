"""When an institution is reminded and when we wait no longer: working days on the municipality's calendar."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.handover.domain.machine import HandOver
from shared.clocks import WorkingTime
from shared.municipality import Calendar, Institution


@dataclass(frozen=True, slots=True)
class Schedule:
    """Counts working days. `day_seconds`: in a trial, how long each of them is; None: as the calendar says."""

    calendar: Calendar
    zone: ZoneInfo
    day_seconds: float | None = None

    def after(self, moment: datetime, days: int) -> datetime:
        """The same time of day so many working days later; the day of `moment` itself does not count."""
        if self.day_seconds is not None:
            return moment + timedelta(seconds=days * self.day_seconds)
        return WorkingTime(self.calendar, self.zone).same_time(moment, days)

    def next_look(self, handover: HandOver, institution: Institution, counted_from: datetime) -> datetime:
        """When the next reminder is due, or after the last of them the end of our waiting."""
        days = (*institution.chase_days, institution.answer_days)
        return self.after(counted_from, days[min(handover.reminders, len(days) - 1)])

    def answer_by(self, institution: Institution, counted_from: datetime) -> datetime:
        """By when they are asked to answer."""
        return self.after(counted_from, institution.answer_days)
