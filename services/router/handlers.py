"""One short function per message: read it, ask the domain, tell the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

import structlog

from services.router import store
from services.router.counting import count
from services.router.domain import life
from services.router.domain.asking import split
from services.router.domain.clock import earliest_due
from services.router.domain.decision import Decision, Report, decide, decide_many
from services.router.domain.entered import honour
from services.router.domain.knowledge import Knowledge
from services.router.domain.life import Case, Verdict
from services.router.domain.returning import decided_by_a_person, proposed_by, weighed_again
from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseKind,
    CaseOpened,
    CaseProgressed,
    CaseReturned,
    CaseState,
    CitizenAdded,
    CitizenAsked,
    ContactJoined,
    Message,
    OwnerKind,
    Proposal,
    Why,
)
from shared.explaining import sentences
from shared.ids import derived_id
from shared.messaging import Outgoing, Unit, envelopes, single
from shared.messaging.topology import DEPARTMENTS, DESK, EVENTS, LANES, owner_queue
from shared.municipality import Municipality
from shared.names import Names

log = structlog.get_logger()

# The steps a citizen may be told of.
TOLD: Final = (CaseForwarded, CaseAsked, CaseClosed)


@dataclass(frozen=True)
class Router:
    """What the handlers work with; built once in `app.py`."""

    place: Municipality
    knowledge: Knowledge

    async def take_cases(self, unit: Unit, events: Sequence[Message]) -> None:
        """Give every opened case an owner and a due time; pass on what citizens add to their cases."""
        opened = [event for event in events if isinstance(event, CaseOpened)]
        if opened:
            await self._assign(unit, opened)
        joined = [event for event in events if isinstance(event, ContactJoined)]
        if joined:
            await self._join(unit, joined)

    async def take_answers(self, unit: Unit, events: Sequence[Message]) -> None:
        """Move cases as their owners say, each answer once, late and repeated ones without effect."""
        answers = [event for event in events if isinstance(event, Answer)]
        cases = await store.lock_cases(unit.connection, {answer.case_id for answer in answers})
        facts: list[CaseEvent] = []
        assigned: list[tuple[Case, CaseAssigned, AssignmentReturned | None]] = []
        for answer in answers:
            case = cases.get(answer.case_id)
            reason = "no such case" if case is None else self._objection(case, answer)
            if case is None or reason:
                if reason not in (Verdict.REPEATED, Verdict.STALE):
                    await unit.shelve(answer, f"answer not allowed: {reason}")
                log.info("answer_passed_over", case_id=str(answer.case_id), answer=answer.type, reason=reason)
                continue
            cases[case.id], steps = self._apply(case, answer)
            facts += steps
            returned = answer if isinstance(answer, AssignmentReturned) else None
            assigned += [(cases[case.id], fact, returned) for fact in steps if isinstance(fact, CaseAssigned)]
        moved = [cases[case_id] for case_id in {fact.case_id for fact in facts}]
        await store.save_cases(unit.connection, moved)
        await store.add_history(unit.connection, facts)
        await count(unit, facts)
        said = await store.opened(unit.connection, {case.id for case, _, _ in assigned})
        unit.publish(*_tell(facts, cases))
        unit.publish(*(self._offer_again(case, said[case.id], fact, returned) for case, fact, returned in assigned))

    async def _assign(self, unit: Unit, opened: Sequence[CaseOpened]) -> None:
        own = decide_many([report_of(event) for event in opened], self.knowledge)
        decisions = [
            honour(event.decided, decision, self.knowledge, self._topics, self._neighbourhoods)
            for event, decision in zip(opened, own, strict=True)
        ]
        cases = [self._case(event, decision) for event, decision in zip(opened, decisions, strict=True)]
        facts = [_assigned(case, event, by) for case, event, by in zip(cases, opened, decisions, strict=True)]
        await store.add_cases(unit.connection, cases)
        await store.add_history(unit.connection, [*opened, *facts])
        await count(unit, facts)
        unit.publish(*_tell(facts, {case.id: case for case in cases}))
        unit.publish(
            *(
                self._offer(case, event, fact, decision)
                for case, event, fact, decision in zip(cases, opened, facts, decisions, strict=True)
            )
        )
        asked = [split(event, case, by) for event, case, by in zip(opened, cases, decisions, strict=True)]
        unit.publish(*envelopes(DESK, "tasks", [task for task in asked if task]))

    async def _join(self, unit: Unit, joined: Sequence[ContactJoined]) -> None:
        """The owner hears what the citizen added; a case that waited for the citizen goes on."""
        cases = await store.lock_cases(unit.connection, {event.case_id for event in joined})
        facts: list[CaseEvent] = []
        for event in joined:
            case = cases.get(event.case_id)
            if case is None:
                unit.postpone(event, "the case is not here yet")
                continue
            if case.state is CaseState.WAITING_CITIZEN:
                cases[case.id] = case = life.progress(case)
                facts.append(CaseProgressed(**_common(case, event), assignment_id=case.assignment_id))
            unit.publish(_addition(case, event))
        await store.save_cases(unit.connection, [cases[fact.case_id] for fact in facts])
        await store.add_history(unit.connection, facts)
        unit.publish(*_tell(facts, cases))

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
            due_at=self._due(event.occurred_at, decision.topic, decision.level),
        )

    def _due(self, opened_at: datetime, topic: str | None, level: str | None) -> datetime | None:
        """By the topic's target or the level's, whichever is earlier; None: neither is known, or any more."""
        by_topic = self.place.topic(topic).target if topic and topic in self._topics else None
        targets = [by_topic, self.place.target_of(level)]
        return earliest_due(opened_at, targets, self.place.calendar, self.place.zone)

    def _objection(self, case: Case, answer: Answer) -> str | None:
        """Why the answer is not applied: the life of a case forbids it, or it names what nobody knows."""
        if isinstance(answer, AssignmentDecided):
            if answer.decided_owner not in self._kinds:
                return f"no owner is called {answer.decided_owner}"
            if answer.topic is not None and answer.topic not in self._topics:
                return f"no topic is called {answer.topic}"
            if answer.neighbourhood is not None and answer.neighbourhood not in self._neighbourhoods:
                return f"no neighbourhood has the id {answer.neighbourhood}"
        return life.judge(case, answer)

    def _apply(self, case: Case, answer: Answer) -> tuple[Case, list[CaseEvent]]:
        """The case after the answer, and the facts that follow. The answer is allowed."""
        match answer:
            case AssignmentAccepted():
                case = life.accept(case)
                kind = CaseForwarded if case.owner_kind is OwnerKind.INSTITUTION else CaseAccepted
                return case, [kind(**_common(case, answer), assignment_id=case.assignment_id)]
            case AssignmentProgressed():
                case = life.progress(case)
                return case, [
                    CaseProgressed(**_common(case, answer), assignment_id=case.assignment_id, note=answer.note)
                ]
            case CitizenAsked():
                case = life.ask(case)
                return case, [
                    CaseAsked(**_common(case, answer), assignment_id=case.assignment_id, question=answer.question)
                ]
            case AssignmentClosed():
                case = life.close(case, answer.outcome)
                return case, [
                    CaseClosed(**_common(case, answer), assignment_id=case.assignment_id, answer=answer.answer)
                ]
            case AssignmentReturned():
                return self._give_back(case, answer)
            case AssignmentDecided():
                topic = answer.topic or case.topic
                place = answer.neighbourhood or case.neighbourhood
                case = life.assign(case, answer.decided_owner, self._kinds[answer.decided_owner], topic, place)
                case = replace(case, due_at=self._due(case.opened_at, topic, case.urgency) or case.due_at)
                return case, [_reassigned(case, answer, f"desk:{answer.by or 'person'}", decided_by_a_person())]
            case _:
                raise TypeError(f"no move for {answer.type}")

    def _give_back(self, case: Case, answer: AssignmentReturned) -> tuple[Case, list[CaseEvent]]:
        returned = life.give_back(case)
        owner = life.next_owner(returned, answer.proposal, self._kinds, self._centre)
        event = CaseReturned(
            **_common(returned, answer),
            assignment_id=case.assignment_id,
            returned_by=case.owner,
            reason=answer.reason,
            proposal=answer.proposal,
        )
        assigned = life.assign(returned, owner, self._kinds[owner], case.topic, case.neighbourhood)
        why = proposed_by(case.owner) if owner != self._centre else None
        return assigned, [event, _reassigned(assigned, answer, f"return:{case.owner}", why)]

    def _offer_again(
        self, case: Case, said: CaseOpened, fact: CaseAssigned, returned: AssignmentReturned | None
    ) -> Outgoing:
        """An offer after the first; the person who decides after a return has proposals and grounds at hand again."""
        if returned is None or case.owner != self._centre:
            return self._offer(case, said, fact, returned=returned)
        decision = weighed_again(decide(report_of(said), self.knowledge), case, returned)
        return self._offer(case, said, fact.model_copy(update={"why": decision.why}), decision, returned)

    def _offer(
        self,
        case: Case,
        said: CaseOpened,
        fact: CaseAssigned,
        decision: Decision | None = None,
        returned: AssignmentReturned | None = None,
    ) -> Outgoing:
        names = Names(self.place)
        offer = AssignmentOffered(
            id=case.assignment_id,
            occurred_at=fact.occurred_at,
            trace_id=case.trace_id,
            assignment_id=case.assignment_id,
            case_id=case.id,
            number=case.number,
            owner=case.owner,
            owner_kind=case.owner_kind,
            lane=case.lane,
            topic=case.topic,
            topic_name=names.topic(case.topic),
            text=said.text,
            place=said.place,
            neighbourhood=case.neighbourhood,
            neighbourhood_name=names.neighbourhood(case.neighbourhood),
            opened_at=case.opened_at,
            due_at=case.due_at,
            language=said.language,
            returns=case.returns,
            returned_by=returned.owner if returned else None,
            returned_because=returned.reason if returned else None,
            kind=case.kind,
            urgency=case.urgency,
            hides_identity=case.kind is CaseKind.TIP,
            proposals=_proposals(decision),
            secondary=fact.secondary,
            reasons=sentences(fact.why, self.place, self.place.default_language, said.text) if fact.why else (),
            why=fact.why,
            attachments=said.attachments,
        )
        return single(DEPARTMENTS, owner_queue(case.owner, case.lane), offer)

    @cached_property
    def _kinds(self) -> Mapping[str, OwnerKind]:
        departments = {department.code: department.kind for department in self.place.departments}
        return departments | {institution.code: institution.kind for institution in self.place.institutions}

    @cached_property
    def _topics(self) -> frozenset[str]:
        return frozenset(topic.code for topic in self.place.topics)

    @cached_property
    def _neighbourhoods(self) -> frozenset[str]:
        return frozenset(neighbourhood.code for neighbourhood in self.place.neighbourhoods)

    @property
    def _centre(self) -> str:
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


def _common(case: Case, cause: Message) -> dict[str, object]:
    """What every fact of a case says; its id follows from the cause, so that a replay yields the same."""
    return {
        "id": derived_id(cause.occurred_at, "case", case.id, case.version, cause.id),
        "occurred_at": cause.occurred_at,
        "trace_id": case.trace_id,
        "case_id": case.id,
        "version": case.version,
        "number": case.number,
        "state": case.state,
        "outcome": case.outcome,
        "owner": case.owner,
        "owner_kind": case.owner_kind,
    }


def _assigned(case: Case, cause: CaseOpened, decision: Decision) -> CaseAssigned:
    return CaseAssigned(
        **_common(case, cause),
        **_assignment(case),
        confidence=round(decision.confidence, 4),
        automatic=decision.automatic,
        decided_by=decision.decided_by,
        secondary=decision.secondary,
        why=decision.why,
    )


def _reassigned(case: Case, cause: Answer, decided_by: str, why: Why | None) -> CaseAssigned:
    return CaseAssigned(
        **_common(case, cause), **_assignment(case), confidence=1, automatic=False, decided_by=decided_by, why=why
    )


def _assignment(case: Case) -> dict[str, object]:
    return {
        "assignment_id": case.assignment_id,
        "contact_id": case.contact_id,
        "person_id": case.person_id,
        "channel": case.channel,
        "account": case.account,
        "language": case.language,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "lane": case.lane,
        "topic": case.topic,
        "neighbourhood": case.neighbourhood,
        "kind": case.kind,
        "urgency": case.urgency,
    }


def _proposals(decision: Decision | None) -> tuple[Proposal, ...]:
    if decision is None or decision.automatic:
        return ()
    return tuple(
        Proposal(owner=row.owner, topic=row.topic, confidence=round(row.confidence, 4)) for row in decision.proposals
    )


def _addition(case: Case, event: ContactJoined) -> Outgoing:
    addition = CitizenAdded(
        id=derived_id(event.occurred_at, "citizen.added", event.id),
        occurred_at=event.occurred_at,
        trace_id=case.trace_id,
        assignment_id=case.assignment_id,
        case_id=case.id,
        number=case.number,
        text=event.text,
        place=event.place,
        attachments=event.attachments,
    )
    return single(DEPARTMENTS, owner_queue(case.owner, case.lane), addition)


def _tell(facts: Sequence[CaseEvent], cases: Mapping[UUID, Case]) -> list[Outgoing]:
    """The facts by lane, and by whether citizens are told of them: the notifier need not read the others.

    The grounds of a decision stay in the history and go to the owner; who counts or replies need not carry them.
    """
    outgoing: list[Outgoing] = []
    for lane in LANES:
        rows = [_without_grounds(fact) for fact in facts if cases[fact.case_id].lane == lane]
        outgoing += envelopes(EVENTS, f"router.told.{lane}", [fact for fact in rows if isinstance(fact, TOLD)])
        outgoing += envelopes(EVENTS, f"router.kept.{lane}", [fact for fact in rows if not isinstance(fact, TOLD)])
    return outgoing


def _without_grounds(fact: CaseEvent) -> CaseEvent:
    return fact.model_copy(update={"why": None, "reasons": ()}) if isinstance(fact, CaseAssigned) else fact
