"""What channels publish on the intake queue: a citizen's message, or a provider's webhook as it came."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import Message, Moment, Part

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
    """What a contact wants: work (a case), or only an answer at once, which makes no case."""

    REQUEST = "request"
    INFORMATION = "information"
    THANKS = "thanks"


class Sender(Part):
    """Who wrote. `address` is what the channel answers to (phone in E.164, mail address, user id); None: anonymous."""

    address: Short | None = None
    name: Short | None = None


class Place(Part):
    """Where the problem is, as far as the channel knows: WGS84 degrees, or words."""

    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    neighbourhood: Short | None = None
    street: Short | None = None


class Attachment(Part):
    """A file the provider keeps for us."""

    provider_id: Short
    media_type: Short = "application/octet-stream"
    name: Short | None = None


class MessageReceived(Message):
    """A citizen's message, told by a channel's own program; one contact, whatever is delivered twice.

    `provider_id` is the channel's own id of the message: (channel, account, provider_id) makes one contact.
    """

    type: Literal["message.received.v1"] = "message.received.v1"
    channel: Channel
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
    attachments: tuple[Attachment, ...] = Field((), max_length=30)


class WebhookReceived(Message):
    """A provider's webhook, signature checked, body untouched: the intake worker stores it, then reads it."""

    type: Literal["webhook.received.v1"] = "webhook.received.v1"
    channel: Channel
    received_at: Moment
    body: bytes = Field(description="base64 of the bytes as they came")
