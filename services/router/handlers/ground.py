"""What every handler of the router decides by: the municipality, what is known, and the codes of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.router.domain.decision import Report
from services.router.domain.knowledge import Knowledge
from services.router.domain.life import Case
from services.router.domain.watch import Clocks
from shared.clocks import Step, WorkingTime, clock, counted, legal_clock
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

    def clocks(self, case: Case, steps: Sequence[Step]) -> Clocks:
        """The clocks of a case with these steps, its owner's target and the law's; without target the law's alone."""
        calendar, zone = self.place.calendar_of(case.owner), self.place.zone
        service = [clock(steps, target, calendar, zone) for target in self.targets(case.topic, case.urgency)]
        legal = legal_clock(steps, case.kind, self.place.calendar, zone)
        return {"legal": legal, **({"service": min(service, key=lambda found: found.due_at)} if service else {})}

    def due_after_waiting(self, case: Case, steps: Sequence[Step], until: datetime) -> datetime | None:
        """By when a case is due that waited for its citizen until then; None: it has no target, or did not wait."""
        if case.state is not CaseState.WAITING_CITIZEN or not steps:
            return None
        service = self.clocks(case, [*steps, Step(case.version + 1, until, CaseState.IN_PROGRESS)]).get("service")
        return service.due_at if service else None

    @cached_property
    def gives_receipts(self) -> frozenset[str]:
        """The owners whose own software says `accepted`; at the desk a person says so, in their own time."""
        desks = {department.code for department in self.place.departments if department.desk}
        return frozenset(self.kinds.keys() - desks)

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
