"""Direct messages on X by the Account Activity webhook, signed with the app's secret over the raw bytes.

Sources: docs.x.com/x-api/account-activity (challenge-response check, signature, `direct_message_events`,
`direct_message_mark_read_events`), docs.x.com/x-api/direct-messages. Everything else an account lives through
(posts, likes, follows, typing) is passed over.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from services.intake.channels.base import Answered, Knock, Reading
from services.intake.channels.doors import is_same, only_header, payload
from services.intake.channels.download import Downloads, Gone
from services.intake.channels.payloads import JSON, json_object, moment, number, part, parts, short
from shared.contracts import (
    Attachment,
    Channel,
    DeliveryReported,
    MessageReceived,
    NoticeStatus,
    Sender,
    WebhookReceived,
)
from shared.ids import derived_id
from shared.oauth1 import Signer
from shared.problems import Problem
from shared.settings import ProviderSettings, given

HEADER: Final = "x-twitter-webhooks-signature"
# Where files of direct messages lie; they open to our own user alone.
HOSTS: Final = ("ton.twitter.com", "ton.x.com", "video.twimg.com", "pbs.twimg.com")
_MEDIA_TYPES: Final[Mapping[str, str]] = {"photo": "image/jpeg", "video": "video/mp4", "animated_gif": "video/mp4"}
CRC_LETTERS_MAX: Final = 512


class XHookSettings(ProviderSettings):
    """The app's secret; two while one is being changed."""

    x_api_secret: SecretStr
    x_api_secret_before: SecretStr | None = None


class XMediaSettings(ProviderSettings):
    """Our user on X, who alone may open what was sent to them."""

    x_api_key: str
    x_api_secret: SecretStr
    x_access_token: str
    x_access_secret: SecretStr
    x_api_url: str = "https://api.x.com"


def endpoint() -> "XEndpoint | None":
    """The webhook of this environment's app; None: not configured."""
    settings = given(XHookSettings)
    if settings is None:
        return None
    secrets = (settings.x_api_secret, settings.x_api_secret_before)
    return XEndpoint(tuple(secret.get_secret_value().encode() for secret in secrets if secret))


def media() -> "XMedia | None":
    """The source of files of this environment's user; None: not configured."""
    settings = given(XMediaSettings)
    return XMedia(settings) if settings else None


def signature(body: bytes, secret: bytes) -> str:
    """The signature X sends for these bytes, and wants of us for a challenge."""
    return "sha256=" + base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()


def read(posted: WebhookReceived) -> Reading:
    """Direct messages to us, and how far ours were read. Raises ValueError when it is no JSON object."""
    value = json_object(posted.body)
    ours, users = short(value.get("for_user_id")) or "", part(value, "users")
    messages = [_message(event, ours, users, posted) for event in parts(value, "direct_message_events")]
    seen = [_receipt(event, ours, posted) for event in parts(value, "direct_message_mark_read_events")]
    return Reading(tuple(message for message in messages if message), tuple(receipt for receipt in seen if receipt))


def account_of(user_id: str) -> str:
    """The account one of our users is."""
    return f"x-{user_id}" if user_id.isascii() and user_id.isdigit() and len(user_id) <= 40 else "x"


def _message(event: JSON, ours: str, users: JSON, posted: WebhookReceived) -> MessageReceived | None:
    """None for our own message, and for what is no message."""
    created = part(event, "message_create")
    sender, event_id = short(created.get("sender_id")), short(event.get("id"))
    if event.get("type") != "message_create" or not sender or not event_id or sender == ours:
        return None
    at = moment((number(event.get("created_timestamp")) or 0) / 1000, posted.received_at)
    data, account = part(created, "message_data"), account_of(ours)
    media_part = part(part(data, "attachment"), "media")
    return MessageReceived(
        id=derived_id(at, "message", "x", account, event_id),
        occurred_at=at,
        trace_id=posted.trace_id,
        channel=Channel.SOCIAL,
        provider="x",
        account=account,
        provider_id=event_id,
        sender=Sender(address=sender, name=short(part(users, sender).get("name"))),
        text=_words(data, media_part),
        kind="image" if media_part.get("type") == "photo" else "video" if media_part else "text",
        attachments=_files(media_part),
    )


def _words(data: JSON, media_part: JSON) -> str:
    """The text, without the address of its own picture, which X writes behind it."""
    text, own = data.get("text"), media_part.get("url")
    if not isinstance(text, str):
        return ""
    return text.replace(own, "").strip() if isinstance(own, str) and own else text


def _files(media_part: JSON) -> tuple[Attachment, ...]:
    url, file_id = media_part.get("media_url_https"), number(media_part.get("id"))
    if not isinstance(url, str) or not 0 < len(url) <= 4_000 or file_id is None:
        return ()
    media_type = _MEDIA_TYPES.get(str(media_part.get("type")), "application/octet-stream")
    return (Attachment(provider_id=str(file_id)[:200], url=url, media_type=media_type),)


def _receipt(event: JSON, ours: str, posted: WebhookReceived) -> DeliveryReported | None:
    last = short(event.get("last_read_event_id"))
    if last is None or event.get("sender_id") == ours:
        return None
    at = moment((number(event.get("created_timestamp")) or 0) / 1000, posted.received_at)
    return DeliveryReported(
        id=derived_id(at, "receipt", "x", last),
        occurred_at=at,
        trace_id=posted.trace_id,
        channel=Channel.SOCIAL,
        provider="x",
        account=account_of(ours),
        provider_id=last,
        status=NoticeStatus.READ,
    )


class XEndpoint:
    """Answers X's challenges, which come again every day, and checks its signature."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        self._secrets = secrets

    def challenge(self, knock: Knock) -> Answered:
        """Prove that we know the app's secret."""
        token = knock.query.get("crc_token", "")
        if not 0 < len(token) <= CRC_LETTERS_MAX:
            raise Problem(400, "No challenge", "X asks with crc_token.")
        return Answered(
            json.dumps({"response_token": signature(token.encode("utf-8", "replace"), self._secrets[0])}).encode()
        )

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """Signed. What cannot be read is parked for a person: refused, it would not come again."""
        given_signature = only_header(knock, HEADER)
        if not any(is_same(given_signature, signature(knock.body, secret)) for secret in self._secrets):
            raise Problem(401, "Wrong signature", f"{HEADER} does not match these bytes and our app's secret.")
        return payload("x", Channel.SOCIAL, knock.body, knock.received_at), Answered()


class XMedia:
    """Each request for a file is signed as our user."""

    def __init__(self, settings: XMediaSettings) -> None:
        self._signer = Signer(
            settings.x_api_key,
            settings.x_api_secret.get_secret_value(),
            settings.x_access_token,
            settings.x_access_secret.get_secret_value(),
        )
        self._downloads = Downloads(HOSTS, own=settings.x_api_url)

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file. Raises TooLarge, ValueError when it never will come, OSError for not now."""
        if attachment.url is None:
            raise ValueError("X told no address")
        signed = {"Authorization": self._signer.header("GET", attachment.url)}
        try:
            return await self._downloads.get(attachment.url, signed, bytes_max)
        except Gone as error:
            if error.status in (404, 410):
                raise ValueError("X has the file no more") from error
            raise
