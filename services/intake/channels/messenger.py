"""Messenger and Instagram: one webhook format for both, signed as all of Meta's.

Sources: developers.facebook.com/docs/messenger-platform/reference/webhook-events,
developers.facebook.com/docs/instagram-platform/webhooks. `standby` (another app has the thread), echoes of our own
messages, and receipts that name no message are passed over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from services.intake.channels.base import Reading
from services.intake.channels.download import Downloads
from services.intake.channels.meta import MetaEndpoint
from services.intake.channels.payloads import JSON, degrees, json_object, moment, number, part, parts, short
from services.intake.channels.sms import fingerprint
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

MESSENGER: Final = "messenger"
INSTAGRAM: Final = "instagram"
# Where Meta keeps what citizens send; an address in a message leads nowhere else.
HOSTS: Final = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")
_FILES: Final = frozenset({"image", "video", "audio", "file", "ig_reel", "reel", "share"})
# What is written to everybody, or to nobody: kept as a contact, opens no case.
_NO_REQUEST: Final = frozenset({"sticker", "story_mention", "ig_story", "unsupported"})
_START: Final = "GET_STARTED"  # the payload of the button that opens a conversation
_IDS_MAX: Final = 256


class MessengerHookSettings(ProviderSettings):
    """What the page's app knows too; two app secrets while one is being changed."""

    messenger_app_secret: SecretStr
    messenger_app_secret_before: SecretStr | None = None
    messenger_verify_token: SecretStr


class InstagramHookSettings(ProviderSettings):
    """What the professional account's app knows too."""

    instagram_app_secret: SecretStr
    instagram_app_secret_before: SecretStr | None = None
    instagram_verify_token: SecretStr


class MetaMediaSettings(ProviderSettings):
    """Where the Graph API answers; it may keep files itself (a simulator does)."""

    meta_graph_url: str = "https://graph.facebook.com"


def messenger_endpoint() -> MetaEndpoint | None:
    """The webhook of this environment's page; None: not configured."""
    settings = given(MessengerHookSettings)
    if settings is None:
        return None
    keys = _keys(settings.messenger_app_secret, settings.messenger_app_secret_before)
    return MetaEndpoint(MESSENGER, Channel.SOCIAL, keys, settings.messenger_verify_token.get_secret_value())


def instagram_endpoint() -> MetaEndpoint | None:
    """The webhook of this environment's Instagram account; None: not configured."""
    settings = given(InstagramHookSettings)
    if settings is None:
        return None
    keys = _keys(settings.instagram_app_secret, settings.instagram_app_secret_before)
    return MetaEndpoint(INSTAGRAM, Channel.SOCIAL, keys, settings.instagram_verify_token.get_secret_value())


def media() -> "MetaMedia":
    """The source of files of both; it needs no token."""
    return MetaMedia(MetaMediaSettings().meta_graph_url)


def read(webhook: WebhookReceived) -> Reading:
    """Every event of every entry. Raises ValueError when it is no JSON object."""
    value = json_object(webhook.body)
    messages: list[MessageReceived] = []
    receipts: list[DeliveryReported] = []
    for event in _events(value, webhook):
        message = _message(event)
        if message is not None:
            messages.append(message)
        receipts += _receipts(event)
    return Reading(tuple(messages), tuple(receipts))


@dataclass(frozen=True, slots=True)
class _Event:
    """One thing a citizen did, with whose page it came by."""

    value: JSON
    sender: str
    account: str
    webhook: WebhookReceived

    @property
    def provider(self) -> str:
        return self.webhook.provider

    def has(self, name: str) -> JSON:
        return part(self.value, name)


def _events(value: JSON, webhook: WebhookReceived) -> Iterator[_Event]:
    for entry in parts(value, "entry"):
        changes = [part(change, "value") for change in parts(entry, "changes") if change.get("field") == "messages"]
        for event in (*parts(entry, "messaging"), *changes):
            sender, page = short(part(event, "sender").get("id")), short(part(event, "recipient").get("id"))
            if sender and page and sender != entry.get("id"):
                yield _Event(event, sender, _account(webhook.provider, page), webhook)


def _account(provider: str, page: str) -> str:
    is_id = page.isascii() and page.isdigit() and len(page) <= 40
    return f"{provider}-{page}" if is_id else provider


def _message(event: _Event) -> MessageReceived | None:
    """What the citizen said; None when the event is nothing of theirs."""
    message, postback, reaction, edit = (
        event.has(name) for name in ("message", "postback", "reaction", "message_edit")
    )
    mid = short(message.get("mid"))
    if message.get("is_echo"):
        return None
    if message.get("is_deleted") and mid:
        return _built(event, f"{mid}:deleted", kind="deleted", concerns=mid)
    if mid:
        return _said(event, message, mid)
    if postback:
        return _pressed(event, postback)
    if short(edit.get("mid")):
        edited = str(edit["mid"])[:200]
        return _built(
            event, f"{edited}:{number(edit.get('num_edit'))}", kind="edited", concerns=edited, text=_text(edit)
        )
    if short(reaction.get("mid")):
        concerns = str(reaction["mid"])[:200]
        words = (reaction.get("action"), reaction.get("emoji"), event.value.get("timestamp"))
        sign = short(reaction.get("emoji")) or ""
        id_ = fingerprint("reaction", concerns, *words)
        return _built(event, id_, kind="reaction", concerns=concerns, text=sign, purpose=Purpose.THANKS)
    return None


def _said(event: _Event, message: JSON, mid: str) -> MessageReceived:
    attached = parts(message, "attachments")
    kind = _kind(message, attached)
    place = next(
        (part(part(file, "payload"), "coordinates") for file in attached if file.get("type") == "location"), {}
    )
    return _built(
        event,
        mid,
        kind=kind,
        text=_words(message, attached),
        purpose=Purpose.THANKS if kind in _NO_REQUEST else Purpose.REQUEST,
        in_reply_to=short(part(message, "reply_to").get("mid")),
        place=Place(latitude=degrees(place.get("lat"), 90), longitude=degrees(place.get("long"), 180)),
        attachments=() if kind in _NO_REQUEST else _files(attached, mid),
    )


def _pressed(event: _Event, postback: JSON) -> MessageReceived:
    pressed = postback.get("payload")
    is_start = pressed == _START
    id_ = short(postback.get("mid")) or fingerprint("postback", event.sender, pressed, event.value.get("timestamp"))
    title = short(postback.get("title")) or short(pressed) or ""
    purpose = Purpose.AUTOMATIC if is_start else Purpose.REQUEST
    return _built(event, id_, kind="start" if is_start else "postback", text=title, purpose=purpose)


def _built(event: _Event, provider_id: str, **more: Any) -> MessageReceived:
    at = moment((number(event.value.get("timestamp")) or 0) / 1000, event.webhook.received_at)
    return MessageReceived(
        id=derived_id(at, "message", event.provider, event.account, provider_id),
        occurred_at=at,
        trace_id=event.webhook.trace_id,
        channel=Channel.SOCIAL,
        provider=event.provider,
        account=event.account,
        provider_id=provider_id[:_IDS_MAX],
        sender=Sender(address=event.sender),
        **more,
    )


def _kind(message: JSON, attached: list[JSON]) -> str:
    if message.get("is_unsupported"):
        return "unsupported"
    if message.get("quick_reply"):
        return "quick_reply"
    kinds = [short(file.get("type")) or "" for file in attached]
    if kinds and not message.get("text") and all(part(file, "payload").get("sticker_id") for file in attached):
        return "sticker"
    known = _FILES | _NO_REQUEST | {"location"}
    return next((kind for kind in kinds if kind in known), "text")


def _text(value: Mapping[str, object]) -> str:
    text = value.get("text")
    return text if isinstance(text, str) else ""


def _words(message: JSON, attached: list[JSON]) -> str:
    titles = [file.get("title") or part(file, "payload").get("title") for file in attached]
    return "\n".join(text for text in (message.get("text"), *titles) if isinstance(text, str) and text)


def _files(attached: list[JSON], mid: str) -> tuple[Attachment, ...]:
    """What was attached; Meta tells no type of it, whoever keeps it looks into it."""
    return tuple(
        Attachment(provider_id=fingerprint(mid, at), url=url)
        for at, file in enumerate(attached[:30])
        if short(file.get("type")) in _FILES
        and isinstance(url := part(file, "payload").get("url"), str)
        and 0 < len(url) <= 4_000
    )


def _receipts(event: _Event) -> list[DeliveryReported]:
    """Messenger names what was delivered, Instagram what was read; a bare watermark names nothing."""
    delivered = event.has("delivery").get("mids")
    ids = [(mid, NoticeStatus.DELIVERED) for mid in (delivered if isinstance(delivered, list) else []) if short(mid)]
    seen = short(event.has("read").get("mid"))
    if seen:
        ids.append((seen, NoticeStatus.READ))
    at = moment((number(event.value.get("timestamp")) or 0) / 1000, event.webhook.received_at)
    return [
        DeliveryReported(
            id=derived_id(at, "receipt", event.provider, mid, status),
            occurred_at=at,
            trace_id=event.webhook.trace_id,
            channel=Channel.SOCIAL,
            provider=event.provider,
            account=event.account,
            provider_id=str(mid)[:_IDS_MAX],
            status=status,
        )
        for mid, status in ids
    ]


def _keys(*secrets: SecretStr | None) -> tuple[bytes, ...]:
    return tuple(secret.get_secret_value().encode() for secret in secrets if secret)


class MetaMedia:
    """Files lie at the address the message told; it holds for some days and needs no token."""

    def __init__(self, graph_url: str) -> None:
        self._downloads = Downloads(HOSTS, own=graph_url)

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file. Raises TooLarge, ValueError when it never will come, OSError for not now."""
        if attachment.url is None:
            raise ValueError("Meta told no address")
        return await self._downloads.get(attachment.url, {}, bytes_max)
