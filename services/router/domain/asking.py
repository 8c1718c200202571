"""What a person at the solution centre is asked about a case besides whose it is."""

from services.router.domain.decision import Decision
from services.router.domain.life import Case
from shared.contracts import (
    CaseOpened,
    ReopenedBy,
    ReopeningAsked,
    TaskKind,
    TaskRequested,
    TaskSettled,
)
from shared.ids import derived_id

SEVERAL_OWNERS = "several_owners"
NOT_SOLVED = "not_solved"


def split(event: CaseOpened, case: Case, decision: Decision) -> TaskRequested | None:
    """Who else gets a case of this message; None: it concerns one owner, or a person said whose it is.

    Intake is told the answer: it opens the further cases, which come back as decided and are not asked about again.
    """
    others = tuple(row for row in decision.secondary if row.owner != case.owner)
    if not (decision.asks_split and others) or event.decided is not None:
        return None
    return TaskRequested(
        id=derived_id(event.occurred_at, "split", case.id),
        occurred_at=event.occurred_at,
        trace_id=case.trace_id,
        kind=TaskKind.SPLIT,
        source="intake",
        lane=case.lane,
        channel=case.channel,
        account=case.account,
        case_id=case.id,
        contact_id=case.contact_id,
        person_id=case.person_id,
        number=case.number,
        reason=SEVERAL_OWNERS,
        detail=case.owner,
        text=event.text,
        place=event.place,
        proposals=others,
    )


def reopening(event: ReopeningAsked, case: Case) -> TaskRequested:
    """Whether a closed case is to be reopened, since its citizen said in a survey that it is not solved."""
    return TaskRequested(
        id=derived_id(event.occurred_at, "reopening", event.id),
        occurred_at=event.occurred_at,
        trace_id=case.trace_id,
        kind=TaskKind.REOPEN,
        source="router",
        lane=case.lane,
        channel=case.channel,
        account=case.account,
        case_id=case.id,
        contact_id=event.contact_id or case.contact_id,
        person_id=case.person_id,
        number=case.number,
        reason=NOT_SOLVED,
        detail=case.owner,
        text=event.text,
        place=event.place,
    )


def as_decided(event: ReopeningAsked, settled: TaskSettled) -> ReopeningAsked:
    """What a citizen said in a survey, as the wish of the person who follows it."""
    changed = {"id": settled.id, "occurred_at": settled.occurred_at, "by": ReopenedBy.PERSON}
    return event.model_copy(update=changed | {"text": event.text or settled.note})
