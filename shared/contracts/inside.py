"""What intake tells the desk over HTTP, inside: what citizens said about a case, and, apart from it, who they are."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Moment, Part
from shared.contracts.cases import CaseNumber
from shared.contracts.channel import Channel, Purpose

EARLIER_MAX = 20
CONTACTS_MAX = 200


class ToldFile(Part):
    """A file that came with a contact; `media_type` None: it is on its way, or never came (`reason`)."""

    id: UUID
    media_type: str | None = None
    reason: str | None = None


class ToldContact(Part):
    """One contact of a case. `text` is masked; "" for the one that opened it, whose words stand with the case."""

    contact_id: UUID
    at: Moment
    channel: Channel
    effect: Literal["opened", "joined", "linked"]
    kind: str
    purpose: Purpose
    own: bool = Field(description="by the citizen of the case; false: somebody else told of it too")
    text: str = ""
    files: tuple[ToldFile, ...] = ()


class ToldEarlier(Part):
    """Another case of the same citizen, over whatever channel it came, or of the same place."""

    case_id: UUID
    number: str
    opened_at: Moment
    is_open: bool
    owner: str | None = None
    topic: str | None = None
    metres: float | None = Field(None, description="how far it is; None: of the same citizen")


class ToldCase(Part):
    """What intake knows of a case. Nothing in it names a person; `of_person` may lead to who told a tip."""

    case_id: UUID
    number: str
    contacts: tuple[ToldContact, ...] = Field((), max_length=CONTACTS_MAX)
    of_person: tuple[ToldEarlier, ...] = Field((), max_length=EARLIER_MAX)
    of_place: tuple[ToldEarlier, ...] = Field((), max_length=EARLIER_MAX)
    split_from: CaseNumber | None = None


class KnownPerson(Part):
    """Somebody who told of a case. `address` None: they wrote by a form, whose address is the key to its page."""

    person_id: UUID
    channel: Channel
    name: str | None = None
    address: str | None = None
    told: bool = Field(False, description="told by the person, who has not written from there")
    own: bool = Field(description="the citizen of the case; false: somebody else who told of it")


class CasePeople(Part):
    """Names and addresses out of the vault: whoever asks keeps who looked."""

    people: tuple[KnownPerson, ...] = ()
