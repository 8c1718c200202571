"""What channels publish on the intake queue: a citizen's message, or a provider's payload as it came."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import Message, Moment, Part
from shared.ids import derived_id

TEXT_MAX = 20_000
Short = Annotated[str, StringConstraints(max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class Channel(StrEnum):
    """The ways a citizen reaches the centre (kanal)."""

    PHONE = "phone"
    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"
    SOCIAL = "social"
    WEB = "web"
    MOBILE = "mobile"
    FACE_TO_FACE = "face_to_face"
    PETITION = "petition"
    CIMER = "cimer"
    MUHTAR = "muhtar"


class Purpose(StrEnum):
    """What a contact wants: work (a case), or only an answer at once, which makes no case.

    `automatic` is what a machine wrote (a bounce, an out-of-office answer, list mail, our own mail come back): it is
    kept and linked to what it answers, never opens or reopens a case, and is never answered. `survey` is what a citizen
    answers when asked whether a closed case is solved.
    """

    REQUEST = "request"
    INFORMATION = "information"
    THANKS = "thanks"
    AUTOMATIC = "automatic"
    SURVEY = "survey"


class ContactPoint(Part):
    """A further way to reach somebody, as they told it: a phone number in E.164 or a mail address."""

    channel: Channel
    address: Short


class Sender(Part):
    """Who wrote. `address` is what the channel answers to (phone in E.164, mail address, user id); None: anonymous."""

    address: Short | None = None
    name: Short | None = None
    answers: tuple[ContactPoint, ...] = Field(
        (), max_length=3, description="further ways to answer, the one most wished for first; told, not proven"
    )


class Place(Part):
    """Where the problem is, as far as the channel knows: WGS84 degrees, or words."""

    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    neighbourhood: Short | None = None
    street: Short | None = None


class Decided(Part):
    """What a person at the desk decided while entering a contact; the router takes it as it is."""

    owner: Code
    topic: Code | None = None
    neighbourhood: str | None = None
    by: Annotated[str, StringConstraints(max_length=100)]


class Attachment(Part):
    """A file that came with a message: kept by us under `id` (see shared/objects.py), or only by its provider."""

    id: UUID | None = Field(None, description="names the file in our object store; None: only the provider has it")
    provider_id: Short
    url: Annotated[str, StringConstraints(max_length=4_000)] | None = Field(
        None, description="where the provider keeps it, when its id alone does not say; short-lived"
    )
    media_type: Short = "application/octet-stream"
    name: Short | None = None


class MessageReceived(Message):
    """A citizen's message, told by a channel's own program; one contact, whatever is delivered twice.

    `provider_id` is the channel's own id of the message: (channel, account, provider_id) makes one contact.
    """

    type: Literal["message.received.v1"] = "message.received.v1"
    channel: Channel
    provider: Code | None = Field(None, description="who carried it, e.g. `netgsm`; None: the channel's own program")
    account: Code = Field("main", description="which of the centre's lines or mailboxes was written to")
    provider_id: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    sender: Sender = Sender()
    text: str = Field("", description="longer than 20,000 letters is cut in the case; the raw message is kept whole")
    requests: tuple[str, ...] = Field(
        (),
        max_length=10,
        description="several problems in one contact, one case each; empty: `text` is the one",
    )
    place: Place = Place()
    purpose: Purpose = Purpose.REQUEST
    language: Literal["tr", "en"] = "tr"
    in_reply_to: Annotated[str, StringConstraints(max_length=256)] | None = Field(
        None, description="the provider's id of our message this one answers"
    )
    references: tuple[Annotated[str, StringConstraints(max_length=256)], ...] = Field(
        (), max_length=20, description="further ids of the thread it stands in, the nearest first (mail)"
    )
    reply_token: Short | None = Field(None, description="the token of our reply address this was sent to (mail)")
    concerns: Annotated[str, StringConstraints(max_length=256)] | None = Field(
        None, description="the provider's id of the sender's own message that this one edits, deletes or reacts to"
    )
    kind: Code = Field(
        "text", description="what it is in the provider's terms: text, image, edited, deleted, bounce, auto_reply …"
    )
    about_case: UUID | None = Field(None, description="the case the sender chose to add this to")
    topic: Code | None = Field(None, description="what the citizen chose from the list of services; a hint, not proven")
    decided: Decided | None = Field(None, description="what an operator decided while entering it")
    answer: str = Field("", description="what the citizen was told at once, for a contact that needs no case")
    attachments: tuple[Attachment, ...] = Field((), max_length=30)

    @property
    def contact_id(self) -> UUID:
        """The contact that this message is, whoever computes it."""
        return derived_id(self.occurred_at, "contact", self.channel, self.account, self.provider_id)


class WebhookReceived(Message):
    """A provider's payload (webhook, polled message, mail), checked and untouched: intake stores it, then reads it."""

    type: Literal["webhook.received.v1"] = "webhook.received.v1"
    channel: Channel
    provider: Code = Field("whatsapp", description="whose payload it is: the name of its reader")
    account: Code = Field("main", description="which of our lines it came in by, where the payload does not say")
    received_at: Moment
    details: dict[str, str] = Field({}, description="what stands beside the body: content type, a mail's envelope")
    body: bytes = Field(b"", description="base64 of the bytes as they came; empty when `body_key` says where they lie")
    body_key: Short | None = Field(None, description="where in the object store a large body lies")
