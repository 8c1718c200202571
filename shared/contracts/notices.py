"""Replies to citizens: the one message that carries an address, what providers report, and what became of a reply."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Message, Moment
from shared.contracts.channel import Channel, Code, Short


class NoticeStatus(StrEnum):
    """What we know of a reply (bildirim). It only moves upward, `unknown` aside: see `services/notifier/domain.py`."""

    WAITING = "waiting"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    NO_ADDRESS = "no_address"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"
    HANDED_OVER = "handed_over"


class AddressRecorded(Message):
    """Where a person is answered. From intake's vault to the notifier's address book, and nowhere else.

    One person may have several: the one they wrote from, and those they told us (`proven` false).
    """

    type: Literal["address.recorded.v1"] = "address.recorded.v1"
    person_id: UUID
    channel: Channel
    provider: Code | None = None
    account: Code
    address: Short
    name: Short | None = None
    proven: bool = Field(True, description="false: told by the person, who has not written from there")


class AddressFailed(Message):
    """An address does not take our messages (a bounce, a dead number): not used again until `until`."""

    type: Literal["address.failed.v1"] = "address.failed.v1"
    person_id: UUID
    channel: Channel
    reason: Short
    until: Moment


class OptOutRecorded(Message):
    """A person wants no more (or again) notices on a channel, or only no surveys, on whatever channel.

    What the law makes us tell is told all the same.
    """

    type: Literal["opt_out.recorded.v1"] = "opt_out.recorded.v1"
    person_id: UUID
    channel: Channel
    opted_out: bool
    of: Literal["notices", "surveys"] = Field("notices", description="`surveys`: only those, on whatever channel")


class DutyCalled(Message):
    """An urgent case waits outside its owner's office hours: tell the person on duty, at any hour.

    From the router to the notifier and nowhere else, for it carries a number. Says nothing of the citizen.
    """

    type: Literal["duty.called.v1"] = "duty.called.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    owner: Code
    owner_name: str = Field(description="what the department is called in Turkish")
    role: Short = Field(description="what whoever is on duty is called; no person's name")
    address: Short = Field(description="telephone number in E.164")
    place: int = Field(ge=1, description="1: the first called for this assignment")
    topic_name: str | None = None
    neighbourhood_name: str | None = None


class ReplyRequested(Message):
    """A reply for a channel whose own program delivers it: taken from the queue `reply.<channel>`.

    `id` is the notice; the same one may come again. Acknowledging it means it is delivered or will be; a later
    receipt is told with `delivery.reported.v1` on the intake exchange, `reference` = this id.
    """

    type: Literal["reply.requested.v1"] = "reply.requested.v1"
    channel: Channel
    account: Code
    address: Short
    name: Short | None = None
    language: Literal["tr", "en"]
    event: Code
    number: str | None = None
    text: str


class DeliveryReported(Message):
    """A provider's receipt for one of our sends: may come early, late, twice or backwards."""

    type: Literal["delivery.reported.v1"] = "delivery.reported.v1"
    channel: Channel
    provider: Code | None = None
    account: Code
    provider_id: str
    reference: UUID | None = None
    status: NoticeStatus
    error: str | None = None


class NoticeRecorded(Message):
    """A reply changed its status, which only moves upward; `provider_id` is what the provider calls our message."""

    type: Literal["notice.recorded.v1"] = "notice.recorded.v1"
    notice_id: UUID
    event: Code
    channel: Channel
    status: NoticeStatus
    attempts: int
    case_id: UUID | None = None
    contact_id: UUID | None = None
    provider: Code | None = Field(None, description="who carried it; None: the channel's own program, or nobody yet")
    provider_id: str | None = Field(None, description="what an answer of the citizen may refer to")
