"""What every handler of the router decides by: the municipality, what is known, and the codes of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.router.domain.clock import earliest_due
from services.router.domain.decision import Report
from services.router.domain.knowledge import Knowledge
from shared.contracts import CaseOpened, OwnerKind
from shared.municipality import Municipality


@dataclass(frozen=True)
class Ground:
    """What a version of the folder says; replaced as a whole when the folder changes."""

    place: Municipality
    knowledge: Knowledge

    def due(self, opened_at: datetime, topic: str | None, level: str | None) -> datetime | None:
        """By the topic's target or the level's, whichever is earlier; None: neither is known, or any more."""
        by_topic = self.place.topic(topic).target if topic and topic in self.topics else None
        targets = [by_topic, self.place.target_of(level)]
        return earliest_due(opened_at, targets, self.place.calendar, self.place.zone)

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
