"""What a WhatsApp message says in words, by its kind: one function each, of a message of any shape."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from services.intake.channels.payloads import JSON, part, parts

FIELDS_MAX: Final = 30  # of a form within WhatsApp (flow)
ITEMS_MAX: Final = 30
# The citizen sent something (a poll, a video to be seen once) that Meta passes on to nobody.
NOT_PASSED_ON: Final = "(WhatsApp'ın iletmediği türden bir mesaj)"
_FLOW_OWN: Final = frozenset({"flow_token", "wa_flow_response_params"})


def _text(message: JSON) -> list[object]:
    return [part(message, "text").get("body")]


def _caption(message: JSON) -> list[object]:
    return [part(message, str(message["type"])).get("caption")]


def _button(message: JSON) -> list[object]:
    return [part(message, "button").get("text")]


def _location(message: JSON) -> list[object]:
    location = part(message, "location")
    return [location.get("name"), location.get("address")]


def _contacts(message: JSON) -> list[object]:
    """Names and numbers of the cards; numbers are masked further on, like all that stand in a text."""
    said: list[object] = []
    for card in parts(message, "contacts")[:ITEMS_MAX]:
        said.append(part(card, "name").get("formatted_name"))
        said += [phone.get("phone") for phone in parts(card, "phones")]
    return said


def _interactive(message: JSON) -> list[object]:
    content = part(message, "interactive")
    reply = part(content, "button_reply") or part(content, "list_reply")
    return [reply.get("title"), reply.get("description"), *_flow(part(content, "nfm_reply"))]


def _flow(reply: JSON) -> list[object]:
    """The fields of a filled-in form, one a line; its own text when they cannot be read."""
    try:
        fields = json.loads(str(reply.get("response_json", "")))
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return [reply.get("body")]
    shown = [(name, value) for name, value in fields.items() if name not in _FLOW_OWN and _is_plain(value)]
    return [f"{name}: {value}" for name, value in shown[:FIELDS_MAX]] or [reply.get("body")]


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _order(message: JSON) -> list[object]:
    order = part(message, "order")
    items = parts(order, "product_items")[:ITEMS_MAX]
    return [order.get("text"), *(f"{item.get('quantity')} × {item.get('product_retailer_id')}" for item in items)]


def _reaction(message: JSON) -> list[object]:
    return [part(message, "reaction").get("emoji")]  # none: an earlier one is taken back


def _nothing(_: JSON) -> list[object]:
    """What Meta writes itself holds numbers, and tells nothing of a problem."""
    return []


def unsupported(_: JSON) -> list[object]:
    """A kind that Meta does not pass on, or that we never heard of: a person asks the citizen."""
    return [NOT_PASSED_ON]


WORDS: Final[Mapping[str, Callable[[JSON], list[object]]]] = {
    "text": _text,
    "button": _button,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "order": _order,
    "reaction": _reaction,
    "system": _nothing,
    "revoke": _nothing,
    "sticker": _nothing,
    "ephemeral": _nothing,
    "image": _caption,
    "video": _caption,
    "document": _caption,
    "audio": _caption,
    "voice": _caption,
}
