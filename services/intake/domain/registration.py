"""What a contact becomes: none, one or several cases, or an addition to a case that is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts import CaseNumber, Channel, Effect, Lane, MessageReceived, Purpose
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id
from shared.text import clean, fold, mask, words
from shared.urgency import EmergencyWords

URGENCY_TEXT_MAX: Final = 2_000  # danger is told in the first sentences


@dataclass(frozen=True, slots=True)
class FiledCase:
    """A case this contact opens; `text` is masked."""

    id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Registration:
    """One contact and what it does. `joins` are the numbers of the cases it adds `text` to."""

    contact_id: UUID
    message: MessageReceived
    person_id: UUID | None
    effect: Effect
    lane: Lane
    emergency_number: str | None
    opens: tuple[FiledCase, ...] = ()
    joins: tuple[CaseNumber, ...] = ()
    text: str = ""


def contact_id(channel: Channel, account: str, provider_id: str, occurred_at: datetime) -> UUID:
    """The id of the contact that this message is, whoever computes it."""
    return derived_id(occurred_at, "contact", channel, account, provider_id)


def case_id(contact: UUID, occurred_at: datetime, index: int = 0) -> UUID:
    """The id of the `index`-th case that a contact opens."""
    return derived_id(occurred_at, "case", contact, index)


def lane_of(text: str, emergencies: EmergencyWords) -> tuple[Lane, str | None]:
    """The lane of a message, and the number to call at once when life is at risk."""
    alarm = emergencies.find(words(fold(text[:URGENCY_TEXT_MAX])))
    return ("urgent", alarm.emergency.number) if alarm else ("routine", None)


def register(
    message: MessageReceived,
    person_id: UUID | None,
    quoted: Sequence[CaseNumber],
    emergencies: EmergencyWords,
) -> Registration:
    """Decide what a contact does. `quoted`: the cases it names that this very person is a party of."""
    contact = contact_id(message.channel, message.account, message.provider_id, message.occurred_at)
    requests = [clean(text[:TEXT_MAX]) for text in (message.requests or (message.text,))]
    lane, number = lane_of("\n".join(requests), emergencies)
    if message.purpose is not Purpose.REQUEST:
        return Registration(contact, message, person_id, Effect.NONE, lane, number)
    if quoted:
        text = mask("\n".join(requests))
        return Registration(contact, message, person_id, Effect.JOINED, lane, number, joins=tuple(quoted), text=text)
    opens = tuple(
        FiledCase(case_id(contact, message.occurred_at, index), mask(text)) for index, text in enumerate(requests)
    )
    return Registration(contact, message, person_id, Effect.OPENED, lane, number, opens)
