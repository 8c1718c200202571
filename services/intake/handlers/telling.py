"""What a registered contact tells others: work to the router, facts to whoever counts, addresses to the notifier."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from services.intake.domain import Arrival, Registration, without_addresses
from services.intake.domain.registration import NO_SURVEYS
from shared.contracts import (
    AddressRecorded,
    CaseNumber,
    CaseOpened,
    Channel,
    ContactJoined,
    ContactRegistered,
    Effect,
    Message,
    MessageReceived,
    OptOutRecorded,
    ReopenedBy,
    ReopeningAsked,
    SurveyAnswered,
    WithdrawalAsked,
)
from shared.ids import derived_id
from shared.messaging import Outgoing, envelopes
from shared.messaging.topology import EVENTS, LANES, NOTIFIER, ROUTING

# A form's id opens its page, so it goes to nobody.
THREADED: Final = frozenset({Channel.EMAIL, Channel.WHATSAPP, Channel.SOCIAL, Channel.SMS})


def tell(
    registered: Sequence[Registration],
    numbers: Mapping[UUID, str],
    addresses: Mapping[UUID, Sequence[AddressRecorded]],
    *,
    counted: bool = True,
) -> list[Outgoing]:
    """By lane: work for the router, facts for whoever counts, and the same with new addresses for the notifier.

    A new address travels in the lane of the contact it came with, before it. Held contacts are counted, and told to
    nobody else. `counted`: not for contacts that were counted before, when they were held.
    """
    outgoing: list[Outgoing] = []
    for lane in LANES:
        rows = [row for row in registered if row.lane == lane]
        outgoing += envelopes(ROUTING, lane, [event for row in rows for event in _work(row, numbers)])
        if counted:
            outgoing += envelopes(EVENTS, f"intake.{lane}", [_fact(row, numbers) for row in rows])
        people = dict.fromkeys(row.person_id for row in rows if row.person_id)
        news: list[Message] = [address for person in people for address in addresses.get(person, ())]
        facts = [_fact(row, numbers, threaded=True) for row in rows if row.effect is not Effect.HELD]
        outgoing += envelopes(NOTIFIER, f"contacts.{lane}", [*news, *facts])
    return outgoing


def tell_wishes(registered: Sequence[Registration]) -> list[Outgoing]:
    """Who wants no more notices on a channel, or wants them again; and who wants no surveys, by whatever channel."""
    wishes = [
        OptOutRecorded(
            id=derived_id(row.message.occurred_at, "opt_out", row.contact_id, person_id),
            occurred_at=row.message.occurred_at,
            trace_id=trace_of(row.message),
            person_id=person_id,
            channel=row.message.channel,
            opted_out=row.reason != "opt_in",
            of="surveys" if row.reason == NO_SURVEYS else "notices",
        )
        for row in registered
        if row.reason in ("opt_out", "opt_in", NO_SURVEYS)
        for person_id in sorted(row.people)
    ]
    return envelopes(NOTIFIER, "receipts", wishes)


def tell_answers(counted: Sequence[Registration]) -> list[Outgoing]:
    """Whether cases are solved, as their citizens say, for whoever counts."""
    outgoing: list[Outgoing] = []
    for lane in LANES:
        answers = [
            SurveyAnswered(
                id=derived_id(row.message.occurred_at, "survey.answered", row.answer.case.id),
                occurred_at=row.message.occurred_at,
                trace_id=trace_of(row.message),
                case_id=row.answer.case.id,
                contact_id=row.contact_id,
                channel=row.message.channel,
                solved=row.answer.solved,
            )
            for row in counted
            if row.answer and row.lane == lane
        ]
        outgoing += envelopes(EVENTS, f"intake.{lane}", answers)
    return outgoing


def proven_address(arrival: Arrival, person_id: UUID) -> AddressRecorded:
    """Where somebody wrote from."""
    message = arrival.message
    return AddressRecorded(
        id=derived_id(message.occurred_at, "address", person_id, message.provider_id),
        occurred_at=message.occurred_at,
        trace_id=trace_of(message),
        person_id=person_id,
        channel=message.channel,
        provider=message.provider,
        account=message.account,
        address=message.sender.address or "",
        name=message.sender.name,
    )


def told_address(arrival: Arrival, person_id: UUID, channel: Channel, address: str) -> AddressRecorded:
    """A further way to answer somebody, as they told it."""
    message = arrival.message
    return AddressRecorded(
        id=derived_id(message.occurred_at, "address", person_id, channel, address),
        occurred_at=message.occurred_at,
        trace_id=trace_of(message),
        person_id=person_id,
        channel=channel,
        account="main",
        address=address,
        name=message.sender.name,
        proven=False,
    )


def trace_of(message: MessageReceived) -> str:
    """What ties everything together that follows from a message."""
    return message.trace_id or message.id.hex


def _fact(row: Registration, numbers: Mapping[UUID, str], *, threaded: bool = False) -> ContactRegistered:
    message, arrival = row.message, row.arrival
    answered = [row.answer.case.id] if row.answer and row.answer.case.id not in row.joins else []
    cases = [*(case.id for case in row.opens), *row.joins, *answered]
    return ContactRegistered(
        id=derived_id(message.occurred_at, "contact.registered", row.contact_id, *_again(row)),
        occurred_at=message.occurred_at,
        trace_id=trace_of(message),
        contact_id=row.contact_id,
        person_id=row.person_id,
        channel=message.channel,
        account=message.account,
        purpose=row.purpose,
        language=message.language,
        lane=row.lane,
        effect=row.effect,
        cases=tuple(CaseNumber(case_id=case, number=numbers[case]) for case in cases),
        emergency_number=row.emergency_number,
        provider=message.provider,
        thread_id=arrival.message_ids[-1][:200] if threaded and message.channel in THREADED else None,
        last_message_at=arrival.last_message_at if len(arrival.message_ids) > 1 else None,
    )


def _again(row: Registration) -> tuple[str, ...]:
    """A contact that was held is told of a second time, as another fact."""
    return ("released",) if row.was_held else ()


def _work(row: Registration, numbers: Mapping[UUID, str]) -> list[Message]:
    message = without_addresses(row.message)
    joined = [_addition(row, message, case_id) for case_id in row.joins]
    opened = [
        CaseOpened(
            id=derived_id(message.occurred_at, "case.opened", case.id),
            occurred_at=message.occurred_at,
            trace_id=trace_of(message),
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
            decided=message.decided,
            follows=CaseNumber(case_id=case.follows, number=numbers[case.follows]) if case.follows else None,
        )
        for case in row.opens
    ]
    return [*opened, *joined]


def _addition(row: Registration, message: MessageReceived, case_id: UUID) -> Message:
    """What a contact that joined a case asks of the router: more to do, to begin again, or to stop."""
    words = {
        "occurred_at": message.occurred_at,
        "trace_id": trace_of(message),
        "case_id": case_id,
        "contact_id": row.contact_id,
        "lane": row.lane,
        "text": row.text,
    }
    shown = {"place": message.place, "attachments": message.attachments}
    at = message.occurred_at
    if case_id in row.withdraws:
        return WithdrawalAsked(id=derived_id(at, "withdrawal.asked", row.contact_id, case_id), **words)
    if case_id in row.reopens:
        asked = derived_id(at, "reopening.asked", row.contact_id, case_id)
        return ReopeningAsked(id=asked, by=ReopenedBy.SURVEY if row.answer else ReopenedBy.CITIZEN, **words, **shown)
    return ContactJoined(id=derived_id(at, "contact.joined", row.contact_id, case_id), **words, **shown)
