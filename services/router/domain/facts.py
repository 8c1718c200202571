"""What the router tells of a case's steps."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.router.domain.decision import Decision
from services.router.domain.life import Case
from shared.contracts import CaseAssigned, CaseOpened, CaseReopened, ReopeningAsked, Why
from shared.ids import derived_id


class Cause(Protocol):
    """What made a case move: a message, or the passing of time."""

    @property
    def id(self) -> UUID:
        """The same whenever it is looked at again."""

    @property
    def occurred_at(self) -> datetime:
        """When it came about."""


def common(case: Case, cause: Cause) -> dict[str, object]:
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


def assigned(case: Case, cause: CaseOpened, decision: Decision) -> CaseAssigned:
    """The first owner, with the grounds."""
    return CaseAssigned(
        **common(case, cause),
        **_assignment(case),
        confidence=round(decision.confidence, 4),
        automatic=decision.automatic,
        decided_by=decision.decided_by,
        secondary=decision.secondary,
        why=decision.why,
    )


def reassigned(case: Case, cause: Cause, decided_by: str, why: Why | None) -> CaseAssigned:
    """Another assignment, as a person, a return or a citizen brought it about."""
    return CaseAssigned(
        **common(case, cause), **_assignment(case), confidence=1, automatic=False, decided_by=decided_by, why=why
    )


def reopened(case: Case, asked: ReopeningAsked) -> CaseReopened:
    """It is worked on again; an assignment follows."""
    return CaseReopened(**common(case, asked), by=asked.by, times=case.reopened, reason=asked.text)


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
