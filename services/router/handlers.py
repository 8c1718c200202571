"""One short function per message: read it, ask the domain, tell the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from uuid import UUID

import structlog

from services.router import sightings, store
from services.router.counting import count
from services.router.domain import following, life
from services.router.domain.asking import split
from services.router.domain.clock import earliest_due
from services.router.domain.decision import Decision, Report, decide, decide_many
from services.router.domain.entered import honour
from services.router.domain.facts import assigned, common, reassigned
from services.router.domain.following import Moved
from services.router.domain.gathering import entrust, joining
from services.router.domain.knowledge import Knowledge
from services.router.domain.life import Case, Verdict
from services.router.domain.moves import Moves
from services.router.domain.returning import decided_by_a_person, proposed_by, weighed_again
from services.router.gathering import Found, Opening, look
from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
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
    IncidentGrew,
    IncidentOf,
    Message,
    OwnerKind,
    Proposal,
    SimilarCase,
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
        """Move cases as their owners say, each answer once, late and repeated ones without effect.

        Whatever moves a case that leads an incident moves those that follow it.
        """
        answers = [event for event in events if isinstance(event, Answer)]
        moves = Moves(await self._concerned(unit, answers))
        for answer in answers:
            case = moves.cases.get(answer.case_id)
            reason = "no such case" if case is None else self._objection(case, answer) or moves.objection(case, answer)
            if case is None or reason:
                if reason not in (Verdict.REPEATED, Verdict.STALE):
                    await unit.shelve(answer, f"answer not allowed: {reason}")
                log.info("answer_passed_over", case_id=str(answer.case_id), answer=answer.type, reason=reason)
                continue
            self._move(moves, case, answer)
        await store.save_cases(unit.connection, moves.moved)
        await store.add_history(unit.connection, moves.facts)
        await count(unit, moves.facts)
        closed = {fact.case_id: fact.occurred_at for fact in moves.facts if isinstance(fact, CaseClosed)}
        if closed:
            await sightings.close(unit.connection, closed)
        said = await store.opened(unit.connection, moves.to_be_told)
        unit.publish(*_tell(moves.facts, moves.cases))
        unit.publish(
            *(
                self._offer_again(moves.cases[fact.case_id], said[fact.case_id], fact, returned, tellers)
                for fact, returned, tellers in moves.offers()
            )
        )
        unit.publish(*map(_grown, moves.grown(said)))

    async def _concerned(self, unit: Unit, answers: Sequence[Answer]) -> dict[UUID, Case]:
        """The cases that answers speak of, and all that follow them, locked."""
        ids = {answer.case_id for answer in answers}
        named = {answer.into for answer in answers if isinstance(answer, AssignmentGathered)}
        if named:
            ids |= named | await store.heads_of(unit.connection, named)
        return await store.lock_cases(unit.connection, ids, followers=True)

    def _move(self, moves: Moves, case: Case, answer: Answer) -> None:
        """What an allowed answer makes of its case and of those that follow it."""
        match answer:
            case AssignmentGathered():
                moves.gather(case, answer)
            case AssignmentSeparated():
                moves.separate(case, answer)
            case _:
                moved, facts = self._apply(case, answer)
                moves.note(moved, facts, answer)
                for follower in moves.followers(case.id):
                    if following.follows(follower, answer):
                        moves.note(*self._follow(follower, moved, answer))

    def _follow(self, case: Case, head: Case, answer: Answer) -> Moved:
        if isinstance(answer, AssignmentReturned):
            return following.follow_return(case, head, answer)
        return self._apply(case, answer)

    async def _assign(self, unit: Unit, opened: Sequence[CaseOpened]) -> None:
        own = decide_many([report_of(event) for event in opened], self.knowledge)
        decisions = [
            honour(event.decided, decision, self.knowledge, self._topics, self._neighbourhoods)
            for event, decision in zip(opened, own, strict=True)
        ]
        openings = [
            Opening(event, self._case(event, decision), decision)
            for event, decision in zip(opened, decisions, strict=True)
        ]
        looked = await look(unit.connection, openings, self.place.incidents, self.knowledge.matcher, datetime.now(UTC))
        cases = {opening.case.id: opening.case for opening in openings} | looked.heads
        facts: list[CaseEvent] = []
        for opening, found in zip(openings, looked.found, strict=True):
            if found.head:
                cases[opening.case.id], steps, grown = self._gathered(opening, cases[found.head], found)
                unit.publish(_grown((cases[found.head], grown)))
            else:
                fact = assigned(opening.case, opening.event, opening.decision)
                steps = [fact]
                unit.publish(self._offer(opening.case, opening.event, fact, opening.decision, similar=found.similar))
            facts += steps
        await store.add_cases(unit.connection, [cases[opening.case.id] for opening in openings])
        await store.add_history(unit.connection, [*opened, *facts])
        if looked.seen:
            await sightings.remember(unit.connection, looked.seen)
        await count(unit, facts)
        unit.publish(*_tell(facts, cases))
        asked = [split(opening.event, cases[opening.case.id], opening.decision) for opening in openings]
        unit.publish(*envelopes(DESK, "tasks", [task for task in asked if task]))

    def _gathered(self, opening: Opening, head: Case, found: Found) -> tuple[Case, list[CaseEvent], IncidentGrew]:
        """The case as it goes with another from the start: no task of its own, one more report of that one."""
        event = opening.event
        case = entrust(opening.case, head)
        case = replace(case, due_at=case.due_at or self._due(case.opened_at, case.topic, case.urgency))
        first = assigned(case, event, joining(opening.decision, case, head, found.confidence))
        case, facts = following.gather(case, head, event, len(found.tellers), found.confidence, "router")
        return case, [first, *facts], following.grew(head, case, event, event, found.tellers)

    async def _join(self, unit: Unit, joined: Sequence[ContactJoined]) -> None:
        """The owner hears what the citizen added; a case that waited for the citizen goes on.

        An owner knows an incident by the case that leads it.
        """
        ids = {event.case_id for event in joined}
        cases = await store.lock_cases(unit.connection, ids | await store.heads_of(unit.connection, ids))
        facts: list[CaseEvent] = []
        for event in joined:
            case = cases.get(event.case_id)
            if case is None:
                unit.postpone(event, "the case is not here yet")
                continue
            if case.state is CaseState.WAITING_CITIZEN:
                cases[case.id] = case = life.progress(case)
                facts.append(CaseProgressed(**common(case, event), assignment_id=case.assignment_id))
            unit.publish(_addition(case, cases.get(case.head_id or case.id, case), event))
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
                return case, [kind(**common(case, answer), assignment_id=case.assignment_id)]
            case AssignmentProgressed():
                case = life.progress(case)
                return case, [
                    CaseProgressed(**common(case, answer), assignment_id=case.assignment_id, note=answer.note)
                ]
            case CitizenAsked():
                case = life.ask(case)
                return case, [
                    CaseAsked(**common(case, answer), assignment_id=case.assignment_id, question=answer.question)
                ]
            case AssignmentClosed():
                case = life.close(case, answer.outcome)
                return case, [
                    CaseClosed(**common(case, answer), assignment_id=case.assignment_id, answer=answer.answer)
                ]
            case AssignmentReturned():
                return self._give_back(case, answer)
            case AssignmentDecided():
                topic = answer.topic or case.topic
                place = answer.neighbourhood or case.neighbourhood
                case = life.assign(case, answer.decided_owner, self._kinds[answer.decided_owner], topic, place)
                case = replace(case, due_at=self._due(case.opened_at, topic, case.urgency) or case.due_at)
                return case, [reassigned(case, answer, f"desk:{answer.by or 'person'}", decided_by_a_person())]
            case _:
                raise TypeError(f"no move for {answer.type}")

    def _give_back(self, case: Case, answer: AssignmentReturned) -> tuple[Case, list[CaseEvent]]:
        returned = life.give_back(case)
        owner = life.next_owner(returned, answer.proposal, self._kinds, self._centre)
        event = CaseReturned(
            **common(returned, answer),
            assignment_id=case.assignment_id,
            returned_by=case.owner,
            reason=answer.reason,
            proposal=answer.proposal,
        )
        assigned = life.assign(returned, owner, self._kinds[owner], case.topic, case.neighbourhood)
        why = proposed_by(case.owner) if owner != self._centre else None
        return assigned, [event, reassigned(assigned, answer, f"return:{case.owner}", why)]

    def _offer_again(
        self,
        case: Case,
        said: CaseOpened,
        fact: CaseAssigned,
        returned: AssignmentReturned | None,
        tellers: Sequence[UUID],
    ) -> Outgoing:
        """An offer after the first; the person who decides after a return has proposals and grounds at hand again."""
        if returned is None or case.owner != self._centre:
            return self._offer(case, said, fact, returned=returned, tellers=tellers)
        decision = weighed_again(decide(report_of(said), self.knowledge), case, returned)
        fact = fact.model_copy(update={"why": decision.why})
        return self._offer(case, said, fact, decision, returned, tellers=tellers)

    def _offer(
        self,
        case: Case,
        said: CaseOpened,
        fact: CaseAssigned,
        decision: Decision | None = None,
        returned: AssignmentReturned | None = None,
        *,
        tellers: Sequence[UUID] = (),
        similar: tuple[SimilarCase, ...] = (),
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
            incident=_incident(case, tellers),
            similar=similar,
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


def _proposals(decision: Decision | None) -> tuple[Proposal, ...]:
    if decision is None or decision.automatic:
        return ()
    return tuple(
        Proposal(owner=row.owner, topic=row.topic, confidence=round(row.confidence, 4)) for row in decision.proposals
    )


def _addition(case: Case, head: Case, event: ContactJoined) -> Outgoing:
    addition = CitizenAdded(
        id=derived_id(event.occurred_at, "citizen.added", event.id),
        occurred_at=event.occurred_at,
        trace_id=case.trace_id,
        assignment_id=head.assignment_id,
        case_id=head.id,
        number=case.number,
        text=event.text,
        place=event.place,
        attachments=event.attachments,
    )
    return single(DEPARTMENTS, owner_queue(head.owner, case.lane), addition)


def _incident(case: Case, tellers: Sequence[UUID]) -> IncidentOf | None:
    if len(tellers) < 2:
        return None
    return IncidentOf(incident_id=life.incident_id(case), reports=len(tellers), people=len(set(tellers)))


def _grown(told: tuple[Case, IncidentGrew]) -> Outgoing:
    head, event = told
    return single(DEPARTMENTS, owner_queue(head.owner, head.lane), event)


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
