"""What a citizen is told, and what a reply's status becomes: pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts import (
    CaseAsked,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    Channel,
    ContactRegistered,
    Effect,
    NoticeStatus,
    Outcome,
)
from shared.ids import derived_id
from shared.municipality import Municipality, ReplyEvent

# A reply that could not go out for so long is not sent any more: it would only confuse.
EXPIRES_AFTER: Final = timedelta(days=1)
# At most so often is a reply given to a provider whose last answer we do not know.
UNKNOWN_SENDS_MAX: Final = 2
RETRY_SECONDS: Final = (2, 10, 60, 300, 900, 3600)

_RANK: Final[Mapping[NoticeStatus, int]] = {
    NoticeStatus.WAITING: 0,
    NoticeStatus.SENDING: 0,
    NoticeStatus.UNKNOWN: 1,
    NoticeStatus.ACCEPTED: 2,
    NoticeStatus.SENT: 3,
    NoticeStatus.FAILED: 4,
    NoticeStatus.NO_ADDRESS: 4,
    NoticeStatus.EXPIRED: 4,
    NoticeStatus.OPTED_OUT: 4,
    NoticeStatus.HANDED_OVER: 4,
    NoticeStatus.DELIVERED: 5,
    NoticeStatus.READ: 6,
}


@dataclass(frozen=True, slots=True)
class Party:
    """Who is told about a case, and how; `contact_id` is the contact that made them a party."""

    case_id: UUID
    contact_id: UUID
    person_id: UUID | None
    channel: Channel
    account: str
    language: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One reply to one citizen, rendered from the event that caused it."""

    id: UUID
    event: ReplyEvent
    person_id: UUID | None
    contact_id: UUID
    case_id: UUID | None
    channel: Channel
    account: str
    language: str
    number: str | None
    text: str
    template: str
    template_version: int
    trace_id: str
    occurred_at: datetime


class Answer(StrEnum):
    """The few answers of a provider that matter to us."""

    ACCEPTED = "accepted"
    LATER = "later"  # certainly not sent: try again
    NEVER = "never"  # certainly not sent, and it would be refused again
    UNKNOWN = "unknown"  # may have been sent: never blindly again


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider said to one send."""

    letter_id: UUID
    answer: Answer
    provider_id: str | None = None
    error: str | None = None


def parties(event: ContactRegistered) -> list[Party]:
    """Whom to tell about the cases of a contact from now on."""
    return [
        Party(case.case_id, event.contact_id, event.person_id, event.channel, event.account, event.language)
        for case in event.cases
    ]


def tell_of_contact(event: ContactRegistered, place: Municipality) -> Notice | None:
    """The receipt: the number first of all, or whom to call when life is at risk. None: nothing to say."""
    numbers = ", ".join(case.number for case in event.cases) or None
    values: dict[str, str | None] = {"number": numbers}
    if event.emergency_number:
        reply = ReplyEvent.EMERGENCY
        values["advice_number"] = event.emergency_number
    elif event.effect is Effect.OPENED:
        reply = ReplyEvent.RECEIPT
    elif event.effect is Effect.JOINED:
        reply = ReplyEvent.JOINED
    else:
        return None
    rendered = place.render(reply, event.language, event.channel, **values)
    return Notice(
        id=derived_id(event.occurred_at, "notice", event.id, reply),
        event=reply,
        person_id=event.person_id,
        contact_id=event.contact_id,
        case_id=event.cases[0].case_id if event.cases else None,
        channel=event.channel,
        account=event.account,
        language=event.language,
        number=numbers,
        text=rendered.text,
        template=rendered.template,
        template_version=rendered.version,
        trace_id=event.trace_id,
        occurred_at=event.occurred_at,
    )


def tell_of_case(event: CaseEvent, party: Party, place: Municipality) -> Notice | None:
    """The reply to a step a citizen cares about. None: this step is not told."""
    told = _words(event, place, party.language)
    if told is None:
        return None
    reply, values = told
    rendered = place.render(reply, party.language, party.channel, **{"number": event.number, **values})
    return Notice(
        id=derived_id(event.occurred_at, "notice", event.id, reply, party.contact_id),
        event=reply,
        person_id=party.person_id,
        contact_id=party.contact_id,
        case_id=event.case_id,
        channel=party.channel,
        account=party.account,
        language=party.language,
        number=event.number,
        text=rendered.text,
        template=rendered.template,
        template_version=rendered.version,
        trace_id=event.trace_id,
        occurred_at=event.occurred_at,
    )


def _words(event: CaseEvent, place: Municipality, language: str) -> tuple[ReplyEvent, dict[str, str | None]] | None:
    match event:
        case CaseForwarded():
            institution = place.owner(event.owner)
            phone = getattr(institution, "phone", None)
            name = institution.name_in(language)
            return ReplyEvent.FORWARDED, {"institution": name, "institution_phone": phone}
        case CaseClosed(outcome=Outcome.REJECTED):
            return ReplyEvent.REJECTED, {"text": event.answer}
        case CaseClosed():
            return ReplyEvent.CLOSED, {"outcome": event.outcome, "text": event.answer}
        case CaseAsked():
            return ReplyEvent.QUESTION, {
                "text": event.question,
                "department": place.owner(event.owner).name_in(language),
            }
        case _:
            return None


def advance(known: NoticeStatus, reported: NoticeStatus) -> NoticeStatus:
    """The status after a report: it only goes up, whatever comes late, twice or backwards."""
    return reported if _RANK[reported] > _RANK[known] else known


@dataclass(frozen=True, slots=True)
class Next:
    """What a result makes of a notice: its status, and in how many seconds it must be looked at again (None: never)."""

    status: NoticeStatus
    look_again_seconds: float | None = None


def after_send(result: Result, attempts: int, unknown_wait_seconds: float) -> Next:
    """What follows from a provider's answer to the `attempts`-th send."""
    match result.answer:
        case Answer.ACCEPTED:
            return Next(NoticeStatus.ACCEPTED)
        case Answer.NEVER:
            return Next(NoticeStatus.FAILED)
        case Answer.UNKNOWN:
            return Next(NoticeStatus.UNKNOWN, unknown_wait_seconds)
        case Answer.LATER:
            return Next(NoticeStatus.WAITING, RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1])
