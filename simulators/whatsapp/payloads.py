"""Pure builders of the webhooks Meta would send, and their signature; for the simulator, tests, replay and bench.

Shapes follow the Cloud API's webhook reference (messages and statuses, v24.0: `conversation` is left out,
`pricing` is per message). Bodies are bytes, compact, with every non-ASCII letter escaped as Meta does; the
signature is over exactly these bytes.
"""

import hmac
import json
import os
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]

# Building the encoder once saves its construction (about 2 µs) per call of json.dumps.
encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Account:
    """The business side of a conversation; the defaults are the sample values of Meta's documentation."""

    business_account_id: str = "102290129340398"
    phone_number_id: str = "106540352242922"
    display_phone_number: str = "903625550000"


@dataclass(frozen=True, slots=True)
class Location:
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class CitizenMessage:
    """What a citizen wrote; `sender` is digits alone, or the id of a user who hides them; `timestamp` in seconds.

    A location makes it a location message (WhatsApp carries no text with it). `reply_to` is the wamid answered.
    With a `kind` it is a message of that type, and `content` what stands in it, as Meta documents it.
    """

    sender: str
    id: str
    timestamp: int
    text: str = ""
    name: str = ""
    location: Location | None = None
    reply_to: str | None = None
    kind: str = ""
    content: Any = None
    context: JSON | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the citizen hides the phone number."""
        return not self.sender.isdigit()


@dataclass(frozen=True, slots=True)
class FailureReason:
    code: int
    title: str
    details: str


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """One step of a message of ours: sent, delivered, read, or failed with its reason."""

    wamid: str
    status: str
    recipient: str
    timestamp: int
    callback_data: str | None = None
    failure: FailureReason | None = None


def message_webhook(account: Account, messages: Iterable[CitizenMessage]) -> bytes:
    """One webhook carrying all `messages`: one entry, one change a message, as Meta batches them."""
    changes = [{"value": _message_value(account, message), "field": "messages"} for message in messages]
    return _body([{"id": account.business_account_id, "changes": changes}])


def status_webhook(account: Account, statuses: Iterable[MessageStatus]) -> bytes:
    """One webhook carrying all `statuses`: one entry a status."""
    return _body([_status_entry(account, status) for status in statuses])


def sign(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature-256` for the raw `body`: HMAC-SHA256 keyed with the app secret."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def new_wamid(number: str, *, inbound: bool = False) -> str:
    """A fresh message id in the shape of the real ones, which carry the citizen's number and a random part."""
    digits = number.encode()
    tail = os.urandom(10 if inbound else 9).hex().upper().encode()
    marker = b"\x12\x18\x14" if inbound else b"\x11\x18\x12"
    return "wamid." + b64encode(b"\x1c\x18%c%b\x15\x02\x00%b%b\x00" % (len(digits), digits, marker, tail)).decode()


def _body(entries: list[JSON]) -> bytes:
    return encode({"object": "whatsapp_business_account", "entry": entries}).encode()


def _metadata(account: Account) -> JSON:
    return {"display_phone_number": account.display_phone_number, "phone_number_id": account.phone_number_id}


def _message_value(account: Account, message: CitizenMessage) -> JSON:
    who = "user_id" if message.is_hidden else "wa_id"
    return {
        "messaging_product": "whatsapp",
        "metadata": _metadata(account),
        "contacts": [{"profile": {"name": message.name}, who: message.sender}],
        "messages": [_message(account, message)],
    }


def _message(account: Account, message: CitizenMessage) -> JSON:
    who = "from_user_id" if message.is_hidden else "from"
    built: JSON = {who: message.sender, "id": message.id, "timestamp": str(message.timestamp)}
    if message.context:
        built["context"] = message.context
    if message.reply_to:
        built["context"] = {"from": account.display_phone_number, "id": message.reply_to}
    if message.kind:
        return built | {message.kind: message.content, "type": message.kind}
    if message.location is None:
        return built | {"text": {"body": message.text}, "type": "text"}
    return built | {"location": _location(message.location), "type": "location"}


def _location(location: Location) -> JSON:
    built: JSON = {"latitude": location.latitude, "longitude": location.longitude}
    if location.name:
        built["name"] = location.name
    if location.address:
        built["address"] = location.address
    return built


def _status_entry(account: Account, status: MessageStatus) -> JSON:
    value = {
        "messaging_product": "whatsapp",
        "metadata": _metadata(account),
        "statuses": [_status(status)],
    }
    return {"id": account.business_account_id, "changes": [{"value": value, "field": "messages"}]}


def _status(status: MessageStatus) -> JSON:
    built: JSON = {
        "id": status.wamid,
        "status": status.status,
        "timestamp": str(status.timestamp),
        ("recipient_id" if status.recipient.isdigit() else "recipient_user_id"): status.recipient,
    }
    if status.callback_data is not None:
        built["biz_opaque_callback_data"] = status.callback_data
    if status.failure:
        return built | {"errors": [_failure(status.failure)]}
    pricing = {"billable": False, "pricing_model": "PMP", "category": "service", "type": "free_customer_service"}
    return built | {"pricing": pricing}


def _failure(failure: FailureReason) -> JSON:
    return {
        "code": failure.code,
        "title": failure.title,
        "message": failure.title,
        "error_data": {"details": failure.details},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
