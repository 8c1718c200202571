"""Turns "a citizen writes" from the control API or the page into messages in WhatsApp's shape; pure but for ids."""

from typing import Any

from simulators.whatsapp.payloads import CitizenMessage, Location, new_wamid
from simulators.whatsapp.protocol import (
    NUMBER_DIGITS_MAX,
    NUMBER_DIGITS_MIN,
    TEXT_CHARACTERS_MAX,
    USER_ID,
    digits_of,
)

NAME_CHARACTERS_MAX = 100
# What the Cloud API tells of citizens; text and location have fields of their own, but may be told this way too.
KINDS = frozenset(
    {
        "text",
        "image",
        "video",
        "document",
        "audio",
        "sticker",
        "location",
        "contacts",
        "interactive",
        "button",
        "reaction",
        "order",
        "system",
        "edit",
        "revoke",
        "unsupported",
    }
)


class CitizenTextError(ValueError):
    """Raised when a citizen could not have written this; `field` is the one that is wrong."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}")
        self.field = field


def citizen_messages(asked: Any, now: float) -> list[CitizenMessage]:
    """One message, or two when text and location are both given: WhatsApp knows no message with both.

    `asked` has from (or user_id), name, text, location {latitude, longitude, name, address}, reply_to, id, timestamp;
    the id goes to the first message. For any other kind: type, and content as Meta documents it, and maybe context.
    Raises CitizenTextError.
    """
    if not isinstance(asked, dict):
        raise CitizenTextError("message", "must be an object")
    sender, name, text = _sender(asked), str(asked.get("name") or ""), _text(asked)
    if asked.get("type"):
        return [_of_a_kind(asked, sender, name[:NAME_CHARACTERS_MAX], now)]
    location = _location(asked.get("location"))
    if not text and location is None:
        raise CitizenTextError("text", "text or location is needed")
    timestamp = int(asked.get("timestamp") or now)
    reply_to = asked.get("reply_to")
    contents: list[tuple[str, Location | None]] = [(text, None)] if text else []
    if location:
        contents.append(("", location))
    ids = [str(asked.get("id") or new_wamid(sender, inbound=True)), new_wamid(sender, inbound=True)]
    return [
        CitizenMessage(sender, id_, timestamp, words, name[:NAME_CHARACTERS_MAX], place, reply_to)
        for id_, (words, place) in zip(ids, contents, strict=False)
    ]


def _of_a_kind(asked: dict[str, Any], sender: str, name: str, now: float) -> CitizenMessage:
    kind, context = str(asked["type"]), asked.get("context")
    if kind not in KINDS:
        raise CitizenTextError("type", f"must be one of {sorted(KINDS)}")
    if not isinstance(asked.get("content"), dict | list) or not isinstance(context, dict | None):
        raise CitizenTextError("content", "must be as the Cloud API documents it for this type")
    id_, reply_to = str(asked.get("id") or new_wamid(sender, inbound=True)), asked.get("reply_to")
    at = int(asked.get("timestamp") or now)
    return CitizenMessage(sender, id_, at, "", name, None, reply_to, kind, asked["content"], context)


def _sender(asked: dict[str, Any]) -> str:
    user_id = asked.get("user_id")
    if isinstance(user_id, str) and USER_ID.fullmatch(user_id):
        return user_id
    written = asked.get("from")
    digits = digits_of(written) if isinstance(written, str) else ""
    if not (digits.isascii() and digits.isdigit() and NUMBER_DIGITS_MIN <= len(digits) <= NUMBER_DIGITS_MAX):
        raise CitizenTextError("from", "a phone number with its country code is needed")
    return digits


def _text(asked: dict[str, Any]) -> str:
    text = asked.get("text") or ""
    if not isinstance(text, str) or len(text) > TEXT_CHARACTERS_MAX:
        raise CitizenTextError("text", f"at most {TEXT_CHARACTERS_MAX} characters")
    return text


def _location(written: object) -> Location | None:
    if not written:
        return None
    try:
        place: dict[str, Any] = dict(written)  # type: ignore[call-overload]
        latitude, longitude = float(place["latitude"]), float(place["longitude"])
    except (KeyError, TypeError, ValueError):
        raise CitizenTextError("location", "latitude and longitude are needed") from None
    return Location(latitude, longitude, place.get("name"), place.get("address"))
