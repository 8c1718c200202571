"""Telegram bots: one update a post, proven by the secret we gave when the webhook was set.

Source: core.telegram.org/bots/api (Update, Message, setWebhook's `secret_token`, getFile). Only private chats are
read: in a group nobody speaks to us alone, and what is answered there all would see.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from pydantic import SecretStr

from services.intake.channels.base import Answered, FailedAddress, Knock, Reading
from services.intake.channels.doors import is_same, only_header, payload
from services.intake.channels.download import Downloads, Gone
from services.intake.channels.payloads import JSON, degrees, json_object, moment, number, part, parts, short
from shared.contracts import Attachment, Channel, MessageReceived, Place, Purpose, Sender, WebhookReceived
from shared.ids import derived_id
from shared.problems import Problem
from shared.settings import ProviderSettings, given

PROOF: Final = "X-Telegram-Bot-Api-Secret-Token"
# Kinds of content, the first that a message has is its own. `photo` comes in several sizes, the largest last.
_FILES: Final[Mapping[str, str]] = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "animation": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "document": "application/octet-stream",
}
# What asks for nothing: kept as a contact, opens no case.
_NO_REQUEST: Final = ("sticker", "poll", "dice", "game", "story", "gift", "pinned_message")
_GONE: Final = "kicked"  # the citizen blocked the bot
_BLOCKED: Final = "blocked"
ANSWER_BYTES_MAX: Final = 64 * 1024


class TelegramHookSettings(ProviderSettings):
    """The bot's token, and the secret given to setWebhook."""

    telegram_bot_token: SecretStr
    telegram_webhook_secret: SecretStr


class TelegramMediaSettings(ProviderSettings):
    """The bot's token, and where the API answers."""

    telegram_bot_token: SecretStr
    telegram_api_url: str = "https://api.telegram.org"


def endpoint() -> "TelegramEndpoint | None":
    """The webhook of this environment's bot; None: not configured."""
    settings = given(TelegramHookSettings)
    if settings is None:
        return None
    token = settings.telegram_bot_token.get_secret_value()
    return TelegramEndpoint(account_of(token), settings.telegram_webhook_secret.get_secret_value())


def media() -> "TelegramMedia | None":
    """The source of files of this environment's bot; None: not configured."""
    settings = given(TelegramMediaSettings)
    return TelegramMedia(settings) if settings else None


def account_of(token: str) -> str:
    """The account a bot is, by its token."""
    bot = token.partition(":")[0]
    return f"telegram-{bot}" if bot.isascii() and bot.isdigit() and len(bot) <= 20 else "telegram"


def read(posted: WebhookReceived) -> Reading:
    """The message of an update. Raises ValueError when it is no object; an update of another kind holds nothing."""
    update = json_object(posted.body)
    message, edited = part(update, "message"), part(update, "edited_message")
    if _is_private(message):
        return Reading(messages=(_message(message, posted),))
    if _is_private(edited):
        return Reading(messages=(_edited(edited, posted),))
    pressed, reaction, member = (
        part(update, name) for name in ("callback_query", "message_reaction", "my_chat_member")
    )
    if _is_private(part(pressed, "message")) and short(pressed.get("id")):
        return Reading(messages=(_pressed(pressed, posted),))
    if _is_private(reaction):
        return Reading(messages=(_reaction(reaction, posted),))
    has_gone = part(member, "new_chat_member").get("status") == _GONE
    if has_gone and _is_private(member | {"message_id": 0}):
        return Reading(failed_addresses=(FailedAddress(_chat(member), _BLOCKED, is_permanent=True),))
    return Reading()


def _is_private(message: JSON) -> bool:
    chat, numbers = part(message, "chat"), (part(message, "chat").get("id"), message.get("message_id"))
    return chat.get("type") == "private" and all(number(value) is not None for value in numbers)


def _chat(message: JSON) -> str:
    return str(number(part(message, "chat").get("id")))[:64]


def _id(message: JSON) -> str:
    return f"{_chat(message)}:{str(number(message.get('message_id')))[:64]}"


def _message(message: JSON, posted: WebhookReceived) -> MessageReceived:
    location = part(message, "location") or part(part(message, "venue"), "location")
    answered = part(message, "reply_to_message")
    return _built(
        posted,
        message,
        _id(message),
        text=_words(message),
        kind=_kind(message),
        purpose=_purpose(message),
        in_reply_to=_id(message | answered) if number(answered.get("message_id")) is not None else None,
        place=Place(latitude=degrees(location.get("latitude"), 90), longitude=degrees(location.get("longitude"), 180)),
        attachments=_files(message),
    )


def _edited(message: JSON, posted: WebhookReceived) -> MessageReceived:
    written = number(message.get("edit_date")) or 0
    return _built(
        posted,
        message | {"date": message.get("edit_date")},
        f"{_id(message)}:{str(written)[:20]}",
        text=_words(message),
        kind="edited",
        concerns=_id(message),
        attachments=_files(message),
    )


def _pressed(pressed: JSON, posted: WebhookReceived) -> MessageReceived:
    """A button under one of our messages. It tells no time."""
    below, data = part(pressed, "message"), pressed.get("data")
    return _built(
        posted,
        {"chat": below["chat"], "from": pressed.get("from")},
        f"{_chat(below)}:callback:{str(pressed['id'])[:100]}",
        text=data if isinstance(data, str) else "",
        kind="button",
        in_reply_to=_id(below),
    )


def _reaction(reaction: JSON, posted: WebhookReceived) -> MessageReceived:
    signs = [str(sign.get("emoji") or "") for sign in parts(reaction, "new_reaction")]
    written = str(number(reaction.get("date")) or 0)[:20]
    return _built(
        posted,
        reaction | {"from": reaction.get("user")},
        f"{_id(reaction)}:reaction:{written}",
        text="".join(signs)[:100],
        kind="reaction",
        purpose=Purpose.THANKS,
        concerns=_id(reaction),
    )


def _built(posted: WebhookReceived, message: JSON, provider_id: str, **more: Any) -> MessageReceived:
    at = moment(message.get("date"), posted.received_at)
    writer = part(message, "from")
    names = (writer.get("first_name"), writer.get("last_name"))
    return MessageReceived(
        id=derived_id(at, "message", "telegram", posted.account, provider_id),
        occurred_at=at,
        trace_id=posted.trace_id,
        channel=Channel.SOCIAL,
        provider="telegram",
        account=posted.account,
        provider_id=provider_id,
        sender=Sender(address=_chat(message), name=short(" ".join(name for name in names if isinstance(name, str)))),
        **more,
    )


def _words(message: JSON) -> str:
    venue, contact = part(message, "venue"), part(message, "contact")
    said = [
        message.get("text"),
        message.get("caption"),
        venue.get("title"),
        venue.get("address"),
        contact.get("first_name"),
        contact.get("phone_number"),
    ]
    return "\n".join(text for text in said if isinstance(text, str) and text)


def _kind(message: JSON) -> str:
    if str(message.get("text") or "").startswith("/start"):
        return "start"
    kinds = (*_FILES, "venue", "location", "contact", *_NO_REQUEST)
    return next((kind for kind in kinds if kind in message), "text")


def _purpose(message: JSON) -> Purpose:
    """`/start` is written by the button that opens the chat."""
    kind = _kind(message)
    if kind == "start":
        return Purpose.AUTOMATIC
    return Purpose.THANKS if kind in _NO_REQUEST else Purpose.REQUEST


def _files(message: JSON) -> tuple[Attachment, ...]:
    sizes = parts(message, "photo")
    found = [("photo", sizes[-1])] if sizes else []
    found += [(kind, part(message, kind)) for kind in _FILES if kind != "photo"]
    # An animation stands in `document` too.
    known: dict[str, Attachment] = {}
    for kind, file in found:
        file_id = short(file.get("file_id"))
        if file_id and file_id not in known:
            media_type = short(file.get("mime_type")) or _FILES[kind]
            known[file_id] = Attachment(provider_id=file_id, media_type=media_type, name=short(file.get("file_name")))
    return tuple(known.values())


class TelegramEndpoint:
    """Takes what comes with our secret."""

    def __init__(self, account: str, secret: str) -> None:
        self._account, self._secret = account, secret

    def challenge(self, knock: Knock) -> Answered:
        """They do not try the address first."""
        raise Problem(405, "Nothing to see", "Telegram posts to this address.")

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """With the secret. What cannot be read is parked for a person: refused, it would hold up all that follow."""
        if not is_same(only_header(knock, PROOF), self._secret):
            raise Problem(401, "Wrong secret", f"{PROOF} is not the one we gave to setWebhook.")
        return payload("telegram", Channel.SOCIAL, knock.body, knock.received_at, self._account), Answered()


class TelegramMedia:
    """A file's id gives a path that holds for an hour; bots may fetch up to 20 MB."""

    def __init__(self, settings: TelegramMediaSettings) -> None:
        self._base = settings.telegram_api_url.rstrip("/")
        self._token = settings.telegram_bot_token.get_secret_value()
        self._downloads = Downloads((), own=settings.telegram_api_url)

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file as it was sent. Raises TooLarge, ValueError when it never will come, OSError for not now."""
        asked = f"{self._base}/bot{self._token}/getFile?file_id={quote(attachment.provider_id, safe='')}"
        try:
            told = json.loads(await self._downloads.get(asked, {}, ANSWER_BYTES_MAX))
            path = part(part({"told": told}, "told"), "result").get("file_path")
            if not isinstance(path, str) or ".." in path:
                raise ValueError("Telegram told no path")
            return await self._downloads.get(f"{self._base}/file/bot{self._token}/{quote(path)}", {}, bytes_max)
        except Gone as error:
            raise ValueError("Telegram has the file no more") from error
