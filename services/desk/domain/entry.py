"""What an operator enters for somebody who called, came or wrote on paper, and the message it becomes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.desk.domain.work import Said
from shared.contracts import Channel, ContactPoint, Decided, MessageReceived, Place, Purpose, Sender
from shared.contracts.channel import Code
from shared.ids import derived_id
from shared.phone import e164
from shared.text import clean

# The ways by which a person at the desk takes something in.
CHANNELS: Final = (Channel.PHONE, Channel.FACE_TO_FACE, Channel.PETITION, Channel.CIMER, Channel.MUHTAR)
DAYS_BACK_MAX: Final = 60  # older paper is a typing mistake
RECEIVED_AT: Final = time(9)  # of paper that came in on an earlier day
_MAIL: Final = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]{2,}")


class Wish(StrEnum):
    """How somebody wishes to be answered."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    CALL = "call"
    EMAIL = "email"
    NONE = "none"


class PetitionPart(StrEnum):
    """What a petition must have to be examined (Law 3071, article 4)."""

    NAME = "name"
    ADDRESS = "address"
    SIGNATURE = "signature"


def _line(value: object) -> object:
    """One line of a form: cleaned, None when nothing stands there."""
    return (" ".join(clean(value).split()) or None) if isinstance(value, str) else value


def _phone(value: str | None) -> str | None:
    if value is None:
        return None
    number = e164(value)
    if number is None:
        raise ValueError("not a phone number")
    return number


def _mail(value: str | None) -> str | None:
    if value is not None and not _MAIL.fullmatch(value):
        raise ValueError("not a mail address")
    return value


Line = Annotated[Annotated[str, StringConstraints(max_length=200)] | None, BeforeValidator(_line)]
Choice = Annotated[Code | None, BeforeValidator(_line)]


class Entry(BaseModel):
    """One contact as it was typed. `id` is the form's own: the same form sent twice is one contact.

    `owner`: whom the operator chose; None: the router decides. `answer`: what was told at once, then no case is made.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    channel: Channel
    text: Said
    phone: Annotated[Line, AfterValidator(_phone)] = None
    name: Line = None
    email: Annotated[Line, AfterValidator(_mail)] = None
    wish: Wish = Wish.SMS
    language: Annotated[str, StringConstraints(pattern="^(tr|en)$")] = "tr"
    street: Line = None
    neighbourhood: Choice = None
    owner: Choice = None
    topic: Choice = None
    about_case: Annotated[UUID | None, BeforeValidator(_line)] = None
    answered: bool = False
    answer: Annotated[str, BeforeValidator(lambda value: clean(value).strip()), Field(max_length=4000)] = ""
    received_on: Annotated[date | None, BeforeValidator(_line)] = None
    reference: Line = None
    postal: Line = None
    signed: bool = False
    muhtar_of: Choice = None
    task: Annotated[UUID | None, BeforeValidator(_line)] = None

    @model_validator(mode="before")
    @classmethod
    def _only_ours(cls, values: object) -> object:
        """A phone call has no postal address, whatever the browser kept in a hidden field."""
        if not isinstance(values, dict):
            return values
        channel, kept = values.get("channel"), dict(values)
        for name, channels in _FIELDS_OF.items():
            if channel not in channels:
                kept.pop(name, None)
        return kept


_PAPER: Final = (Channel.PETITION, Channel.CIMER)
_FIELDS_OF: Final = {
    "received_on": _PAPER,
    "reference": _PAPER,
    "postal": (Channel.PETITION,),
    "signed": (Channel.PETITION,),
    "muhtar_of": (Channel.MUHTAR,),
}


def faults(entry: Entry, today: date) -> dict[str, str]:
    """What a single field cannot tell of itself: a message for each wrong one."""
    wrong = {}
    if entry.channel not in CHANNELS:
        wrong["channel"] = "wrong.unknown"
    if entry.answered and not entry.answer:
        wrong["answer"] = "wrong.missing"
    if entry.channel is Channel.CIMER and not entry.reference:
        wrong["reference"] = "wrong.missing"
    if entry.received_on and not today - timedelta(days=DAYS_BACK_MAX) <= entry.received_on <= today:
        wrong["received_on"] = "wrong.date"
    if entry.wish is Wish.EMAIL and not entry.email:
        wrong["email"] = "wrong.missing"
    return wrong


def petition_lacks(entry: Entry) -> list[PetitionPart]:
    """What keeps a petition from being examined (Law 3071, article 6): told to the operator, no hindrance."""
    has = {
        PetitionPart.NAME: entry.name is not None,
        PetitionPart.ADDRESS: entry.postal is not None,
        PetitionPart.SIGNATURE: entry.signed,
    }
    return [part for part, there in has.items() if not there] if entry.channel is Channel.PETITION else []


def split_street(written: str | None, neighbourhoods: dict[str, str]) -> tuple[str | None, str | None]:
    """("Gazi Caddesi", code) of "Gazi Caddesi, Kale" as the suggestions write it; `neighbourhoods`: code by name."""
    if written is None:
        return None, None
    street, comma, name = written.rpartition(", ")
    code = neighbourhoods.get(name) if comma else None
    return (street, code) if code else (written, None)


def message_of(entry: Entry, by: str, now: datetime, zone: ZoneInfo, neighbourhood_name: str | None) -> MessageReceived:
    """The message of an entry; the same entry gives the same provider's id, so that it is one contact.

    Its provider is the desk: it is answered by the channel's ladder, not by a program of the channel's own.
    """
    at = _occurred_at(entry, now, zone)
    provider_id = entry.reference if entry.channel is Channel.CIMER and entry.reference else str(entry.id)
    decides = entry.owner is not None and not entry.answered and entry.about_case is None
    return MessageReceived(
        id=derived_id(at, "entry", entry.id),
        occurred_at=at,
        trace_id=entry.id.hex,
        channel=entry.channel,
        provider="desk",
        provider_id=provider_id,
        sender=Sender(address=_address(entry), name=entry.name, answers=tuple(_answers(entry))[:3]),
        text=entry.text,
        place=Place(street=entry.street, neighbourhood=neighbourhood_name),
        purpose=Purpose.INFORMATION if entry.answered else Purpose.REQUEST,
        language="en" if entry.language == "en" else "tr",
        about_case=None if entry.answered else entry.about_case,
        decided=Decided(owner=entry.owner or "", topic=entry.topic, neighbourhood=entry.neighbourhood, by=by)
        if decides
        else None,
        answer=entry.answer if entry.answered else "",
    )


def _occurred_at(entry: Entry, now: datetime, zone: ZoneInfo) -> datetime:
    """Paper counts from the day it came in, and the law's thirty days with it."""
    if entry.received_on is None:
        return now
    return min(now, datetime.combine(entry.received_on, RECEIVED_AT, zone))


def _address(entry: Entry) -> str | None:
    """What the channel itself answers to: paper by the post, CİMER in its own system, everybody else by phone."""
    match entry.channel:
        case Channel.PETITION:
            return entry.postal or entry.phone or entry.email
        case Channel.CIMER:
            return entry.reference
        case _:
            return entry.phone or entry.email


def _answers(entry: Entry) -> Iterator[ContactPoint]:
    """Further ways, the one most wished for first."""
    if entry.wish is Wish.NONE:
        return
    by_phone = {Wish.SMS: Channel.SMS, Wish.WHATSAPP: Channel.WHATSAPP}.get(entry.wish, Channel.PHONE)
    phone = [ContactPoint(channel=by_phone, address=entry.phone)] if entry.phone else []
    mail = [ContactPoint(channel=Channel.EMAIL, address=entry.email)] if entry.email else []
    yield from (mail + phone) if entry.wish is Wish.EMAIL else (phone + mail)


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry as the desk keeps it: what became of it. `effect` None: it is on its way."""

    id: UUID
    contact_id: UUID
    channel: Channel
    entered_at: datetime
    entered_by: str
    answered: bool
    task_id: UUID | None
    effect: str | None
    numbers: tuple[str, ...]
