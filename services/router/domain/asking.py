"""What a person at the solution centre is asked about a case besides whose it is."""

from services.router.domain.decision import Decision
from services.router.domain.life import Case
from shared.contracts import CaseOpened, TaskKind, TaskRequested
from shared.ids import derived_id

SEVERAL_OWNERS = "several_owners"


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
