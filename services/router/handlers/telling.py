"""What the router tells: facts of cases to all who listen, work and news of it to those who own it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router.domain import life
from services.router.domain.decision import Decision, decide
from services.router.domain.life import Case
from services.router.domain.returning import weighed_again, weighed_anew
from services.router.handlers.ground import Ground, report_of
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    AssignmentReturned,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseKind,
    CaseOpened,
    CaseReopened,
    CitizenAdded,
    CitizenSilent,
    ContactJoined,
    IncidentGrew,
    IncidentOf,
    Proposal,
    ReopeningAsked,
    SimilarCase,
)
from shared.explaining import sentences
from shared.ids import derived_id
from shared.messaging import Outgoing, envelopes, single
from shared.messaging.topology import DEPARTMENTS, EVENTS, LANES, owner_queue
from shared.names import Names

# The steps a citizen may be told of.
TOLD: Final = (CaseForwarded, CaseAsked, CaseClosed, CaseReopened)


@dataclass(frozen=True)
class Offerer:
    """Writes offers of work in the words of the municipality."""

    ground: Ground

    def offer_again(
        self,
        case: Case,
        said: CaseOpened,
        fact: CaseAssigned,
        returned: AssignmentReturned | None,
        reopened: CaseReopened | None,
        tellers: Sequence[UUID],
    ) -> Outgoing:
        """An offer after the first; the person who decides anew has proposals and grounds at hand again.

        `returned`: how it was given back just now; `reopened`: how it was last closed and opened again, if it ever was.
        """
        decision = self._weighed(case, said, fact, returned) if case.owner == self.ground.centre else None
        if decision:
            fact = fact.model_copy(update={"why": decision.why})
        return self.offer(case, said, fact, decision, returned, reopened, tellers=tellers)

    def _weighed(
        self, case: Case, said: CaseOpened, fact: CaseAssigned, returned: AssignmentReturned | None
    ) -> Decision | None:
        if returned:
            return weighed_again(decide(report_of(said), self.ground.knowledge), case, returned)
        if fact.decided_by.startswith("reopening:"):
            return weighed_anew(decide(report_of(said), self.ground.knowledge), case)
        return None

    def offer(
        self,
        case: Case,
        said: CaseOpened,
        fact: CaseAssigned,
        decision: Decision | None = None,
        returned: AssignmentReturned | None = None,
        reopened: CaseReopened | None = None,
        *,
        tellers: Sequence[UUID] = (),
        similar: tuple[SimilarCase, ...] = (),
    ) -> Outgoing:
        names = Names(self.ground.place)
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
            legal_due_at=self.ground.legal_due(case.started_at, case.kind),
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
            reasons=sentences(fact.why, self.ground.place, self.ground.place.default_language, said.text)
            if fact.why
            else (),
            why=fact.why,
            attachments=said.attachments,
            version=case.version,
            reopened=case.reopened,
            reopened_because=(reopened.reason or None) if reopened else None,
            follows=said.follows,
        )
        return single(DEPARTMENTS, owner_queue(case.owner, case.lane), offer)


def addition(case: Case, head: Case, event: ContactJoined | ReopeningAsked, due_at: datetime | None = None) -> Outgoing:
    """What a citizen added, for whoever holds the case by the one that leads it, and by when that is due now."""
    added = CitizenAdded(
        id=derived_id(event.occurred_at, "citizen.added", event.id),
        occurred_at=event.occurred_at,
        trace_id=case.trace_id,
        assignment_id=head.assignment_id,
        case_id=head.id,
        number=case.number,
        text=event.text,
        place=event.place,
        attachments=event.attachments,
        due_at=due_at if case.id == head.id else None,
    )
    return single(DEPARTMENTS, owner_queue(head.owner, case.lane), added)


def ended(told: tuple[Case, AssignmentEnded]) -> Outgoing:
    """Tell who held the case, as it was then, that there is nothing more to do."""
    case, event = told
    return single(DEPARTMENTS, owner_queue(case.owner, case.lane), event)


def silent(case: Case, head: Case, asked_at: datetime, now: datetime, due_at: datetime | None = None) -> Outgoing:
    """Tell whoever holds the case, by the one that leads it, that its citizen did not answer in time."""
    event = CitizenSilent(
        id=derived_id(asked_at, "citizen.silent", case.id),
        occurred_at=now,
        trace_id=case.trace_id,
        assignment_id=head.assignment_id,
        case_id=head.id,
        number=case.number,
        asked_at=asked_at,
        due_at=due_at if case.id == head.id else None,
    )
    return single(DEPARTMENTS, owner_queue(head.owner, head.lane), event)


def grown(told: tuple[Case, IncidentGrew]) -> Outgoing:
    head, event = told
    return single(DEPARTMENTS, owner_queue(head.owner, head.lane), event)


def tell(facts: Sequence[CaseEvent], cases: Mapping[UUID, Case], ground: Ground) -> list[Outgoing]:
    """The facts by lane, and by whether citizens are told of them: the notifier need not read the others.

    The grounds of a decision and why a citizen wants a case reopened stay in the history and go to the owner; who
    counts or replies need not carry them. Who counts hears by when the law wants an answer.
    """
    outgoing: list[Outgoing] = []
    for lane in LANES:
        rows = [_told(fact, cases[fact.case_id], ground) for fact in facts if cases[fact.case_id].lane == lane]
        outgoing += envelopes(EVENTS, f"router.told.{lane}", [fact for fact in rows if isinstance(fact, TOLD)])
        outgoing += envelopes(EVENTS, f"router.kept.{lane}", [fact for fact in rows if not isinstance(fact, TOLD)])
    return outgoing


def _told(fact: CaseEvent, case: Case, ground: Ground) -> CaseEvent:
    match fact:
        case CaseAssigned():
            legal_due_at = ground.legal_due(case.started_at, case.kind)
            return fact.model_copy(update={"why": None, "reasons": (), "legal_due_at": legal_due_at})
        case CaseReopened():
            return fact.model_copy(update={"reason": ""})
        case _:
            return fact


def _proposals(decision: Decision | None) -> tuple[Proposal, ...]:
    if decision is None or decision.automatic:
        return ()
    return tuple(
        Proposal(owner=row.owner, topic=row.topic, confidence=round(row.confidence, 4)) for row in decision.proposals
    )


def _incident(case: Case, tellers: Sequence[UUID]) -> IncidentOf | None:
    if len(tellers) < 2:
        return None
    return IncidentOf(incident_id=life.incident_id(case), reports=len(tellers), people=len(set(tellers)))
