"""WhatsApp Cloud API: every entry, change, message and status of a webhook is read.

Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks (payload reference, v24.0).
"""

from collections.abc import Iterator
from typing import Final

from pydantic import SecretStr

from services.intake.channels.base import Reading
from services.intake.channels.meta import MetaEndpoint
from services.intake.channels.payloads import JSON, degrees, json_object, moment, part, parts, reference, short
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
from shared.ids import derived_id
from shared.settings import ProviderSettings, given

# Kinds that ask for nothing: kept as contacts, they open no case.
_NO_REQUEST: Final = frozenset({"reaction", "sticker", "system", "ephemeral"})
_MEDIA: Final = frozenset({"image", "video", "document", "audio", "voice"})
_STATUSES: Final = {
    "sent": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
    "read": NoticeStatus.READ,
    "failed": NoticeStatus.FAILED,
}


class WhatsAppHookSettings(ProviderSettings):
    """What the app's dashboard knows too; two app secrets while one is being changed."""

    whatsapp_app_secret: SecretStr
    whatsapp_app_secret_before: SecretStr | None = None
    whatsapp_verify_token: SecretStr


def endpoint() -> MetaEndpoint | None:
    """The webhook of this environment's app."""
    settings = given(WhatsAppHookSettings)
    if settings is None:
        return None
    secrets = (settings.whatsapp_app_secret, settings.whatsapp_app_secret_before)
    keys = tuple(secret.get_secret_value().encode() for secret in secrets if secret)
    return MetaEndpoint("whatsapp", Channel.WHATSAPP, keys, settings.whatsapp_verify_token.get_secret_value())


def read(webhook: WebhookReceived) -> Reading:
    """All messages and statuses of a webhook. Raises ValueError when it is no JSON object.

    A part of an unexpected shape is passed over, since the whole body is kept.
    """
    value = json_object(webhook.body)
    messages: list[MessageReceived] = []
    receipts: list[DeliveryReported] = []
    for change in _changes(value):
        account = _account(change)
        names = {
            str(contact.get("wa_id") or contact.get("user_id")): short(part(contact, "profile").get("name"))
            for contact in parts(change, "contacts")
        }
        for message in parts(change, "messages"):
            if message.get("id"):
                messages.append(_message(message, account, names, webhook))
        for status in parts(change, "statuses"):
            if status.get("id") and str(status.get("status")) in _STATUSES:
                receipts.append(_receipt(status, account, webhook))
    return Reading(tuple(messages), tuple(receipts))


def _changes(value: JSON) -> Iterator[JSON]:
    for entry in parts(value, "entry"):
        for change in parts(entry, "changes"):
            yield part(change, "value")


def _message(message: JSON, account: str, names: dict[str, str | None], webhook: WebhookReceived) -> MessageReceived:
    kind, sender = str(message.get("type")), short(message.get("from"))
    location = part(message, "location")
    at = moment(message.get("timestamp"), webhook.received_at)
    provider_id = str(message["id"])[:256]
    return MessageReceived(
        id=derived_id(at, "message", Channel.WHATSAPP, account, provider_id),
        occurred_at=at,
        trace_id=webhook.trace_id,
        channel=Channel.WHATSAPP,
        provider="whatsapp",
        account=account,
        provider_id=provider_id,
        sender=Sender(address=_address(sender), name=names.get(sender or "")),
        text=_words(message),
        place=Place(latitude=degrees(location.get("latitude"), 90), longitude=degrees(location.get("longitude"), 180)),
        purpose=Purpose.THANKS if kind in _NO_REQUEST else Purpose.REQUEST,
        in_reply_to=(short(part(message, "context").get("id")) or "")[:256] or None,
        attachments=_attachments(message, kind),
    )


def _words(message: JSON) -> str:
    """What the citizen wrote, whatever kind of message it stands in."""
    kind = str(message.get("type"))
    content = part(message, kind)
    reply = part(content, "button_reply") or part(content, "list_reply")
    said = [
        content.get("body") if kind == "text" else None,
        content.get("caption"),
        content.get("text") if kind == "button" else None,
        reply.get("title"),
        content.get("name") if kind == "location" else None,
        content.get("address") if kind == "location" else None,
    ]
    return "\n".join(text for text in said if isinstance(text, str))


def _attachments(message: JSON, kind: str) -> tuple[Attachment, ...]:
    media = part(message, kind)
    if kind not in _MEDIA or not media.get("id"):
        return ()
    name = short(media.get("filename"))
    media_type = short(media.get("mime_type")) or "application/octet-stream"
    return (Attachment(provider_id=str(media["id"])[:200], media_type=media_type, name=name),)


def _receipt(status: JSON, account: str, webhook: WebhookReceived) -> DeliveryReported:
    at = moment(status.get("timestamp"), webhook.received_at)
    errors = parts(status, "errors")
    error = next((str(problem.get("code")) for problem in errors), None)
    return DeliveryReported(
        id=derived_id(at, "receipt", status["id"], status["status"]),
        occurred_at=at,
        trace_id=webhook.trace_id,
        channel=Channel.WHATSAPP,
        provider="whatsapp",
        account=account,
        provider_id=str(status["id"]),
        reference=reference(status.get("biz_opaque_callback_data")),
        status=_STATUSES[status["status"]],
        error=error,
    )


def _account(change: JSON) -> str:
    account = short(part(change, "metadata").get("phone_number_id")) or ""
    return account if account.isascii() and account.isdigit() and len(account) <= 62 else "main"


def _address(sender: str | None) -> str | None:
    """Digits are a phone number without its plus; anything else is the id of a user who hides the number."""
    if sender is None:
        return None
    return f"+{sender}" if sender.isascii() and sender.isdigit() else sender
