"""Who is told when a case is due soon or late, and what is done when an owner gives no receipt."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from shared.contracts import Lane
from shared.municipality.base import Named, Record

HOURS_MAX = 24 * 90
MINUTES_MAX = 24 * 60
Hours = Annotated[int, Field(ge=1, le=HOURS_MAX)]
Minutes = Annotated[int, Field(ge=1, le=MINUTES_MAX)]


class Told(StrEnum):
    """Who hears of a step."""

    OWNER = "owner"  # in their own queue
    CENTRE = "centre"  # as a task for a person


class EscalationStep(Named):
    """A moment of a clock, and who hears of it; exactly one of the three says when."""

    clock: Literal["service", "legal"]
    lanes: tuple[Lane, ...] = Field(min_length=1)
    used_percent: int | None = Field(None, ge=1, le=100, description="of the time it has; 100 is the due moment")
    hours_before: Hours | None = None
    hours_after: Hours | None = None
    tell: tuple[Told, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if sum(when is not None for when in (self.used_percent, self.hours_before, self.hours_after)) != 1:
            raise ValueError("wants exactly one of used_percent, hours_before and hours_after")
        return self


class ReceiptRules(Record):
    """After how long without `accepted` a case goes into its owner's queue again, and how often."""

    minutes_urgent: Minutes
    minutes: Minutes
    again_minutes: Minutes
    times_max: Annotated[int, Field(ge=1, le=10)]
    together_max: PositiveInt

    def first_minutes(self, lane: Lane) -> int:
        """How long an owner has to say that it has a case of this lane."""
        return self.minutes_urgent if lane == "urgent" else self.minutes


class Escalation(Record):
    """What stands in escalation.toml."""

    receipt: ReceiptRules
    steps: tuple[EscalationStep, ...]
