"""Addresses that do not take our messages: the notifier leaves them alone for some time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.intake import store
from services.intake.channels import FailedAddress, Reading
from services.intake.handlers.reading import as_one
from shared.contracts import AddressFailed, Message, WebhookReceived
from shared.ids import derived_id
from shared.messaging import Unit, envelopes
from shared.messaging.topology import NOTIFIER
from shared.municipality.conversation import FailedAddress as Rules
from shared.vault import Vault


async def fail_addresses(unit: Unit, readings: Sequence[tuple[Message, Reading]], vault: Vault, rules: Rules) -> None:
    """Tell the notifier of everybody we know behind an address that failed; one nobody has concerns nobody."""
    told = [
        (payload, failed, vault.number_id(payload.channel, as_one(payload.channel, failed.address)))
        for payload, reading in readings
        if isinstance(payload, WebhookReceived)
        for failed in reading.failed_addresses
    ]
    events: list[AddressFailed] = []
    for channel in {payload.channel for payload, _, _ in told}:
        here = [row for row in told if row[0].channel == channel]
        people = await store.people_at(unit.connection, channel, {number for _, _, number in here})
        events += [
            _failed(payload, failed, person, rules)
            for payload, failed, number in here
            for person in people.get(number, ())
        ]
    unit.publish(*envelopes(NOTIFIER, "receipts", events))


def _failed(payload: WebhookReceived, failed: FailedAddress, person: UUID, rules: Rules) -> AddressFailed:
    days = rules.permanent_days if failed.is_permanent else rules.temporary_days
    return AddressFailed(
        id=derived_id(payload.received_at, "address.failed", person, payload.id),
        occurred_at=payload.received_at,
        trace_id=payload.trace_id,
        person_id=person,
        channel=payload.channel,
        reason=failed.reason[:200],
        until=payload.received_at + timedelta(days=days),
    )
