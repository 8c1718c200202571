"""When the municipality works: office hours and holidays."""

from datetime import date, time
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from shared.municipality.base import Record, Text


class Span(Record):
    """Opening hours without a break, local time."""

    start: time
    end: time

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"ends at {self.end:%H:%M}, before it starts at {self.start:%H:%M}")
        return self


class OfficeHours(Record):
    """When one day of the week is worked; 1 is Monday (ISO 8601)."""

    weekday: int = Field(ge=1, le=7)
    spans: tuple[Span, ...] = Field(min_length=1)


class Holiday(Record):
    """A public holiday (Law 2429); a half day (arife) is worked until the calendar's `half_day_ends`."""

    date: date
    name: Text
    name_en: Text
    half_day: bool = False


_WHOLE_DAY = Span(start=time.min, end=time.max)


class Calendar(Record):
    """Office hours and holidays, in the municipality's own time zone; `always_open` knows neither."""

    years: tuple[int, ...] = Field(min_length=1, description="the years whose holidays are complete")
    half_day_ends: time
    office_hours: tuple[OfficeHours, ...] = Field(min_length=1)
    holidays: tuple[Holiday, ...]
    always_open: bool = False

    def spans(self, day: date) -> tuple[Span, ...]:
        """The office hours of a day in order; empty on days off. Outside `years` only weekends are known."""
        if self.always_open:
            return (_WHOLE_DAY,)
        spans = self._spans_by_weekday.get(day.isoweekday(), ())
        holiday = self._holidays_by_date.get(day)
        if holiday is None:
            return spans
        if not holiday.half_day:
            return ()
        end = self.half_day_ends
        return tuple(Span(start=span.start, end=min(span.end, end)) for span in spans if span.start < end)

    def is_working_day(self, day: date) -> bool:
        """Whether the day counts as a working day; half days do."""
        return bool(self.spans(day))

    def with_hours(self, office_hours: tuple[OfficeHours, ...], *, always_open: bool) -> "Calendar":
        """The calendar of a department with hours of its own, or that never closes; the holidays are the same."""
        own = {"office_hours": office_hours or self.office_hours, "always_open": always_open}
        return Calendar(**{name: getattr(self, name) for name in Calendar.model_fields} | own)

    @cached_property
    def _holidays_by_date(self) -> dict[date, Holiday]:
        return {holiday.date: holiday for holiday in self.holidays}

    @cached_property
    def _spans_by_weekday(self) -> dict[int, tuple[Span, ...]]:
        return {hours.weekday: hours.spans for hours in self.office_hours}
