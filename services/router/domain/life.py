"""The life of a case: which moves are allowed, and what each one makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    CaseKind,
    CaseState,
    Channel,
    CitizenAsked,
    Lane,
    Outcome,
    OwnerKind,
)
from shared.ids import derived_id

# After so many returns only a person decides.
RETURNS_MAX: Final = 2

_S = CaseState
_HELD: Final = frozenset({_S.ROUTED, _S.ACCEPTED, _S.IN_PROGRESS, _S.WAITING_CITIZEN, _S.WAITING_INSTITUTION})
# From which states an answer may move a case; every other pair is refused.
ALLOWED: Final[Mapping[type[Answer], frozenset[CaseState]]] = {
    AssignmentAccepted: frozenset({_S.ROUTED}),
    AssignmentProgressed: _HELD,
    CitizenAsked: frozenset({_S.ROUTED, _S.ACCEPTED, _S.IN_PROGRESS}),
    AssignmentReturned: _HELD,
    AssignmentClosed: _HELD,
    AssignmentDecided: _HELD,
    AssignmentGathered: _HELD,
    AssignmentSeparated: _HELD,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands; `version` counts its steps, `assignment_id` names the present owner's work.

    `head_id`: the case whose incident it belongs to; it follows that one. None: it stands alone, or leads.
    """

    id: UUID
    number: str
    version: int
    state: CaseState
    owner: str
    owner_kind: OwnerKind
    assignment_id: UUID
    opened_at: datetime
    lane: Lane
    contact_id: UUID
    person_id: UUID | None
    channel: Channel
    account: str
    language: str
    trace_id: str
    outcome: Outcome | None = None
    topic: str | None = None
    neighbourhood: str | None = None
    kind: CaseKind | None = None
    urgency: str | None = None
    due_at: datetime | None = None
    returns: int = 0
    head_id: UUID | None = None


class Verdict(StrEnum):
    """Why an answer changes nothing."""

    REPEATED = "repeated"  # says what is so already
    STALE = "stale"  # speaks of an assignment that went to another owner since
    REFUSED = "refused"  # not allowed from this state, or not this owner's case


def judge(case: Case, answer: Answer) -> Verdict | None:
    """Why the answer is not applied; None: apply it."""
    if answer.assignment_id != case.assignment_id:
        return Verdict.STALE
    if answer.owner != case.owner:
        return Verdict.REFUSED
    if case.state not in ALLOWED[type(answer)]:
        repeated = isinstance(answer, AssignmentAccepted) or (
            isinstance(answer, AssignmentClosed) and case.outcome is answer.outcome
        )
        return Verdict.REPEATED if repeated else Verdict.REFUSED
    if isinstance(answer, AssignmentDecided) and case.owner_kind is not OwnerKind.CENTRE:
        return Verdict.REFUSED
    return None


def accept(case: Case) -> Case:
    """A department has it; or an institution: then it is forwarded, and we wait for them."""
    if case.owner_kind is OwnerKind.INSTITUTION:
        return _step(case, state=_S.WAITING_INSTITUTION, outcome=Outcome.FORWARDED)
    return _step(case, state=_S.ACCEPTED)


def progress(case: Case) -> Case:
    """The owner works on it, or the citizen answered the question."""
    return _step(case, state=_S.IN_PROGRESS)


def ask(case: Case) -> Case:
    """The owner waits for the citizen."""
    return _step(case, state=_S.WAITING_CITIZEN)


def close(case: Case, outcome: Outcome) -> Case:
    """The case has its outcome."""
    return _step(case, state=_S.CLOSED, outcome=outcome)


def give_back(case: Case) -> Case:
    """The owner says it is not theirs; nobody works on it until it is assigned again."""
    return _step(case, state=_S.RECEIVED, outcome=None, returns=case.returns + 1)


def assign(case: Case, owner: str, owner_kind: OwnerKind, topic: str | None, neighbourhood: str | None) -> Case:
    """Someone owns it from now on, under a new assignment."""
    version = case.version + 1
    return replace(
        case,
        version=version,
        state=_S.ROUTED,
        outcome=None,
        owner=owner,
        owner_kind=owner_kind,
        assignment_id=assignment_id(case.id, case.opened_at, version),
        topic=topic,
        neighbourhood=neighbourhood,
    )


def gather(case: Case, head: Case) -> Case:
    """It belongs to the incident that `head` leads, and follows it from now on."""
    return _step(case, head_id=head.id)


def separate(case: Case) -> Case:
    """It is a problem of its own after all."""
    return _step(case, head_id=None)


def incident_id(head: Case) -> UUID:
    """The id of the incident a case leads."""
    return derived_id(head.opened_at, "incident", head.id)


def next_owner(case: Case, proposal: str | None, kinds: Mapping[str, OwnerKind], centre: str) -> str:
    """Who gets a case that was returned: the proposal, if it is somebody else; after two returns a person decides."""
    if case.returns >= RETURNS_MAX or proposal is None or proposal == case.owner or proposal not in kinds:
        return centre
    return proposal


def assignment_id(case: UUID, opened_at: datetime, version: int) -> UUID:
    """The id of the assignment that a case's version made."""
    return derived_id(opened_at, "assignment", case, version)


def _step(case: Case, **changes: object) -> Case:
    return replace(case, version=case.version + 1, **changes)  # type: ignore[arg-type]
