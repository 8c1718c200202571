"""What every handler of the router decides by: the municipality, what is known, and the codes of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.router.domain.decision import Report
from services.router.domain.knowledge import Knowledge
from shared.clocks import Step, WorkingTime, counted, legal_clock
from shared.contracts import CaseKind, CaseOpened, CaseState, OwnerKind
from shared.municipality import Municipality, Target


@dataclass(frozen=True)
class Ground:
    """What a version of the folder says; replaced as a whole when the folder changes."""

    place: Municipality
    knowledge: Knowledge

    def targets(self, topic: str | None, level: str | None) -> tuple[Target, ...]:
        """The topic's and the level's, the earlier counts; none where neither is known, or any more."""
        by_topic = self.place.topic(topic).target if topic and topic in self.topics else None
        return tuple(target for target in (by_topic, self.place.target_of(level)) if target)

    def due(self, started_at: datetime, topic: str | None, level: str | None, owner: str) -> datetime | None:
        """By when the owner should be done, on their own calendar; None: there is no target.

        `started_at` is the opening, or the last reopening.
        """
        working = WorkingTime(self.place.calendar_of(owner), self.place.zone)
        return min((counted(started_at, target, working) for target in self.targets(topic, level)), default=None)

    def legal_due(self, started_at: datetime, kind: CaseKind | None) -> datetime:
        """By when the law wants an answer to a case of that kind that was opened, or reopened, then."""
        opened = Step(1, started_at, CaseState.RECEIVED)
        return legal_clock([opened], kind, self.place.calendar, self.place.zone).due_at

    @cached_property
    def kinds(self) -> Mapping[str, OwnerKind]:
        departments = {department.code: department.kind for department in self.place.departments}
        return departments | {institution.code: institution.kind for institution in self.place.institutions}

    @cached_property
    def topics(self) -> frozenset[str]:
        return frozenset(topic.code for topic in self.place.topics)

    @cached_property
    def neighbourhoods(self) -> frozenset[str]:
        return frozenset(neighbourhood.code for neighbourhood in self.place.neighbourhoods)

    @property
    def centre(self) -> str:
        return self.place.solution_centre.code


def report_of(event: CaseOpened) -> Report:
    """What is decided on."""
    place = event.place
    return Report(
        text=event.text,
        street=place.street,
        neighbourhood=place.neighbourhood,
        latitude=place.latitude,
        longitude=place.longitude,
        occurred_at=event.occurred_at,
        topic=event.topic,
        channel=event.channel,
    )
