"""One short function per kind of message: read it, ask the domain, tell the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from services.intake import store
from services.intake.bodies import fetched
from services.intake.channels import ADAPTERS, Reading
from services.intake.domain import (
    Numbers,
    Registration,
    find_numbers,
    register,
    with_file_ids,
    without_addresses,
)
from shared.contracts import (
    AddressRecorded,
    CaseEvent,
    CaseNumber,
    CaseOpened,
    ContactJoined,
    ContactRegistered,
    DeliveryReported,
    Effect,
    Message,
    MessageReceived,
    ReplyRequested,
    WebhookReceived,
)
from shared.ids import derived_id
from shared.messaging import Never, Outgoing, Unit, envelopes
from shared.messaging.topology import EVENTS, LANES, NOTIFIER, ROUTING
from shared.objects import ObjectStore
from shared.urgency import EmergencyWords
from shared.vault import Vault


@dataclass(frozen=True)
class Intake:
    """What the handlers work with; built once in `app.py`."""

    vault: Vault
    numbers: Numbers
    emergencies: EmergencyWords
    objects: ObjectStore

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """Store everything raw, register each contact once, open its cases, and tell who must know."""
        events = await fetched(self.objects, unit, events)
        readings = [(event, _read(event)) for event in events]
        await store.keep_raw(unit.connection, [_raw(event) for event in events], self.vault)
        registrations, raw_ids = await self._register(unit, readings)
        messages = [store.Inbound(row.message, row.contact_id, raw_ids[row.contact_id]) for row in registrations]
        fresh = await store.add_messages(unit.connection, messages)
        await store.expect_files(unit.connection, [row for row in messages if row.contact_id in fresh], self.vault)
        registered = [row for row in registrations if row.contact_id in fresh]
        await store.add_contacts(unit.connection, registered, raw_ids)
        people = [store.Person(row.person_id, row.message) for row in registered if row.person_id]
        new_people = await store.add_people(unit.connection, people, self.vault)
        numbers = await store.open_cases(unit.connection, registered, self.numbers)
        addresses = {person.id: _address(person) for person in reversed(people) if person.id in new_people}
        receipts = list(chain.from_iterable(reading.receipts for _, reading in readings))
        unit.publish(*_tell(registered, numbers, addresses), *envelopes(NOTIFIER, "receipts", receipts))

    async def follow_cases(self, unit: Unit, events: Sequence[Message]) -> None:
        """Fold what the router tells of cases into intake's own picture of them."""
        steps = [event for event in events if isinstance(event, CaseEvent)]
        if steps:
            await store.add_steps(unit.connection, steps)

    async def keep_replies(self, unit: Unit, events: Sequence[Message]) -> None:
        """Replies to citizens who used the form wait on the page of their submission."""
        replies = [event for event in events if isinstance(event, ReplyRequested)]
        await store.keep_web_replies(
            unit.connection, [(reply.id, reply.address, reply.text, reply.number) for reply in replies]
        )

    async def _register(
        self, unit: Unit, readings: Sequence[tuple[Message, Reading]]
    ) -> tuple[list[Registration], dict[UUID, UUID]]:
        """Ask the domain about each message; one that stands twice in the batch counts once."""
        messages = [(event, with_file_ids(message)) for event, reading in readings for message in reading.messages]
        quoted = {id(message): find_numbers(message.text) for _, message in messages}
        known = await store.owners_of(unit.connection, set(chain.from_iterable(quoted.values())))
        registrations: dict[tuple[str, str, str], Registration] = {}
        raw_ids: dict[UUID, UUID] = {}
        for event, message in messages:
            person = self._person(message)
            cases = [
                CaseNumber(case_id=known[number][0], number=number)
                for number in quoted[id(message)]
                if person is not None and known.get(number, (None, None))[1] == person
            ]
            row = register(message, person, cases, self.emergencies)
            registrations.setdefault((message.channel, message.account, message.provider_id), row)
            raw_ids.setdefault(row.contact_id, event.id)
        return list(registrations.values()), raw_ids

    def _person(self, message: MessageReceived) -> UUID | None:
        address = message.sender.address
        return self.vault.pseudonym(message.channel, message.account, address) if address else None


def _read(event: Message) -> Reading:
    match event:
        case MessageReceived():
            return Reading(messages=(event,))
        case DeliveryReported():
            return Reading(receipts=(event,))
        case WebhookReceived() if event.provider in ADAPTERS:
            try:
                return ADAPTERS[event.provider].read(event)
            except (ValueError, RecursionError) as error:
                raise Never(f"unreadable {event.provider} payload: {type(error).__name__}") from error
        case _:
            raise Never(f"no reader for {event.type}")


def _raw(event: Message) -> store.Raw:
    match event:
        case WebhookReceived():
            return store.Raw(event.id, event.channel, event.body, event.body_key)
        case MessageReceived() | DeliveryReported():
            return store.Raw(event.id, event.channel, event.model_dump_json(exclude_none=True).encode())
        case _:
            raise Never(f"no reader for {event.type}")


def _address(person: store.Person) -> AddressRecorded:
    message = person.message
    return AddressRecorded(
        id=derived_id(message.occurred_at, "address", person.id, message.provider_id),
        occurred_at=message.occurred_at,
        trace_id=_trace(message),
        person_id=person.id,
        channel=message.channel,
        account=message.account,
        address=message.sender.address or "",
        name=message.sender.name,
    )


def _tell(
    registered: Sequence[Registration], numbers: dict[UUID, str], addresses: Mapping[UUID, AddressRecorded]
) -> list[Outgoing]:
    """By lane: work for the router, facts for whoever counts, and the same with new addresses for the notifier.

    A new address travels in the lane of the contact it came with, before it.
    """
    outgoing: list[Outgoing] = []
    for lane in LANES:
        rows = [row for row in registered if row.lane == lane]
        outgoing += envelopes(ROUTING, lane, [event for row in rows for event in _work(row, numbers)])
        facts = [_fact(row, numbers) for row in rows]
        people = dict.fromkeys(row.person_id for row in rows if row.person_id)
        news = [addresses[person] for person in people if person in addresses]
        outgoing += envelopes(EVENTS, f"intake.{lane}", facts)
        outgoing += envelopes(NOTIFIER, f"contacts.{lane}", [*news, *facts])
    return outgoing


def _fact(row: Registration, numbers: dict[UUID, str]) -> ContactRegistered:
    message = row.message
    opened = [CaseNumber(case_id=case.id, number=numbers[case.id]) for case in row.opens]
    return ContactRegistered(
        id=derived_id(message.occurred_at, "contact.registered", row.contact_id),
        occurred_at=message.occurred_at,
        trace_id=_trace(message),
        contact_id=row.contact_id,
        person_id=row.person_id,
        channel=message.channel,
        account=message.account,
        purpose=message.purpose,
        language=message.language,
        lane=row.lane,
        effect=row.effect,
        cases=(*opened, *row.joins),
        emergency_number=row.emergency_number,
    )


def _work(row: Registration, numbers: dict[UUID, str]) -> list[Message]:
    message = without_addresses(row.message)
    if row.effect is Effect.JOINED:
        return [
            ContactJoined(
                id=derived_id(message.occurred_at, "contact.joined", row.contact_id, case.case_id),
                occurred_at=message.occurred_at,
                trace_id=_trace(message),
                case_id=case.case_id,
                contact_id=row.contact_id,
                lane=row.lane,
                text=row.text,
                attachments=message.attachments,
            )
            for case in row.joins
        ]
    return [
        CaseOpened(
            id=derived_id(message.occurred_at, "case.opened", case.id),
            occurred_at=message.occurred_at,
            trace_id=_trace(message),
            case_id=case.id,
            number=numbers[case.id],
            contact_id=row.contact_id,
            person_id=row.person_id,
            channel=message.channel,
            account=message.account,
            language=message.language,
            lane=row.lane,
            text=case.text,
            place=message.place,
            attachments=message.attachments,
            topic=message.topic,
        )
        for case in row.opens
    ]


def _trace(message: MessageReceived) -> str:
    return message.trace_id or message.id.hex
