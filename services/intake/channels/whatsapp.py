"""WhatsApp Cloud API: every entry, change, message and status of a webhook is read.

Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks (payload reference, v24.0).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.intake.channels.reading import Reading
from shared.contracts import (
    Attachment,
    Channel,
    DeliveryReported,
    MessageReceived,
    NoticeStatus,
    Place,
    Purpose,
    Sender,
    WebhookReceived,
)
from shared.ids import derived_id, new_id
from shared.text import clean

# Kinds that ask for nothing: kept as contacts, they open no case.
_NO_REQUEST: Final = frozenset({"reaction", "sticker", "system", "ephemeral"})
_MEDIA: Final = frozenset({"image", "video", "document", "audio", "voice"})
_STATUSES: Final = {
    "sent": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
    "read": NoticeStatus.READ,
    "failed": NoticeStatus.FAILED,
}
_FIRST_YEAR: Final = 2009  # WhatsApp's
_CLOCK_ERROR_MAX: Final = timedelta(days=1)
_UNSTORABLE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
JSON = dict[str, Any]


def signature(body: bytes, app_secret: bytes) -> str:
    """The `X-Hub-Signature-256` header Meta sends for these bytes."""
    return "sha256=" + hmac.digest(app_secret, body, hashlib.sha256).hex()


def read(webhook: WebhookReceived) -> Reading:
    """All messages and statuses of a webhook. Raises ValueError when it is no JSON object.

    A part of an unexpected shape is passed over, since the whole body is kept.
    """
    value = _parse(webhook.body)
    if not isinstance(value, dict):
        raise ValueError("the webhook is not a JSON object")
    messages: list[MessageReceived] = []
    receipts: list[DeliveryReported] = []
    for change in _changes(value):
        account = _account(change)
        names = {
            str(contact.get("wa_id") or contact.get("user_id")): _text(_object(contact, "profile").get("name"))
            for contact in _objects(change, "contacts")
        }
        for message in _objects(change, "messages"):
            if message.get("id"):
                messages.append(_message(message, account, names, webhook))
        for status in _objects(change, "statuses"):
            if status.get("id") and str(status.get("status")) in _STATUSES:
                receipts.append(_receipt(status, account, webhook))
    return Reading(tuple(messages), tuple(receipts))


def texts(value: object) -> Iterator[str]:
    """The citizens' words of a parsed webhook, for the edge to tell its lane."""
    if isinstance(value, dict):
        for change in _changes(value):
            for message in _objects(change, "messages"):
                yield _words(message)


def _parse(body: bytes) -> Any:
    """The JSON, with NUL and half surrogate pairs cleaned away where it holds any: neither can be stored."""
    value = json.loads(body.decode("utf-8", "replace"))
    return _cleaned(value) if _UNSTORABLE.search(body) else value


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case list():
            return [_cleaned(item) for item in value]
        case dict():
            return {clean(name): _cleaned(item) for name, item in value.items()}
        case _:
            return value


def _changes(value: JSON) -> Iterator[JSON]:
    for entry in _objects(value, "entry"):
        for change in _objects(entry, "changes"):
            yield _object(change, "value")


def _message(message: JSON, account: str, names: dict[str, str | None], webhook: WebhookReceived) -> MessageReceived:
    kind, sender = str(message.get("type")), _text(message.get("from"))
    location = _object(message, "location")
    at = _moment(message.get("timestamp"), webhook.received_at)
    provider_id = str(message["id"])[:256]
    return MessageReceived(
        id=derived_id(at, "message", Channel.WHATSAPP, account, provider_id),
        occurred_at=at,
        trace_id=webhook.trace_id,
        channel=Channel.WHATSAPP,
        account=account,
        provider_id=provider_id,
        sender=Sender(address=_address(sender), name=names.get(sender or "")),
        text=_words(message),
        place=Place(latitude=_degrees(location, "latitude", 90), longitude=_degrees(location, "longitude", 180)),
        purpose=Purpose.THANKS if kind in _NO_REQUEST else Purpose.REQUEST,
        in_reply_to=(_text(_object(message, "context").get("id")) or "")[:256] or None,
        attachments=_attachments(message, kind),
    )


def _words(message: JSON) -> str:
    """What the citizen wrote, whatever kind of message it stands in."""
    kind = str(message.get("type"))
    part = _object(message, kind)
    reply = _object(part, "button_reply") or _object(part, "list_reply")
    said = [
        part.get("body") if kind == "text" else None,
        part.get("caption"),
        part.get("text") if kind == "button" else None,
        reply.get("title"),
        part.get("name") if kind == "location" else None,
        part.get("address") if kind == "location" else None,
    ]
    return "\n".join(text for text in said if isinstance(text, str))


def _attachments(message: JSON, kind: str) -> tuple[Attachment, ...]:
    part = _object(message, kind)
    if kind not in _MEDIA or not part.get("id"):
        return ()
    name = _text(part.get("filename"))
    media_type = _text(part.get("mime_type")) or "application/octet-stream"
    return (Attachment(provider_id=str(part["id"])[:200], media_type=media_type, name=name),)


def _receipt(status: JSON, account: str, webhook: WebhookReceived) -> DeliveryReported:
    at = _moment(status.get("timestamp"), webhook.received_at)
    errors = _objects(status, "errors")
    error = next((str(problem.get("code")) for problem in errors), None)
    return DeliveryReported(
        id=derived_id(at, "receipt", status["id"], status["status"]),
        occurred_at=at,
        trace_id=webhook.trace_id,
        channel=Channel.WHATSAPP,
        account=account,
        provider_id=str(status["id"]),
        reference=_reference(status.get("biz_opaque_callback_data")),
        status=_STATUSES[status["status"]],
        error=error,
    )


def _account(change: JSON) -> str:
    account = _text(_object(change, "metadata").get("phone_number_id")) or ""
    return account if account.isascii() and account.isdigit() and len(account) <= 62 else "main"


def _address(sender: str | None) -> str | None:
    """Digits are a phone number without its plus; anything else is the id of a user who hides the number."""
    if sender is None:
        return None
    return f"+{sender}" if sender.isascii() and sender.isdigit() else sender


def _moment(value: object, received_at: datetime) -> datetime:
    """When it was sent; when it was received, if that cannot be."""
    try:
        at = datetime.fromtimestamp(int(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return received_at
    return at if at.year >= _FIRST_YEAR and at <= received_at + _CLOCK_ERROR_MAX else received_at


def _degrees(location: JSON, name: str, limit: int) -> float | None:
    value = location.get(name)
    return float(value) if isinstance(value, int | float) and -limit <= value <= limit else None


def _reference(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _object(value: object, name: str) -> JSON:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _objects(value: object, name: str) -> list[JSON]:
    part = value.get(name) if isinstance(value, dict) else None
    return [item for item in part if isinstance(item, dict)] if isinstance(part, list) else []


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def webhook_of(body: bytes, received_at: datetime, trace_id: str = "") -> WebhookReceived:
    """The message in which a body travels to the intake worker."""
    return WebhookReceived(
        id=new_id(),
        occurred_at=received_at,
        received_at=received_at,
        trace_id=trace_id,
        channel=Channel.WHATSAPP,
        body=body,
    )
