"""Alerts to the solution centre: somebody wrote of danger to life and limb, and a person has to look at once."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from services.intake.domain import Registration
from services.intake.handlers.telling import trace_of
from shared.contracts import ContactPoint, MessageReceived, TaskKind, TaskRequested
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id
from shared.messaging import Outgoing, envelopes
from shared.messaging.topology import DESK
from shared.personal import mask

SHOWN_LETTERS_MAX: Final = 1_000


def alerts(rows: Sequence[Registration], numbers: Mapping[UUID, str]) -> list[Outgoing]:
    """One alert for each contact that tells of danger, in a lane where no other task stands before it.

    It changes nothing else: the case goes to its owner as any other. `numbers` are those of the cases.
    """
    return envelopes(DESK, "alerts", [_alert(row, numbers) for row in rows if row.alarm])


def _alert(row: Registration, numbers: Mapping[UUID, str]) -> TaskRequested:
    message, alarm = row.message, row.alarm
    assert alarm is not None
    cases = [*(case.id for case in row.opens), *row.joins]
    reached = _reached(message)
    return TaskRequested(
        id=derived_id(message.occurred_at, "alert", row.contact_id),
        occurred_at=message.occurred_at,
        trace_id=trace_of(message),
        kind=TaskKind.ALERT,
        source="intake",
        lane="urgent",
        channel=message.channel,
        account=message.account,
        case_id=cases[0] if cases else None,
        contact_id=row.contact_id,
        person_id=row.person_id,
        number=", ".join(numbers[case] for case in cases if case in numbers) or None,
        address=reached.address if reached else None,
        name=message.sender.name,
        reason=alarm.emergency.code,
        detail=alarm.phrase,
        text=mask("\n".join(message.requests or (message.text,))[:TEXT_MAX])[:SHOWN_LETTERS_MAX],
        place=message.place,
        emergency_number=alarm.emergency.number,
    )


def _reached(message: MessageReceived) -> ContactPoint | None:
    """A telephone number before anything else; None: anonymous."""
    own = [ContactPoint(channel=message.channel, address=message.sender.address)] if message.sender.address else []
    points = [*own, *message.sender.answers]
    return next((point for point in points if point.address.startswith("+")), points[0] if points else None)
