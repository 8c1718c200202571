"""What may be asked of the figures, and what is answered; whoever draws, prints or exports them knows only this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

BY_MAX: Final = 2


class Axis(StrEnum):
    """What cases are told apart by. Its values are codes as text; empty text: not known."""

    DAY = "day"  # of opening, ISO, in the municipality's zone
    MONTH = "month"  # of opening, its first day, ISO
    HOUR = "hour"  # of the week at opening: "0" (Monday 0.00 to 0.59) to "167"
    CHANNEL = "channel"
    OWNER = "owner"
    OWNER_KIND = "owner_kind"
    NEIGHBOURHOOD = "neighbourhood"
    TOPIC = "topic"
    KIND = "kind"
    URGENCY = "urgency"
    STATE = "state"
    OUTCOME = "outcome"
    SOURCE = "source"  # the import a case came with; empty text: our own

    @property
    def is_time(self) -> bool:
        """Whether the period bounds it; such an axis is not filtered by."""
        return self in (Axis.DAY, Axis.MONTH)


class Clock(StrEnum):
    """What is timed of a case, from its opening on."""

    ANSWER = "answer"  # until its citizen was first told more than that it was received
    CLOSING = "closing"  # until it was closed, the last time


class UnfitQuestion(ValueError):
    """Raised for what cannot be asked; says what can."""


@dataclass(frozen=True, slots=True)
class Question:
    """Of the cases opened between two days (None: open-ended): how many, told apart by up to two axes.

    `where`: only cases with these values.
    """

    first: date | None = None
    last: date | None = None
    by: tuple[Axis, ...] = ()
    where: Mapping[Axis, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.by) > BY_MAX or len(set(self.by)) < len(self.by):
            raise UnfitQuestion(f"`by` takes up to {BY_MAX} different axes: {', '.join(Axis)}")
        if any(axis.is_time for axis in self.where):
            raise UnfitQuestion("a day or a month is not filtered by: give `from` and `to`")


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases, and how many of them are ...; all sums, so that rows may be added up."""

    cases: int = 0
    closed: int = 0
    answered: int = 0  # their citizen was told more than that it was received
    due: int = 0  # had a target
    on_time: int = 0  # had a target, and were closed by then
    late: int = 0  # had a target, and were closed after it
    legal_on_time: int = 0
    legal_late: int = 0
    returned: int = 0  # at least once
    reopened: int = 0  # at least once
    duplicates: int = 0  # follow another case

    @property
    def open(self) -> int:
        """Not closed yet."""
        return self.cases - self.closed

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in Counts.__slots__))


@dataclass(frozen=True, slots=True)
class Row:
    """What is counted for one value of each axis asked by."""

    values: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Spread:
    """How long it took, for one value of each axis asked by, in hours; from a sketch that is right within 1 %.

    The median of an even number is the mean of the middle two. p90 is the first time that more than nine in ten cases
    did not exceed.
    """

    values: tuple[str, ...]
    cases: int
    median_hours: float
    p90_hours: float


@dataclass(frozen=True, slots=True)
class ExactSpread:
    """The same to the second, from every case there is: as slow as they are many.

    Times below zero count as they are; `below_zero` says how many an old system told so.
    """

    values: tuple[str, ...]
    cases: int
    median_hours: float
    p90_hours: float
    below_zero: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Open cases past their target, and past the law's time, now."""

    values: tuple[str, ...]
    target: int
    legal: int


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as lists and exports show it; nothing of its citizen."""

    case_id: UUID
    number: str
    day: date
    opened_at: datetime
    channel: str
    owner: str
    owner_kind: str
    neighbourhood: str
    topic: str
    kind: str
    urgency: str
    state: str
    outcome: str
    source: str
    due_at: datetime | None
    legal_due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    on_time: bool | None
    returns: int
    reopened: int
