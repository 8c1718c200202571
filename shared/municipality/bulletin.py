"""How cases are counted for the press: the bulletin as rules."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Literal, Self, TypeAlias

from pydantic import Field, NonNegativeInt, model_validator

from shared.contracts.channel import Code
from shared.municipality.base import Record, Text


class FactField(StrEnum):
    """What the bulletin may ask of a case."""

    CHANNEL = "channel"
    OWNER = "owner"
    OWNER_KIND = "owner_kind"
    NEIGHBOURHOOD = "neighbourhood"
    STATE = "state"
    OUTCOME = "outcome"


Fact: TypeAlias = Mapping[str, str | None]
"""What is known of one case under the names of `FactField`; a name left out counts as None."""


class Condition(Record):
    """`{field, in = [...]}`: the fact's value is one of these; `{field, known = true}`: it has a value at all."""

    field: FactField
    one_of: tuple[str, ...] | None = Field(None, alias="in", min_length=1)
    known: bool | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.one_of is None) == (self.known is None):
            raise ValueError("needs either `in = [...]` or `known = true`")
        return self

    def matches(self, fact: Fact) -> bool:
        """Pure: the same fact, the same answer."""
        value = fact.get(self.field)
        if self.known is not None:
            return (value is not None) is self.known
        return value in (self.one_of or ())


class Published(Record):
    """What the source printed for the same line; it stands beside ours as the source's and is never summed."""

    cases: NonNegativeInt
    resolved: NonNegativeInt | None = None


class Labelled(Record):
    """A row of the bulletin: every condition in `when` must hold; none means every case."""

    code: Code
    label: Text
    label_en: Text
    when: tuple[Condition, ...] = ()
    published: Published | None = None
    note: str = ""
    note_en: str = ""

    def matches(self, fact: Fact) -> bool:
        """Whether every condition holds. Of a group: the earlier groups must be asked first."""
        return all(condition.matches(fact) for condition in self.when)


class Group(Labelled):
    """A part of the partition; `resolved` says what counts as resolved there."""

    resolved: tuple[Condition, ...] = Field(min_length=1)
    breakdown: FactField | None = None

    def is_resolved(self, fact: Fact) -> bool:
        """Whether a case of this group counts as resolved."""
        return all(condition.matches(fact) for condition in self.resolved)


class Line(Labelled):
    """A figure beside the groups: all cases that match, or of them those (un)resolved in their own group."""

    count: Literal["cases", "resolved", "unresolved"] = "cases"


class Note(Record):
    """A sentence under the bulletin."""

    text: Text
    text_en: Text


class Bulletin(Record):
    """The press bulletin as rules: groups in order, first match wins; lines are sums and never add to the groups.

    `published_from` and `published_to` (both inclusive) are the days that `published` of the rows is about.
    """

    title: Text
    title_en: Text
    source: Text
    published_from: date | None = None
    published_to: date | None = None
    groups: tuple[Group, ...] = Field(min_length=1)
    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()

    def published_for(self, first: date | None, last: date | None) -> Mapping[str, Published]:
        """What was published about exactly these days, by the code of its row; empty for any others."""
        if None in (first, last) or (first, last) != (self.published_from, self.published_to):
            return {}
        return {row.code: row.published for row in (*self.groups, *self.lines) if row.published}

    def group_of(self, fact: Fact) -> Group:
        """The one group a case is counted in; the last group takes what no other does."""
        return next(group for group in self.groups if group.matches(fact))

    def is_resolved(self, fact: Fact) -> bool:
        """Whether the case counts as resolved in its own group."""
        return self.group_of(fact).is_resolved(fact)

    def counts(self, line: Line, fact: Fact) -> bool:
        """Whether the case is one of those the line counts."""
        return line.matches(fact) and (line.count == "cases" or self.is_resolved(fact) is (line.count == "resolved"))
