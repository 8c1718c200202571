"""What comes in by the intake queues: kept raw, read, and handed to whoever it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from services.intake import store
from services.intake.bodies import fetched
from services.intake.channels import Reading
from services.intake.domain import Arrival, with_file_ids
from services.intake.handlers.bounces import fail_addresses
from services.intake.handlers.bursts import Bursts
from services.intake.handlers.calls import report_calls
from services.intake.handlers.institutions import without_institutions
from services.intake.handlers.parking import Unreadable, park, read_one
from services.intake.handlers.reading import normalised
from services.intake.handlers.registering import Registrar
from shared.contracts import DeliveryReported, Message, MessageReceived, WebhookReceived
from shared.messaging import Never, Unit, envelopes
from shared.messaging.topology import NOTIFIER
from shared.objects import ObjectStore
from shared.tokens import HandOverTokens

Provided = tuple[str, str, str]
Readings = Sequence[tuple[Message, Reading]]


@dataclass(frozen=True)
class Intake:
    """What the handlers of the intake queues work with; built once in `app.py`."""

    registrar: Registrar
    bursts: Bursts
    objects: ObjectStore
    handovers: HandOverTokens

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """Store everything raw, register each contact once, open its cases, and tell who must know."""
        events = await fetched(self.objects, unit, events)
        await store.keep_raw(unit.connection, [_raw(event) for event in events], self.registrar.vault)
        found = [(event, read_one(event)) for event in events]
        await park(unit, [row for _, row in found if isinstance(row, Unreadable)], self.registrar.vault)
        await self.take_readings(unit, [(event, row) for event, row in found if isinstance(row, Reading)])

    async def take_readings(self, unit: Unit, readings: Readings) -> None:
        """Hand on what was read: messages become contacts, the rest goes to who waits for it."""
        readings = without_institutions(unit, readings, self.handovers)
        vault, rules = self.registrar.vault, self.registrar.place.conversation
        arrivals = await self._fresh(unit, readings)
        await self.registrar.register(unit, await self.bursts.gather(unit, arrivals))
        receipts = list(chain.from_iterable(reading.receipts for _, reading in readings))
        unit.publish(*envelopes(NOTIFIER, "receipts", receipts))
        calls = list(chain.from_iterable(reading.calls for _, reading in readings))
        await report_calls(unit, calls, vault, timedelta(minutes=rules.call_back.minutes))
        await fail_addresses(unit, readings, vault, rules.failed_address)

    async def _fresh(self, unit: Unit, readings: Readings) -> list[Arrival]:
        """The messages that nobody registered yet; one that stands twice in the batch counts once."""
        arrivals: dict[Provided, Arrival] = {}
        for event, reading in readings:
            for told in reading.messages:
                message = with_file_ids(normalised(told))
                arrival = Arrival(
                    message=message,
                    raw_id=event.id,
                    person_id=self.registrar.person_id(message),
                    number_id=self.registrar.number_id(message),
                    message_ids=(message.provider_id,),
                    last_message_at=message.occurred_at,
                )
                arrivals.setdefault((message.channel, message.account, message.provider_id), arrival)
        if not arrivals:
            return []
        rows = [store.Inbound(arrival.message, arrival.contact_id, arrival.raw_id) for arrival in arrivals.values()]
        fresh = await store.add_messages(unit.connection, rows)
        files = [row for row in rows if row.contact_id in fresh and row.message.attachments]
        await store.expect_files(unit.connection, files, self.registrar.vault)
        return [arrival for arrival in arrivals.values() if arrival.contact_id in fresh]


def _raw(event: Message) -> store.Raw:
    match event:
        case WebhookReceived():
            return store.Raw(event.id, event.channel, event.body, event.body_key)
        case MessageReceived() | DeliveryReported():
            return store.Raw(event.id, event.channel, event.model_dump_json(exclude_none=True).encode())
        case _:
            raise Never(f"no reader for {event.type}")
