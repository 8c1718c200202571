"""Payloads that cannot be read: kept, shown to a person, read again when that person says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake import store
from services.intake.channels import ADAPTERS, Reading, TooLarge
from shared.contracts import DeliveryReported, Message, MessageReceived, TaskKind, TaskRequested, WebhookReceived
from shared.ids import derived_id
from shared.messaging import Never, Unit, envelopes
from shared.messaging.topology import DESK
from shared.vault import Vault


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a payload holds nothing for us; `reason` is a code the desk has words for."""

    payload: WebhookReceived
    reason: str
    detail: str


def read_one(event: Message) -> Reading | Unreadable:
    """What an event holds. Raises Never for one that does not belong here."""
    match event:
        case MessageReceived():
            return Reading(messages=(event,))
        case DeliveryReported():
            return Reading(receipts=(event,))
        case WebhookReceived():
            return _read_payload(event)
        case _:
            raise Never(f"no reader for {event.type}")


async def park(unit: Unit, rows: Sequence[Unreadable], vault: Vault, *, attempt: int = 1) -> None:
    """Keep payloads that could not be read, and ask a person what to do with them."""
    if not rows:
        return
    tasks = [(_task(row, attempt), row) for row in rows]
    parked = [store.Parked(task.id, row.payload, attempt, row.reason, row.detail) for task, row in tasks]
    await store.park(unit.connection, parked, vault)
    unit.publish(*envelopes(DESK, "tasks", [task for task, _ in tasks]))


def _read_payload(payload: WebhookReceived) -> Reading | Unreadable:
    adapter = ADAPTERS.get(payload.provider)
    if adapter is None:
        return Unreadable(payload, "unreadable", f"no reader for {payload.provider}")
    try:
        return adapter.read(payload)
    except TooLarge:
        return Unreadable(payload, "too_large", f"{payload.provider}: {len(payload.body)} bytes")
    except (ValueError, RecursionError) as error:
        return Unreadable(payload, "unreadable", f"{payload.provider}: {type(error).__name__}")


def _task(row: Unreadable, attempt: int) -> TaskRequested:
    payload = row.payload
    return TaskRequested(
        id=derived_id(payload.received_at, "parked", payload.id, attempt),
        occurred_at=payload.received_at,
        trace_id=payload.trace_id,
        kind=TaskKind.PARKED,
        source="intake",
        channel=payload.channel,
        account=payload.account,
        reason=row.reason,
        detail=row.detail,
    )
