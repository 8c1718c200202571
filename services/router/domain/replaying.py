"""A case from its history alone: the table of cases is this fold, and nothing else. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from services.router.domain.life import MOVES, Case, Move
from shared.contracts import (
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseGathered,
    CaseOpened,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    CaseState,
    ReturnReason,
)

# Which facts tell of a step that changed what is to be done, see `life.MOVES`.
_MOVE_OF = {
    CaseAssigned: Move.ASSIGN,
    CaseAsked: Move.ASK,
    CaseReturned: Move.RETURN,
    CaseClosed: Move.CLOSE,
    CaseReopened: Move.REOPEN,
    CaseGathered: Move.GATHER,
    CaseSeparated: Move.SEPARATE,
}


class Broken(ValueError):
    """Raised when a history cannot be that of a case."""


def replay(opened: CaseOpened, history: Iterable[CaseEvent]) -> Case:
    """The case after its history: the opening, and every step after it in their order. Raises Broken for a gap."""
    steps = list(history)
    first = steps[0] if steps else None
    if not isinstance(first, CaseAssigned):
        raise Broken("the first step of a case is its assignment")
    return reduce(_step, steps[1:], _first(opened, first))


def _first(opened: CaseOpened, fact: CaseAssigned) -> Case:
    return Case(
        id=opened.case_id,
        number=opened.number,
        version=fact.version,
        state=fact.state,
        owner=fact.owner,
        owner_kind=fact.owner_kind,
        assignment_id=fact.assignment_id,
        opened_at=opened.occurred_at,
        lane=fact.lane,
        contact_id=opened.contact_id,
        person_id=opened.person_id,
        channel=opened.channel,
        account=opened.account,
        language=opened.language,
        trace_id=opened.trace_id,
        topic=fact.topic,
        neighbourhood=fact.neighbourhood,
        kind=fact.kind,
        urgency=fact.urgency,
        due_at=fact.due_at,
        changed_version=fact.version,
    )


def _step(case: Case, fact: CaseEvent) -> Case:
    if fact.version != case.version + 1:
        raise Broken(f"step {fact.version} after step {case.version}")
    move = _MOVE_OF.get(type(fact))
    case = replace(
        case,
        version=fact.version,
        state=fact.state,
        outcome=fact.outcome,
        owner=fact.owner,
        owner_kind=fact.owner_kind,
        changed_version=fact.version if move and MOVES[move].changes_work else case.changed_version,
        asked_at=case.asked_at if fact.state is CaseState.WAITING_CITIZEN else None,
    )
    match fact:
        case CaseAssigned():
            return replace(
                case,
                assignment_id=fact.assignment_id,
                topic=fact.topic,
                neighbourhood=fact.neighbourhood,
                due_at=fact.due_at,
            )
        case CaseProgressed(due_at=due_at) if due_at:
            return replace(case, due_at=due_at)
        case CaseAsked():
            return replace(case, asked_at=fact.occurred_at)
        case CaseReturned():
            return replace(case, returns=case.returns + (fact.because is ReturnReason.NOT_OURS))
        case CaseReopened():
            return replace(case, reopened=fact.times, reopened_at=fact.occurred_at, head_id=None)
        case CaseGathered():
            return replace(case, head_id=fact.head_case_id)
        case CaseSeparated():
            return replace(case, head_id=None)
        case _:
            return case
