"""Reads WhatsApp Cloud API webhooks: every entry, change, message, status, call and preference of one is read.

Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks (payload reference, v24.0). A part of an unexpected
shape is passed over, since the whole body is kept. What Meta tells of the account itself (templates, quality, bans)
and what our own people wrote from the phone (`smb_message_echoes`) are kept and mean nothing for a citizen's case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from services.intake.channels.base import FailedAddress, Reading
from services.intake.channels.meta import MetaEndpoint
from services.intake.channels.payloads import JSON, degrees, json_object, moment, number, part, parts, reference, short
from services.intake.channels.whatsapp_words import WORDS, unsupported
from shared.contracts import (
    Attachment,
    CallReported,
    CallState,
    Channel,
    ContactPoint,
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

USER_PREFIX: Final = "wa:"  # before the id of a user who hides the phone number
_ID_MAX: Final = 256
_MEDIA: Final = frozenset({"image", "video", "document", "audio", "voice"})
_CHANGES: Final = {"edit": "edited", "revoke": "deleted"}
# Kinds that ask for nothing: kept as contacts, they open no case. Signs of the citizen, and what Meta itself says.
_SIGNS: Final = frozenset({"reaction", "sticker", "ephemeral"})
_AUTOMATIC: Final = frozenset({"system", "call_permission", "marketing_stop", "marketing_resume"})
_KINDS: Final = (
    _MEDIA
    | _SIGNS
    | frozenset({"text", "location", "contacts", "interactive", "button", "order", "system", "unsupported"})
)
_STATUSES: Final = {
    "sent": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
    "read": NoticeStatus.READ,
    "played": NoticeStatus.READ,  # a voice message was heard
    "deleted": NoticeStatus.DELIVERED,  # the citizen took it off the phone, where it therefore was
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
    """All that a webhook holds. Raises ValueError when it is no JSON object."""
    messages: list[MessageReceived] = []
    receipts: list[DeliveryReported] = []
    calls: list[CallReported] = []
    moved: list[FailedAddress] = []
    for change in _changes(json_object(webhook.body)):
        line = _Line(_account(change), _names(change), webhook)
        written = [message for message in parts(change, "messages") if message.get("id")]
        messages += [line.message(message) for message in written]
        messages += [line.preference(said) for said in parts(change, "user_preferences") if _preference(said)]
        receipts += [line.receipt(status) for status in parts(change, "statuses") if _is_of_a_message(status)]
        calls += [line.call(call) for call in parts(change, "calls") if call.get("id") and _call_state(call)]
        moved += [address for message in written if (address := _moved(message))]
    return Reading(tuple(messages), tuple(receipts), tuple(calls), tuple(moved))


def _changes(value: JSON) -> Iterator[JSON]:
    for entry in parts(value, "entry"):
        for change in parts(entry, "changes"):
            yield part(change, "value")


@dataclass(frozen=True, slots=True)
class _Line:
    """One change: what came in at one of our numbers, and the names of who stands in it."""

    account: str
    names: dict[str, str | None]
    webhook: WebhookReceived

    def message(self, message: JSON) -> MessageReceived:
        """A citizen's message, or what Meta says in a citizen's name. An edited one is read as it is now."""
        kind = _kind(message)
        concerns = _concerned(message)
        now = part(part(message, "edit"), "message") if kind == "edited" else message
        return self._told(
            str(message["id"])[:_ID_MAX],
            self._at(message),
            kind,
            self._sender(message),
            text=_words(now),
            place=_place(now),
            in_reply_to=concerns if kind == "reaction" else _id(part(now, "context").get("id")),
            concerns=concerns,
            attachments=_attachments(now),
        )

    def preference(self, said: JSON) -> MessageReceived:
        """A citizen stops or resumes marketing in WhatsApp's own menu: nothing to answer, but worth knowing."""
        who, at, kind = short(said.get("wa_id")) or short(said.get("user_id")), self._at(said), _preference(said)
        provider_id = f"{kind}:{who}:{said.get('timestamp')}"[:_ID_MAX]
        sender = Sender(address=_address(who), name=self.names.get(who or ""))
        return self._told(provider_id, at, kind, sender)

    def receipt(self, status: JSON) -> DeliveryReported:
        at = self._at(status)
        error = next((str(problem.get("code"))[:200] for problem in parts(status, "errors")), None)
        return DeliveryReported(
            id=derived_id(at, "receipt", status["id"], status["status"]),
            occurred_at=at,
            trace_id=self.webhook.trace_id,
            channel=Channel.WHATSAPP,
            provider="whatsapp",
            account=self.account,
            provider_id=str(status["id"]),
            reference=reference(status.get("biz_opaque_callback_data")),
            status=_STATUSES[status["status"]],
            error=error,
        )

    def call(self, call: JSON) -> CallReported:
        """A citizen calls within WhatsApp: a missed one is called back like any other."""
        at, state = self._at(call), _call_state(call)
        return CallReported(
            id=derived_id(at, "call", self.account, call["id"], state),
            occurred_at=at,
            trace_id=self.webhook.trace_id,
            call_id=str(call["id"])[:200],
            provider="whatsapp",
            account=self.account,
            state=state or CallState.RINGING,
            address=self._sender(call).address,
            name=self._sender(call).name,
        )

    def _told(self, provider_id: str, at: datetime, kind: str, sender: Sender, **said: object) -> MessageReceived:
        return MessageReceived.model_validate(
            {
                "id": derived_id(at, "message", Channel.WHATSAPP, self.account, provider_id),
                "occurred_at": at,
                "trace_id": self.webhook.trace_id,
                "channel": Channel.WHATSAPP,
                "provider": "whatsapp",
                "account": self.account,
                "provider_id": provider_id,
                "sender": sender,
                "kind": kind,
                "purpose": _purpose(kind),
                **said,
            }
        )

    def _at(self, value: JSON) -> datetime:
        return moment(value.get("timestamp"), self.webhook.received_at)

    def _sender(self, message: JSON) -> Sender:
        """By phone number; a user who hides it by the id that Meta made up for our business."""
        only = next(iter(self.names), None) if len(self.names) == 1 else None
        phone = short(message.get("from"))
        who = phone or short(message.get("from_user_id")) or only
        name = self.names.get(who or "") or self.names.get(short(message.get("from_user_id")) or "")
        return Sender(address=_address(who), name=name, answers=_moved_to(message))


def _kind(message: JSON) -> str:
    """The message's kind in our words; one we never heard of is `unsupported`, like those Meta does not pass on."""
    kind = str(message.get("type"))
    if kind == "audio" and part(message, "audio").get("voice") is True:
        return "voice"
    if kind == "interactive" and part(message, "interactive").get("type") == "call_permission_reply":
        return "call_permission"
    if kind in _CHANGES:
        return _CHANGES[kind]
    return kind if kind in _KINDS else "unsupported"


def _purpose(kind: str) -> Purpose:
    if kind in _AUTOMATIC:
        return Purpose.AUTOMATIC
    return Purpose.THANKS if kind in _SIGNS else Purpose.REQUEST


def _concerned(message: JSON) -> str | None:
    """The message that this one edits, deletes or reacts to."""
    kind = str(message.get("type"))
    return _id(part(message, kind).get("message_id" if kind == "reaction" else "original_message_id"))


def _words(message: JSON) -> str:
    """What the citizen wrote or chose, whatever kind of message it stands in."""
    said = WORDS.get(str(message.get("type")), unsupported)(message)
    return "\n".join(text for text in said if isinstance(text, str) and text)


def _place(message: JSON) -> Place:
    location = part(message, "location")
    latitude, longitude = degrees(location.get("latitude"), 90), degrees(location.get("longitude"), 180)
    return Place() if latitude is None or longitude is None else Place(latitude=latitude, longitude=longitude)


def _attachments(message: JSON) -> tuple[Attachment, ...]:
    kind = str(message.get("type"))
    media = part(message, kind)
    if kind not in _MEDIA or not media.get("id"):
        return ()
    name = short(media.get("filename"))
    media_type = short(media.get("mime_type")) or "application/octet-stream"
    return (Attachment(provider_id=str(media["id"])[:200], media_type=media_type, name=name),)


def _moved_to(message: JSON) -> tuple[ContactPoint, ...]:
    """The new number or user id of a citizen who changed it, as Meta itself tells."""
    system = part(message, "system")
    who = short(system.get("wa_id")) or short(system.get("new_wa_id")) or short(system.get("user_id"))
    address = _address(who) if str(system.get("type")).startswith("user_changed_") else None
    return (ContactPoint(channel=Channel.WHATSAPP, address=address),) if address else ()


def _moved(message: JSON) -> FailedAddress | None:
    """The number or user id that a citizen had before: nothing sent there arrives any more."""
    old = _address(short(message.get("from")) or short(message.get("from_user_id")))
    if old is None or not _moved_to(message):
        return None
    return FailedAddress(old, "the citizen has another number now", is_permanent=True)


def _preference(said: JSON) -> str:
    """`marketing_stop` or `marketing_resume`; empty for anything else that is told in the same way."""
    is_marketing = said.get("category") == "marketing_messages"
    value = said.get("value")
    return f"marketing_{value}" if is_marketing and value in ("stop", "resume") else ""


def _is_of_a_message(status: JSON) -> bool:
    return bool(status.get("id")) and status.get("type") != "call" and str(status.get("status")) in _STATUSES


def _call_state(call: JSON) -> CallState | None:
    """A citizen's call begins or ends; None: we called, or nothing that matters."""
    if call.get("direction") != "USER_INITIATED":
        return None
    if call.get("event") == "connect":
        return CallState.RINGING
    was_spoken = (number(call.get("duration")) or 0) > 0
    return (CallState.ENDED if was_spoken else CallState.MISSED) if call.get("event") == "terminate" else None


def _names(change: JSON) -> dict[str, str | None]:
    """What people call themselves, by phone number and by user id; both where both are told."""
    found: dict[str, str | None] = {}
    for contact in parts(change, "contacts"):
        name = short(part(contact, "profile").get("name"))
        for who in (short(contact.get("wa_id")), short(contact.get("user_id"))):
            if who:
                found[who] = name
    return found


def _account(change: JSON) -> str:
    account = short(part(change, "metadata").get("phone_number_id")) or ""
    return account if account.isascii() and account.isdigit() and len(account) <= 62 else "main"


def _address(who: str | None) -> str | None:
    """Digits are a phone number without its plus; anything else is the id of a user who hides the number."""
    if who is None:
        return None
    return f"+{who}" if who.isascii() and who.isdigit() else f"{USER_PREFIX}{who}"[:200]


def _id(value: object) -> str | None:
    return value[:_ID_MAX] if isinstance(value, str) and value else None
