"""What an alert is (acil uyarı), which requests are one alert, and what acknowledging it means."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.desk.domain.tasks import Note, Reached
from shared.contracts import Channel, Place, TaskDecision, TaskKind, TaskRequested, TaskSettled
from shared.ids import derived_id
from shared.text import clean

TEXTS_MAX: Final = 20


class How(StrEnum):
    """What somebody did about an alert."""

    SEEN = "seen"
    CALLED = "called"


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody looked at an alert, or called."""

    at: datetime
    by: str
    how: How
    note: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Danger a sender tells of, in one message or several: `calls` counts them, `texts` are the last of them, masked.

    `told_by` is the phrase that told it, "" when the model alone did. Nobody acknowledged it: it is given again at
    `due_at`; `reminded` counts how often that happened.
    """

    id: UUID
    emergency: str
    emergency_number: str
    told_by: str
    channel: Channel
    account: str
    person_id: UUID | None
    has_address: bool
    texts: tuple[str, ...]
    place: Place
    numbers: tuple[str, ...]
    case_ids: tuple[UUID, ...]
    calls: int
    requested_at: datetime
    last_at: datetime
    trace_id: str
    due_at: datetime | None = None
    reminded: int = 0
    acknowledged_at: datetime | None = None
    acts: tuple[Act, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody acknowledged it yet."""
        return self.acknowledged_at is None

    @property
    def is_overdue(self) -> bool:
        """Whether it is open and was given again."""
        return self.is_open and self.reminded > 0


class Acknowledge(BaseModel):
    """What somebody did about an alert, with what colleagues should know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    how: How
    note: Note = ""


def alerts_of(asked: Iterable[TaskRequested]) -> list[tuple[Alert, Reached]]:
    """The alerts of a batch of requests: those of one sender are one, in the order in which they came."""
    found: dict[UUID, tuple[Alert, Reached]] = {}
    for request in asked:
        if request.kind is not TaskKind.ALERT:
            continue
        alert, reached = _alert(request)
        sender = alert.person_id or alert.id
        if sender in found:
            alert, reached = _gathered(found[sender][0], alert), found[sender][1]
        found[sender] = (alert, reached)
    return list(found.values())


def settled_by(alert: Alert, acknowledge: Acknowledge, by: str, now: datetime) -> TaskSettled:
    """What who asked for the alert is told when it is acknowledged first."""
    return TaskSettled(
        id=derived_id(alert.requested_at, "task.settled", alert.id),
        occurred_at=now,
        trace_id=alert.trace_id,
        task_id=alert.id,
        source="intake",
        decision=TaskDecision.DONE,
        by=f"desk:{by}"[:100],
        note=acknowledge.note,
        kind=TaskKind.ALERT,
        case_id=alert.case_ids[0] if alert.case_ids else None,
    )


def _alert(request: TaskRequested) -> tuple[Alert, Reached]:
    alert = Alert(
        id=request.id,
        emergency=request.reason,
        emergency_number=request.emergency_number or "112",
        told_by=clean(request.detail),
        channel=request.channel,
        account=request.account,
        person_id=request.person_id,
        has_address=request.address is not None,
        texts=(clean(request.text),),
        place=request.place,
        numbers=tuple(request.number.split(", ")) if request.number else (),
        case_ids=(request.case_id,) if request.case_id else (),
        calls=1,
        requested_at=request.occurred_at,
        last_at=request.occurred_at,
        trace_id=request.trace_id,
    )
    return alert, Reached(request.address, clean(request.name) if request.name else None)


def _gathered(first: Alert, again: Alert) -> Alert:
    """What was told first, with what the sender told since."""
    return replace(
        first,
        emergency=again.emergency,
        emergency_number=again.emergency_number,
        told_by=again.told_by,
        texts=(*first.texts, *again.texts)[-TEXTS_MAX:],
        place=again.place if again.place != Place() else first.place,
        numbers=tuple(dict.fromkeys((*first.numbers, *again.numbers))),
        case_ids=tuple(dict.fromkeys((*first.case_ids, *again.case_ids))),
        calls=first.calls + again.calls,
        last_at=max(first.last_at, again.last_at),
    )
