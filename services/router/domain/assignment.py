"""The life of an assignment: offered to an owner, held by them, ended; derived from the history of its case. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts import (
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseGathered,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    Outcome,
)


class AssignmentState(StrEnum):
    """Where the work of one owner on one case stands; the last four are how it ends."""

    OFFERED = "offered"
    HELD = "held"
    CLOSED = "closed"
    RETURNED = "returned"
    MOVED = "moved"  # another assignment took its place, or the case goes with another
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What may happen to an assignment."""

    TAKE = "take"
    CLOSE = "close"
    RETURN = "return"
    MOVE = "move"
    WITHDRAW = "withdraw"


_S = AssignmentState
UNDER_WAY: Final = frozenset({_S.OFFERED, _S.HELD})
# From which states a step starts, and where it ends; nothing moves an assignment that ended.
STEPS: Final[Mapping[Step, tuple[frozenset[AssignmentState], AssignmentState]]] = {
    Step.TAKE: (UNDER_WAY, _S.HELD),
    Step.CLOSE: (UNDER_WAY, _S.CLOSED),
    Step.RETURN: (UNDER_WAY, _S.RETURNED),
    Step.MOVE: (UNDER_WAY, _S.MOVED),
    Step.WITHDRAW: (UNDER_WAY, _S.WITHDRAWN),
}
_STEP_OF: Final[Mapping[type[CaseEvent], Step]] = {
    CaseAccepted: Step.TAKE,
    CaseForwarded: Step.TAKE,
    CaseProgressed: Step.TAKE,
    CaseAsked: Step.TAKE,
    CaseReturned: Step.RETURN,
    CaseClosed: Step.CLOSE,
}


class Ended(ValueError):
    """Raised when an assignment is to move after its end."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The work of one owner on one case."""

    id: UUID
    owner: str
    state: AssignmentState = AssignmentState.OFFERED


def move(assignment: Assignment, step: Step) -> Assignment:
    """The assignment after a step. Raises Ended."""
    starts, ends = STEPS[step]
    if assignment.state not in starts:
        raise Ended(f"{step} after it was {assignment.state}")
    return replace(assignment, state=ends)


def assignments(history: Iterable[CaseEvent]) -> tuple[Assignment, ...]:
    """All assignments of a case, the oldest first. Raises Ended when its history tells what cannot be.

    While a case follows another, its work is that of the other's assignment: what moves it moves none of its own.
    """
    found: list[Assignment] = []
    follows = False
    for fact in history:
        if isinstance(fact, CaseSeparated | CaseReopened):
            follows = False
        elif follows:
            continue
        elif isinstance(fact, CaseAssigned):
            found = [*_without_owner(found), Assignment(fact.assignment_id, fact.owner)]
        elif isinstance(fact, CaseGathered):
            found, follows = _without_owner(found), True
        else:
            found[-1] = move(found[-1], _step_of(fact))
    return tuple(found)


def _without_owner(found: list[Assignment]) -> list[Assignment]:
    """The last one ends when the case moves on while it is under way."""
    if not found or found[-1].state not in UNDER_WAY:
        return found
    return [*found[:-1], move(found[-1], Step.MOVE)]


def _step_of(fact: CaseEvent) -> Step:
    if isinstance(fact, CaseClosed) and fact.outcome is Outcome.WITHDRAWN:
        return Step.WITHDRAW
    return _STEP_OF[type(fact)]
