"""Opened cases get an owner and a due time, or join an incident."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.router import sightings, store
from services.router.counting import count
from services.router.domain import following, life
from services.router.domain.asking import split
from services.router.domain.decision import Decision, decide_many
from services.router.domain.entered import honour
from services.router.domain.facts import assigned
from services.router.domain.gathering import entrust, joining
from services.router.domain.life import Case
from services.router.gathering import Found, Opening, look
from services.router.handlers.ground import Ground, report_of
from services.router.handlers.telling import Offerer, grown, tell
from shared.contracts import CaseEvent, CaseOpened, CaseState, IncidentGrew
from shared.messaging import Unit, envelopes
from shared.messaging.topology import DESK


@dataclass(frozen=True)
class Opener:
    """Gives every opened case an owner and a due time; none is ever ownerless."""

    ground: Ground
    offerer: Offerer

    async def open(self, unit: Unit, opened: Sequence[CaseOpened]) -> None:
        own = decide_many([report_of(event) for event in opened], self.ground.knowledge)
        decisions = [
            honour(event.decided, decision, self.ground.knowledge, self.ground.topics, self.ground.neighbourhoods)
            for event, decision in zip(opened, own, strict=True)
        ]
        openings = [
            Opening(event, self._case(event, decision), decision)
            for event, decision in zip(opened, decisions, strict=True)
        ]
        looked = await look(
            unit.connection, openings, self.ground.place.incidents, self.ground.knowledge.matcher, datetime.now(UTC)
        )
        cases = {opening.case.id: opening.case for opening in openings} | looked.heads
        facts: list[CaseEvent] = []
        for opening, found in zip(openings, looked.found, strict=True):
            if found.head:
                cases[opening.case.id], steps, growth = self._gathered(opening, cases[found.head], found)
                unit.publish(grown((cases[found.head], growth)))
            else:
                fact = assigned(opening.case, opening.event, opening.decision)
                steps = [fact]
                unit.publish(
                    self.offerer.offer(opening.case, opening.event, fact, opening.decision, similar=found.similar)
                )
            facts += steps
        await store.add_cases(unit.connection, [cases[opening.case.id] for opening in openings])
        await store.add_history(unit.connection, [*opened, *facts])
        if looked.seen:
            await sightings.remember(unit.connection, looked.seen)
        await count(unit, facts)
        unit.publish(*tell(facts, cases, self.ground))
        asked = [split(opening.event, cases[opening.case.id], opening.decision) for opening in openings]
        unit.publish(*envelopes(DESK, "tasks", [task for task in asked if task]))

    def _gathered(self, opening: Opening, head: Case, found: Found) -> tuple[Case, list[CaseEvent], IncidentGrew]:
        """The case as it goes with another from the start: no task of its own, one more report of that one."""
        event = opening.event
        case = entrust(opening.case, head)
        case = replace(
            case, due_at=case.due_at or self.ground.due(case.opened_at, case.topic, case.urgency, case.owner)
        )
        first = assigned(case, event, joining(opening.decision, case, head, found.confidence))
        case, facts = following.gather(case, head, event, len(found.tellers), found.confidence, "router")
        return case, [first, *facts], following.grew(head, case, event, event, found.tellers)

    def _case(self, event: CaseOpened, decision: Decision) -> Case:
        version = event.version + 1
        urgent = decision.lane == "urgent" or event.lane == "urgent"
        return Case(
            id=event.case_id,
            number=event.number,
            version=version,
            state=CaseState.ROUTED,
            owner=decision.owner,
            owner_kind=decision.owner_kind,
            assignment_id=life.assignment_id(event.case_id, event.occurred_at, version),
            opened_at=event.occurred_at,
            lane="urgent" if urgent else "routine",
            contact_id=event.contact_id,
            person_id=event.person_id,
            channel=event.channel,
            account=event.account,
            language=event.language,
            trace_id=event.trace_id,
            topic=decision.topic,
            neighbourhood=decision.neighbourhood,
            kind=decision.kind,
            urgency=decision.level,
            due_at=self.ground.due(event.occurred_at, decision.topic, decision.level, decision.owner),
            changed_version=version,
        )
