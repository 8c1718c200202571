"""What a task for a person is, how it may be settled, and what who asked for it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from shared.contracts import (
    Channel,
    Decided,
    Lane,
    Place,
    Proposal,
    TaskDecision,
    TaskKind,
    TaskRequested,
    TaskSettled,
)
from shared.contracts.channel import Code
from shared.contracts.desk import TaskSource
from shared.ids import derived_id
from shared.text import clean

_D = TaskDecision
# How a task of each kind can be settled, the usual way first.
WAYS: Final[Mapping[TaskKind, tuple[TaskDecision, ...]]] = {
    TaskKind.CALL_BACK: (_D.DONE, _D.DISCARD),
    TaskKind.CALL: (_D.DONE, _D.DISCARD),
    TaskKind.LETTER: (_D.DONE, _D.DISCARD),
    TaskKind.UNDELIVERED: (_D.RETRY, _D.DONE, _D.DISCARD),
    TaskKind.HELD: (_D.RELEASE, _D.DISCARD, _D.BLOCK),
    TaskKind.PARKED: (_D.RELEASE, _D.DISCARD),
    TaskKind.ALERT: (_D.DONE,),
    TaskKind.SPLIT: (_D.DONE, _D.DISCARD),
    TaskKind.REOPEN: (_D.RELEASE, _D.DISCARD),
    TaskKind.UNRECEIPTED: (_D.DONE,),
    TaskKind.OVERDUE: (_D.DONE,),
    TaskKind.WROTE: (_D.DONE,),
}
# What somebody may ask about later: nothing happens to the citizen's message or reply.
WANT_A_REASON: Final = frozenset({_D.DISCARD, _D.BLOCK})
CHOSEN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Task:
    """A task without its address, which is opened by itself (`Reached`). `settled_at` None: it waits.

    Of a split: `detail` is the owner that has the case already, `proposals` who else may have a part of it, `chosen`
    who else got one.
    """

    id: UUID
    kind: TaskKind
    source: TaskSource
    lane: Lane
    channel: Channel
    account: str
    case_id: UUID | None
    contact_id: UUID | None
    person_id: UUID | None
    number: str | None
    has_address: bool
    reason: str
    detail: str
    text: str
    requested_at: datetime
    trace_id: str
    place: Place
    emergency_number: str | None = None
    proposals: tuple[Proposal, ...] = ()
    chosen: tuple[Decided, ...] = ()
    settled_at: datetime | None = None
    decision: TaskDecision | None = None
    settled_by: str | None = None
    note: str | None = None

    @property
    def ways(self) -> tuple[TaskDecision, ...]:
        """How it can be settled."""
        return WAYS[self.kind]


@dataclass(frozen=True, slots=True)
class Reached:
    """Where somebody is reached, as far as it is known. `withheld`: it is known, and not for who asks."""

    address: str | None = None
    name: str | None = None
    withheld: bool = False


class TaskVerdict(StrEnum):
    """Why settling changes nothing."""

    REPEATED = "repeated"  # this person settled it so already
    SETTLED = "settled"  # it was settled before: the first settlement counts
    NOT_A_WAY = "not_a_way"  # a task of this kind is not settled so
    NO_REASON = "no_reason"
    NOBODY_CHOSEN = "nobody_chosen"  # a split for nobody, or none for somebody


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Note = Annotated[str, BeforeValidator(_cleaned), StringConstraints(max_length=4000, strip_whitespace=True)]


class Chosen(BaseModel):
    """Who else gets a case of a message that concerns several owners."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Code
    topic: Code | None = None


class Settle(BaseModel):
    """How a person settles a task; `note` is the reason where one is wanted, else what colleagues should know.

    `chosen`: of a split, who else gets a case; nobody where one owner is enough.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: TaskDecision
    note: Note = ""
    chosen: Annotated[tuple[Chosen, ...], Field(max_length=CHOSEN_MAX)] = ()


def task_of(asked: TaskRequested) -> tuple[Task, Reached]:
    """The task a request makes, and the address that is kept apart from it."""
    task = Task(
        id=asked.id,
        kind=asked.kind,
        source=asked.source,
        lane=asked.lane,
        channel=asked.channel,
        account=asked.account,
        case_id=asked.case_id,
        contact_id=asked.contact_id,
        person_id=asked.person_id,
        number=asked.number,
        has_address=asked.address is not None,
        reason=asked.reason,
        detail=clean(asked.detail),
        text=clean(asked.text),
        requested_at=asked.occurred_at,
        trace_id=asked.trace_id,
        place=asked.place,
        emergency_number=asked.emergency_number,
        proposals=asked.proposals,
    )
    return task, Reached(asked.address, clean(asked.name) if asked.name else None)


def judge_settling(task: Task, settle: Settle, by: str) -> TaskVerdict | None:
    """Why the task is not settled so; None: settle it."""
    if task.settled_at is not None:
        before = (task.decision, task.settled_by, task.note, task.chosen)
        same = before == (settle.decision, by, settle.note, _decided(settle, by))
        return TaskVerdict.REPEATED if same else TaskVerdict.SETTLED
    if settle.decision not in task.ways or (settle.chosen and task.kind is not TaskKind.SPLIT):
        return TaskVerdict.NOT_A_WAY
    if task.kind is TaskKind.SPLIT:
        # That one owner is enough explains itself.
        return None if bool(settle.chosen) == (settle.decision is TaskDecision.DONE) else TaskVerdict.NOBODY_CHOSEN
    if settle.decision in WANT_A_REASON and not settle.note:
        return TaskVerdict.NO_REASON
    return None


def settled(task: Task, settle: Settle, by: str, now: datetime) -> tuple[Task, TaskSettled]:
    """The task afterwards, and what who asked for it is told: one id for one task, whoever settles it."""
    told = TaskSettled(
        id=derived_id(task.requested_at, "task.settled", task.id),
        occurred_at=now,
        trace_id=task.trace_id,
        task_id=task.id,
        source=task.source,
        decision=settle.decision,
        by=f"desk:{by}"[:100],
        note=settle.note,
        kind=task.kind,
        case_id=task.case_id,
        contact_id=task.contact_id,
        chosen=_decided(settle, by),
        text=task.text if task.kind is TaskKind.SPLIT else "",
    )
    after = replace(task, settled_at=now, decision=settle.decision, settled_by=by, note=settle.note, chosen=told.chosen)
    return after, told


def _decided(settle: Settle, by: str) -> tuple[Decided, ...]:
    """Each owner once, by the first choice of it."""
    by_owner: dict[str, Chosen] = {}
    for row in settle.chosen:
        by_owner.setdefault(row.owner, row)
    return tuple(Decided(owner=row.owner, topic=row.topic, by=by[:100]) for row in by_owner.values())
