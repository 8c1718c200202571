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
    ReturnReason,
)
from shared.ids import derived_id

# After so many returns only a person decides.
RETURNS_MAX: Final = 2
# So often a case goes back at once to the owner it had; from then on a person decides.
REOPENINGS_AT_ONCE_MAX: Final = 1


class Move(StrEnum):
    """What may happen to a case."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    FORWARD = "forward"
    PROGRESS = "progress"
    ASK = "ask"
    RESUME = "resume"
    RETURN = "return"
    CLOSE = "close"
    REOPEN = "reopen"
    GATHER = "gather"
    SEPARATE = "separate"


@dataclass(frozen=True, slots=True)
class Rule:
    """From which states a move starts, and where it ends; None: the state stays as it is.

    `changes_work`: whoever decided without knowing of it may have decided wrongly.
    """

    starts: frozenset[CaseState]
    ends: CaseState | None
    changes_work: bool = False


_S = CaseState
_HELD: Final = frozenset({_S.ROUTED, _S.ACCEPTED, _S.IN_PROGRESS, _S.WAITING_CITIZEN, _S.WAITING_INSTITUTION})
_CLOSED: Final = frozenset({_S.CLOSED})
# The life of a case: every other pair of state and move is forbidden.
MOVES: Final[Mapping[Move, Rule]] = {
    Move.ASSIGN: Rule(_HELD | {_S.RECEIVED}, _S.ROUTED, changes_work=True),
    Move.ACCEPT: Rule(frozenset({_S.ROUTED}), _S.ACCEPTED),
    Move.FORWARD: Rule(frozenset({_S.ROUTED}), _S.WAITING_INSTITUTION),
    Move.PROGRESS: Rule(_HELD, _S.IN_PROGRESS),
    # An institution asks too, while we wait for it.
    Move.ASK: Rule(_HELD - {_S.WAITING_CITIZEN}, _S.WAITING_CITIZEN, changes_work=True),
    Move.RESUME: Rule(frozenset({_S.WAITING_CITIZEN}), _S.IN_PROGRESS),
    Move.RETURN: Rule(_HELD, _S.RECEIVED, changes_work=True),
    Move.CLOSE: Rule(_HELD, _S.CLOSED, changes_work=True),
    Move.REOPEN: Rule(_CLOSED, _S.RECEIVED, changes_work=True),
    # A closed report goes along when the one it followed joins another: nothing follows a case that follows.
    Move.GATHER: Rule(_HELD | _CLOSED, None, changes_work=True),
    Move.SEPARATE: Rule(_HELD, None, changes_work=True),
}
_MOVE_OF: Final[Mapping[type[Answer], Move]] = {
    AssignmentAccepted: Move.ACCEPT,
    AssignmentProgressed: Move.PROGRESS,
    CitizenAsked: Move.ASK,
    AssignmentReturned: Move.RETURN,
    AssignmentClosed: Move.CLOSE,
    AssignmentDecided: Move.ASSIGN,
    AssignmentGathered: Move.GATHER,
    AssignmentSeparated: Move.SEPARATE,
}
# From which states an answer may move a case; no owner moves one that is closed.
ALLOWED: Final[Mapping[type[Answer], frozenset[CaseState]]] = {
    answer: MOVES[move].starts & _HELD for answer, move in _MOVE_OF.items()
}


class Forbidden(ValueError):
    """Raised when a case is to make a move that its life does not know: a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands; `version` counts its steps, `assignment_id` names the present owner's work.

    `head_id`: the case whose incident it belongs to; it follows that one. None: it stands alone, or leads.
    `changed_version`: the step that last changed what is to be done. `reopened`: how often it was closed and opened
    again, last at `reopened_at`. `asked_at`: since when it waits for its citizen; None: it does not.
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
    changed_version: int = 1
    reopened: int = 0
    reopened_at: datetime | None = None
    asked_at: datetime | None = None

    @property
    def started_at(self) -> datetime:
        """From when on its owners are given time: the opening, or the last reopening."""
        return self.reopened_at or self.opened_at

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something."""
        return self.state is not CaseState.CLOSED


class Verdict(StrEnum):
    """Why an answer changes nothing."""

    REPEATED = "repeated"  # says what is so already
    STALE = "stale"  # speaks of an assignment that is over: it went to another owner, or goes with another case
    REFUSED = "refused"  # not allowed from this state, or not this owner's case
    OVERTAKEN = "overtaken"  # said before another answer was seen that changed what is to be done


def judge(case: Case, answer: Answer) -> Verdict | None:
    """Why the answer is not applied; None: apply it."""
    if answer.assignment_id != case.assignment_id or case.head_id is not None:
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
    if answer.seen_version is not None and answer.seen_version < case.changed_version:
        return Verdict.OVERTAKEN
    return None


def accept(case: Case) -> Case:
    """A department has it; or an institution: then it is forwarded, and we wait for them."""
    if case.owner_kind is OwnerKind.INSTITUTION:
        return _step(case, Move.FORWARD, outcome=Outcome.FORWARDED)
    return _step(case, Move.ACCEPT)


def progress(case: Case) -> Case:
    """The owner works on it."""
    return _step(case, Move.PROGRESS)


def ask(case: Case, at: datetime) -> Case:
    """The owner waits for the citizen."""
    return _step(case, Move.ASK, asked_at=at)


def resume(case: Case, due_at: datetime | None = None) -> Case:
    """It waits for the citizen no longer, and is due at `due_at`; None: as before."""
    return replace(_step(case, Move.RESUME), due_at=due_at or case.due_at)


def close(case: Case, outcome: Outcome, text: str) -> Case:
    """The case has its outcome. Raises Forbidden without a text for the citizen."""
    if not text.strip():
        raise Forbidden("a case is closed with a text for its citizen")
    return _step(case, Move.CLOSE, outcome=outcome)


def give_back(case: Case, because: ReturnReason) -> Case:
    """The owner gives it back; nobody works on it until it is assigned again. Only "not ours" counts as a return."""
    counts = because is ReturnReason.NOT_OURS
    return _step(case, Move.RETURN, outcome=None, returns=case.returns + counts)


def reopen(case: Case, at: datetime) -> Case:
    """It is not solved after all; nobody works on it until it is assigned again, by itself whatever it followed."""
    return _step(case, Move.REOPEN, outcome=None, head_id=None, reopened=case.reopened + 1, reopened_at=at)


def assign(case: Case, owner: str, owner_kind: OwnerKind, topic: str | None, neighbourhood: str | None) -> Case:
    """Someone owns it from now on, under a new assignment."""
    return _step(
        case,
        Move.ASSIGN,
        outcome=None,
        owner=owner,
        owner_kind=owner_kind,
        assignment_id=assignment_id(case.id, case.opened_at, case.version + 1),
        topic=topic,
        neighbourhood=neighbourhood,
    )


def gather(case: Case, head: Case) -> Case:
    """It belongs to the incident that `head` leads, and follows it from now on."""
    return _step(case, Move.GATHER, head_id=head.id)


def separate(case: Case) -> Case:
    """It follows no other from now on."""
    return _step(case, Move.SEPARATE, head_id=None)


def incident_id(head: Case) -> UUID:
    """The id of the incident a case leads."""
    return derived_id(head.opened_at, "incident", head.id)


def next_owner(case: Case, answer: AssignmentReturned, kinds: Mapping[str, OwnerKind], centre: str) -> str:
    """Who gets a case that was returned: the proposal, if it is somebody else.

    After two returns, or when it came back for another reason than "not ours", a person decides.
    """
    decides = answer.because is not ReturnReason.NOT_OURS or case.returns >= RETURNS_MAX
    if decides or answer.proposal is None or answer.proposal == case.owner or answer.proposal not in kinds:
        return centre
    return answer.proposal


def reopened_for(case: Case, kinds: Mapping[str, OwnerKind], centre: str) -> str:
    """Who gets a closed case that is to be reopened: the owner it had, the first time; then a person decides."""
    return case.owner if case.reopened < REOPENINGS_AT_ONCE_MAX and case.owner in kinds else centre


def assignment_id(case: UUID, opened_at: datetime, version: int) -> UUID:
    """The id of the assignment that a case's version made."""
    return derived_id(opened_at, "assignment", case, version)


def _step(case: Case, move: Move, **changes: object) -> Case:
    rule = MOVES[move]
    if case.state not in rule.starts:
        raise Forbidden(f"{move} from {case.state}")
    version, state = case.version + 1, rule.ends or case.state
    steady: dict[str, object] = {
        "version": version,
        "state": state,
        "changed_version": version if rule.changes_work else case.changed_version,
        "asked_at": case.asked_at if state is CaseState.WAITING_CITIZEN else None,
    }
    return replace(case, **steady | changes)  # type: ignore[arg-type]
