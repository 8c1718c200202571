"""How the cases of an incident follow the one that leads it, and what is told of it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router.domain import life
from services.router.domain.facts import Cause, common, reassigned
from services.router.domain.life import Case
from services.router.domain.returning import decided_by_a_person, proposed_by
from shared.contracts import (
    Answer,
    AssignmentReturned,
    CaseAccepted,
    CaseEvent,
    CaseForwarded,
    CaseGathered,
    CaseOpened,
    CaseProgressed,
    CaseReturned,
    CaseSeparated,
    CaseState,
    CitizenAsked,
    IncidentGrew,
    OwnerKind,
)
from shared.ids import derived_id

Moved = tuple[Case, list[CaseEvent]]
_WITH_ITS_OWNER: Final = frozenset(
    {CaseState.ACCEPTED, CaseState.IN_PROGRESS, CaseState.WAITING_CITIZEN, CaseState.WAITING_INSTITUTION}
)


def gather(case: Case, head: Case, cause: Cause, reports: int, confidence: float, decided_by: str) -> Moved:
    """The case as a follower of `head`, brought to where that one stands: its citizen hears what the others heard."""
    case = life.gather(case, head)
    facts: list[CaseEvent] = [
        CaseGathered(
            **common(case, cause),
            incident_id=life.incident_id(head),
            head_case_id=head.id,
            head_number=head.number,
            reports=reports,
            confidence=round(confidence, 4),
            decided_by=decided_by,
        )
    ]
    if case.state is CaseState.ROUTED and head.state in _WITH_ITS_OWNER:
        case = life.accept(case)
        facts.append(_accepted(case, cause))
        if head.state is CaseState.IN_PROGRESS:
            case = life.progress(case)
            facts.append(CaseProgressed(**common(case, cause), assignment_id=case.assignment_id))
    return case, facts


def move_to(case: Case, head: Case, cause: Cause, decided_by: str) -> Moved:
    """The case with the owner of `head`, when it had another; a closed one is nobody's work."""
    if case.owner == head.owner or not case.is_open:
        return case, []
    case = life.assign(case, head.owner, head.owner_kind, case.topic or head.topic, case.neighbourhood)
    return case, [reassigned(case, cause, decided_by, decided_by_a_person())]


def separate(case: Case, head: Case, cause: Cause, decided_by: str) -> Moved:
    """The case on its own again."""
    case = life.separate(case)
    return case, [CaseSeparated(**common(case, cause), incident_id=life.incident_id(head), decided_by=decided_by)]


def follows(case: Case, answer: Answer) -> bool:
    """Whether an answer to the case that leads moves this one too. A question goes to one citizen alone."""
    return not isinstance(answer, CitizenAsked) and case.state in life.ALLOWED[type(answer)]


def follow_return(case: Case, head: Case, answer: AssignmentReturned) -> Moved:
    """Given back with the one that leads, and with it to its new owner."""
    returned = life.give_back(case, answer.because)
    fact = CaseReturned(
        **common(returned, answer),
        assignment_id=case.assignment_id,
        returned_by=case.owner,
        reason=answer.reason,
        because=answer.because,
        proposal=answer.proposal,
    )
    moved = life.assign(returned, head.owner, head.owner_kind, case.topic, case.neighbourhood)
    why = proposed_by(case.owner) if head.owner_kind is not OwnerKind.CENTRE else None
    return moved, [fact, reassigned(moved, answer, f"return:{case.owner}", why)]


def by_age(case: Case) -> tuple[datetime, UUID]:
    """The oldest first: it leads when the one that led turns out to be another problem."""
    return case.opened_at, case.id


def grew(head: Case, case: Case, said: CaseOpened, cause: Cause, tellers: Sequence[UUID]) -> IncidentGrew:
    """What the owner hears of one more report of what they hold. `tellers`: whoever told of it, a report each."""
    return IncidentGrew(
        id=derived_id(cause.occurred_at, "incident.grew", head.assignment_id, case.id),
        occurred_at=cause.occurred_at,
        trace_id=case.trace_id,
        assignment_id=head.assignment_id,
        case_id=head.id,
        number=head.number,
        incident_id=life.incident_id(head),
        reports=len(tellers),
        people=len(set(tellers)),
        joined_case_id=case.id,
        joined_number=case.number,
        text=said.text,
        place=said.place,
    )


def _accepted(case: Case, cause: Cause) -> CaseEvent:
    kind = CaseForwarded if case.owner_kind is OwnerKind.INSTITUTION else CaseAccepted
    return kind(**common(case, cause), assignment_id=case.assignment_id)
