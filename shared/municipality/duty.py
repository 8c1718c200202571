"""Who is on duty for a department outside its office hours, and after how long the next one is called."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from shared.contracts.channel import Code
from shared.municipality.base import Record, Text
from shared.municipality.escalation import Minutes

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
Weekday = Annotated[int, Field(ge=1, le=7)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{7,14}$")]


class Shift(Record):
    """A duty (nöbet) of a department: a role (`name`), never a person's name, and the number it is called by.

    From `start` to `end`, local time; an end that is not after the start lies on the next day. `weekdays` and the days
    from `first_day` to `last_day` are those on which it starts; 1 is Monday (ISO 8601).
    """

    department: Code
    name: Text
    name_en: Text
    phone: Phone
    start: time
    end: time
    weekdays: tuple[Weekday, ...] = Field(EVERY_DAY, min_length=1)
    first_day: date | None = None
    last_day: date | None = None

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"ends on {self.last_day}, before it begins on {self.first_day}")
        return self

    @property
    def is_dated(self) -> bool:
        """Whether it stands for certain days: those go before the weekly ones."""
        return self.first_day is not None or self.last_day is not None

    def holds(self, local: datetime) -> bool:
        """Whether it is under way at this local time."""
        day, clock = local.date(), local.time()
        if self.start < self.end:
            return self.start <= clock < self.end and self._starts_on(day)
        if clock >= self.start:
            return self._starts_on(day)
        return clock < self.end and self._starts_on(day - timedelta(days=1))

    def _starts_on(self, day: date) -> bool:
        begun = self.first_day is None or self.first_day <= day
        return begun and (self.last_day is None or day <= self.last_day) and day.isoweekday() in self.weekdays


class Duty(Record):
    """What stands in duty.toml."""

    next_after_minutes: Minutes
    shifts: tuple[Shift, ...] = ()

    def has_roster(self, department: str) -> bool:
        """Whether anybody is ever on duty there."""
        return any(shift.department == department for shift in self.shifts)

    def on_duty(self, department: str, local: datetime) -> tuple[Shift, ...]:
        """Who is called at this local time, in order: dated shifts before weekly ones, each number once."""
        holding = [shift for shift in self.shifts if shift.department == department and shift.holds(local)]
        holding.sort(key=lambda shift: not shift.is_dated)
        once: dict[str, Shift] = {}
        for shift in holding:
            once.setdefault(shift.phone, shift)
        return tuple(once.values())
