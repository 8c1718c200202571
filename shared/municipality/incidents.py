"""Which topics can be one problem told by many, and how near two reports must be to be taken for one."""

from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.contracts.channel import Code
from shared.municipality.base import Named, Record

Share = Annotated[float, Field(ge=0, le=1)]


class Reach(Record):
    """How far apart two reports of one problem may be, and how sure the router must be to act on it.

    `prior` (log-odds) is how much likelier than in the log the weights were learned from two reports this near are
    one problem. From `join` on a report is gathered by itself (1: only a person gathers), from `propose` on it is
    shown to a person. `whole_neighbourhood`: the problem is as large as a neighbourhood, so that two reports which
    name no more than that may be one. `after_close_hours`: how long a closed one is still worth mentioning.
    """

    radius_metres: int = Field(ge=10, le=3000)
    window_hours: int = Field(ge=1, le=2400)
    prior: float = Field(0.0, ge=-5, le=5)
    join: Share
    propose: Share
    whole_neighbourhood: bool = False
    after_close_hours: int = Field(48, ge=0, le=720)

    @model_validator(mode="after")
    def _propose_before_joining(self) -> Self:
        if self.propose >= self.join:
            raise ValueError(f"propose ({self.propose}) must be below join ({self.join})")
        return self


class IncidentGroup(Named, Reach):
    """Topics that may be words for one and the same problem, with their reach."""

    topics: tuple[Code, ...] = Field(min_length=1)


class Incidents(Record):
    """All groups; a topic in none of them is never gathered (a marriage appointment, social aid, a tax).

    `other` is the reach for lists of cases with topics that are not ours (`ilkim route --duplicates`).
    """

    groups: tuple[IncidentGroup, ...] = ()
    other: Reach

    def group_of(self, topic: str | None) -> IncidentGroup | None:
        """The group a topic belongs to; None: cases of this topic are never gathered."""
        return self._groups.get(topic or "")

    @cached_property
    def _groups(self) -> dict[str, IncidentGroup]:
        return {topic: group for group in self.groups for topic in group.topics}
