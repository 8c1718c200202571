"""Rules: what decides beside the words and the model, each with one sentence of why that people read."""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from shared.contracts import CaseKind, Channel, OwnerKind
from shared.contracts.channel import Code
from shared.municipality.base import Record, Text
from shared.municipality.topics import Phrase

PRIORITY = 50  # of a rule that says none
Weekday = Annotated[int, Field(ge=1, le=7)]
Certainty = Literal["high", "medium", "low"]


class Days(StrEnum):
    """What kind of day it is, by the municipality's calendar; half days are working days."""

    WORKING = "working"
    OFF = "off"


class Office(StrEnum):
    """Whether the municipality is at work: from the day's first opening to its last closing, lunch included."""

    OPEN = "open"
    CLOSED = "closed"


class OwnerOf(StrEnum):
    """An owner that follows from the place rather than from the rule."""

    DISTRICT = "district"  # the municipality of the neighbouring district the place lies in
    KEEPER = "keeper"  # who keeps the street the place lies at


class TimeSpan(Record):
    """Local time from `start` until just before `end`; over midnight when it starts after its end."""

    start: time
    end: time

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"starts and ends at {self.start:%H:%M}, so it never holds")
        return self

    def holds(self, moment: time) -> bool:
        """Whether the local time lies in it."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


class Range(Record):
    """A confidence from `least` until just below `below`."""

    least: float = Field(0.0, ge=0, le=1)
    below: float = Field(1.01, gt=0, le=1.01)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.least >= self.below:
            raise ValueError(f"least {self.least} is not below {self.below}, so it never holds")
        return self


class When(Record):
    """What must be so for a rule to apply: every field that is given, each by one of its values.

    `topics` is what the case is about first, `mentions` also what its words only touch; both take codes of topics and
    of their groups. `owners` is who would have the case without rules. Phrases are those of `shared.phrases`.
    Fields of time hold for no case whose time is unknown.
    """

    topics: tuple[Code, ...] = ()
    mentions: tuple[Code, ...] = ()
    owners: tuple[Code, ...] = ()
    owner_kinds: tuple[OwnerKind, ...] = ()
    kinds: tuple[CaseKind, ...] = ()
    levels: tuple[Code, ...] = ()
    any_of: tuple[Phrase, ...] = ()
    all_of: tuple[Phrase, ...] = ()
    none_of: tuple[Phrase, ...] = ()
    between: tuple[TimeSpan, ...] = ()
    weekdays: tuple[Weekday, ...] = Field((), description="1 is Monday (ISO 8601)")
    days: Days | None = None
    office: Office | None = None
    neighbourhoods: tuple[Code, ...] = ()
    outside: bool | None = Field(None, description="the place lies outside the district")
    keepers: tuple[Code, ...] = Field((), description="who keeps the street, by road_keepers.csv")
    keeper_certainty: tuple[Certainty, ...] = Field((), description="how sure it is that they do, as it says there")
    landmarks: tuple[Code, ...] = Field((), description="the landmark the place lies at, by landmarks.csv")
    channels: tuple[Channel, ...] = ()
    confidence: Range | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("asks nothing, so it would decide every case; give it a condition")
        empty = [name for name in self.model_fields_set if getattr(self, name) == ()]
        if empty:
            raise ValueError(f"{', '.join(sorted(empty))} is an empty list, so it never holds")
        return self


class Then(Record):
    """What a rule brings about. Owner, topic, level and the rest are each decided by the first rule that applies."""

    owner: Code | None = None
    owner_of: OwnerOf | None = None
    topic: Code | None = None
    also: tuple[Code, ...] = Field((), description="further departments the message concerns")
    also_proposed: bool = Field(False, description="who would have had the case stays concerned")
    level: Code | None = Field(None, description="raised to this degree of urgency, never lowered")
    person: bool = Field(False, description="a person at the solution centre decides; the rule's name says why")
    split: bool = Field(False, description="a person is asked whether to make one case for each department")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.effects:
            raise ValueError("brings nothing about; give it an owner, topic, also, level, person or split")
        if self.owner and self.owner_of:
            raise ValueError("has both `owner` and `owner_of`; keep one")
        return self

    @property
    def effects(self) -> frozenset[str]:
        """The names of what it decides; `owner_of` decides the owner too, `also_proposed` the further departments."""
        given = {"owner": self.owner or self.owner_of, "also": self.also or self.also_proposed}
        given |= {name: getattr(self, name) for name in ("topic", "level", "person", "split")}
        return frozenset(name for name, value in given.items() if value)


class Rule(Record):
    """One rule; lower `priority` is asked first, equal ones in the order of the file.

    `certain`: the owner it gives needs no person although words and model are unsure.
    `source` says where the rule is from, `certainty` how sure that is: what is not high has to be confirmed.
    """

    id: Code
    name: Text
    name_en: Text
    when: When
    then: Then
    priority: PositiveInt = PRIORITY
    certain: bool = False
    source: Text
    certainty: Certainty

    @model_validator(mode="after")
    def _certain_of_an_owner(self) -> Self:
        if self.certain and "owner" not in self.then.effects:
            raise ValueError("is certain of no owner; give it one, or remove `certain`")
        if self.certain and self.then.person:
            raise ValueError("is certain and asks a person; keep one")
        return self

    def name_in(self, language: str) -> str:
        """The sentence a reader of `language` sees; Turkish for every language but English."""
        return self.name_en if language == "en" else self.name


class RoadKeeper(Record):
    """Who keeps a street (surface, pavement, sweeping, crossings) where it is not the district municipality."""

    name: Text
    type: Text
    keeper: Code
    source: Text
    certainty: Certainty
