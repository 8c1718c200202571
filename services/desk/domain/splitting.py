"""A person says that a case concerns another owner too: a further case of the same contact, opened by intake."""

from datetime import datetime

from services.desk.domain.items import Item, Step, StepKind
from shared.contracts import Decided, TaskDecision, TaskKind, TaskSettled
from shared.ids import derived_id
from shared.personal import mask


def split_off(item: Item, owner: str, topic: str | None, text: str, by: str, now: datetime) -> tuple[Step, TaskSettled]:
    """The line of the story, and what intake is told: as if a person had settled the task that asks for it.

    The ids follow from the case and the owner, so that the same owner twice is one further case. `text` "": the
    citizen's words as they stand; else what a colleague says it is about, masked as those are.
    """
    task_id = derived_id(item.opened_at, "split_by_hand", item.case_id, owner)
    step = Step(
        derived_id(item.opened_at, "step", item.assignment_id, StepKind.SPLIT, owner),
        item.assignment_id,
        now,
        StepKind.SPLIT,
        by,
        owner,
        text,
    )
    told = TaskSettled(
        id=derived_id(item.opened_at, "task.settled", task_id),
        occurred_at=now,
        trace_id=item.trace_id,
        task_id=task_id,
        source="intake",
        decision=TaskDecision.DONE,
        by=by,
        kind=TaskKind.SPLIT,
        case_id=item.case_id,
        chosen=(Decided(owner=owner, topic=topic, by=by),),
        text=mask(text) if text else item.text,
    )
    return step, told
