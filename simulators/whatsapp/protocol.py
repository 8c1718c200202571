"""What the Cloud API says to a request to send: accepted, or one of its documented errors; pure.

Source of the codes, titles and HTTP statuses: Meta, WhatsApp Business Platform, "Error codes". The throttling
codes 130429 and 131056 are listed with 400 by the current page and were listed with 429 before; Meta asks
clients to decide by the code in the body, so the simulator keeps the status that a careless client misreads.
131026 and 131047 mostly come later, as a failed status; both ways can be asked of the simulator.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from simulators.whatsapp.payloads import FailureReason

TEXT_CHARACTERS_MAX = 4096
CALLBACK_DATA_CHARACTERS_MAX = 512
TEMPLATE_NAME_CHARACTERS_MAX = 512
NUMBER_DIGITS_MIN = 7
NUMBER_DIGITS_MAX = 15  # E.164
USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}")  # a user made up for this business, by country


@dataclass(frozen=True, slots=True)
class GraphError:
    """An answer that refuses; `details` None leaves `error_data` out, as Graph does for its own errors."""

    code: int
    http_status: int
    title: str
    details: str | None = None
    type: str = "OAuthException"
    subcode: int | None = None

    @property
    def message(self) -> str:
        """Graph's own errors (1, 2, 190 and subcode 33) carry no "(#code)" in front."""
        return self.title if self.details is None else f"(#{self.code}) {self.title}"


ERRORS: dict[int, GraphError] = {
    error.code: error
    for error in (
        GraphError(1, 500, "An unknown error occurred"),
        GraphError(2, 503, "Service temporarily unavailable"),
        GraphError(4, 400, "Application request limit reached", "The app has reached its API call rate limit."),
        GraphError(10, 403, "Application does not have permission for this action", "Permission denied."),
        GraphError(100, 400, "Invalid parameter", "The request included an unsupported or misspelled parameter."),
        GraphError(190, 401, "Invalid OAuth access token - Cannot parse access token"),
        GraphError(368, 403, "Temporarily blocked for policies violations", "The account has been restricted."),
        GraphError(80007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
        GraphError(
            130429,
            400,
            "Rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number"
            " in a short period of time",
        ),
        GraphError(131000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
        GraphError(131005, 403, "Access denied", "Permission is either not granted or has been removed."),
        GraphError(131008, 400, "Required parameter is missing", "The request is missing a parameter."),
        GraphError(131009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
        GraphError(131016, 500, "Service unavailable", "A service is temporarily unavailable."),
        GraphError(131021, 400, "Recipient cannot be sender", "Sender and recipient number are the same."),
        GraphError(131026, 400, "Message undeliverable", "Message Undeliverable."),
        GraphError(131030, 400, "Recipient phone number not in allowed list", "Recipient is not allowed."),
        GraphError(131031, 403, "Account has been locked", "The business account has been locked."),
        GraphError(131042, 400, "Business eligibility payment issue", "There was an error with the payment method."),
        GraphError(
            131047,
            400,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last replied"
            " to this number.",
        ),
        GraphError(131048, 400, "Spam rate limit hit", "Restrictions on how many messages this number can send."),
        GraphError(131051, 400, "Unsupported message type", "Message type is not currently supported."),
        GraphError(
            131056,
            400,
            "(Business Account, Consumer Account) pair rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number to the"
            " same phone number in a short period of time.",
        ),
        GraphError(132000, 400, "Template Param Count Mismatch", "The number of parameters does not match."),
        GraphError(132001, 404, "Template does not exist", "Template name does not exist in the translation."),
        GraphError(133010, 400, "Phone number not registered", "The phone number is not registered."),
    )
}


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A valid request; `recipient` is digits alone, `to` what was written, `text` what a person would read."""

    to: str
    recipient: str
    type: str
    content: dict[str, Any] | list[Any]
    text: str
    callback_data: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """The centre has read a citizen's message (`status: read`)."""

    message_id: str


def judge(body: bytes) -> SendRequest | ReadReceipt | GraphError:
    """What the messages endpoint makes of a raw body."""
    try:
        request = json.loads(body)
    except ValueError:
        return _invalid("The request body is not valid JSON.")
    if not isinstance(request, dict):
        return _invalid("The request body must be a JSON object.")
    try:
        return _judge_object(request)
    except _RefusedError as refused:
        return refused.error


def error_body(error: GraphError) -> dict[str, Any]:
    """The documented JSON of an error, with a fresh trace id."""
    told: dict[str, Any] = {"message": error.message, "type": error.type, "code": error.code}
    if error.subcode is not None:
        told["error_subcode"] = error.subcode
    if error.details is not None:
        told["error_data"] = {"messaging_product": "whatsapp", "details": error.details}
    return {"error": told | {"fbtrace_id": "A" + os.urandom(11).hex()}}


def accepted_body(request: SendRequest, wamid: str) -> dict[str, Any]:
    """The documented answer to an accepted message; only templates carry `message_status`."""
    message = {"id": wamid}
    if request.type == "template":
        message["message_status"] = "accepted"
    who = "user_id" if USER_ID.fullmatch(request.recipient) else "wa_id"
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": request.to, who: request.recipient}],
        "messages": [message],
    }


def unknown_object(object_id: str, method: str = "get") -> GraphError:
    """Graph's answer when the path names an object that the token does not see."""
    title = (
        f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation. Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api"
    )
    return GraphError(100, 400, title, type="GraphMethodException", subcode=33)


def failure_reason(code: int) -> FailureReason:
    """The same error told later, in a failed status."""
    error = ERRORS[code]
    return FailureReason(code, error.title, error.details or error.title)


def digits_of(number: str) -> str:
    """A written phone number without plus, blanks, dashes and brackets; what else stands in it stays."""
    return number if number.isdigit() else number.translate(_WRITTEN_SIGNS)


_WRITTEN_SIGNS = str.maketrans("", "", "+-() \u00a0")


class _RefusedError(Exception):
    """Raised inside the judgement when the API would refuse."""

    def __init__(self, error: GraphError) -> None:
        self.error = error


def _judge_object(request: dict[str, Any]) -> SendRequest | ReadReceipt:
    _check_product(request.get("messaging_product"))
    if request.get("status") == "read":
        return ReadReceipt(_required_text(request, "message_id"))
    to, recipient = _recipient(request)
    if request.get("recipient_type", "individual") != "individual":
        raise _RefusedError(_not_valid("Param 'recipient_type' must be individual"))
    kind = request.get("type", "text")
    check = CONTENT_CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise _RefusedError(_invalid(f"Param type must be one of {{{_TYPES}}} - got {kind!r}.", titled=True))
    content = request.get(kind)
    if not isinstance(content, list if kind == "contacts" else dict):
        raise _RefusedError(_missing(f"Parameter '{kind}' is mandatory for type '{kind}'"))
    text = check(content)
    return SendRequest(to, recipient, kind, content, text, _callback_data(request), _reply_to(request))


def _recipient(request: dict[str, Any]) -> tuple[str, str]:
    """As it was written, and bare: a phone number in `to`, or in `recipient` the id of a user who hides it."""
    to, user_id = request.get("to"), request.get("recipient")
    if to is None and isinstance(user_id, str):
        if not USER_ID.fullmatch(user_id):
            raise _RefusedError(_not_valid(f"Param 'recipient' is not a user id: {user_id[:40]!r}"))
        return user_id, user_id
    if not isinstance(to, str) or not to:
        raise _RefusedError(_invalid("The parameter to is required.", titled=True))
    recipient = digits_of(to)
    if not (recipient.isascii() and recipient.isdigit() and _is_e164_length(recipient)):
        raise _RefusedError(_not_valid(f"Param 'to' is not a phone number: {to[:40]!r}"))
    return to, recipient


def _is_e164_length(digits: str) -> bool:
    return NUMBER_DIGITS_MIN <= len(digits) <= NUMBER_DIGITS_MAX


def _check_product(product: object) -> None:
    if product is None:
        raise _RefusedError(_invalid("The parameter messaging_product is required.", titled=True))
    if product != "whatsapp":
        raise _RefusedError(
            _invalid(f"Param messaging_product must be one of {{WHATSAPP}} - got {product!r}.", titled=True)
        )


def _callback_data(request: dict[str, Any]) -> str | None:
    data = request.get("biz_opaque_callback_data")
    if data is None:
        return None
    if not isinstance(data, str):
        raise _RefusedError(_invalid("Param biz_opaque_callback_data must be a string.", titled=True))
    if len(data) > CALLBACK_DATA_CHARACTERS_MAX:
        raise _RefusedError(_too_long("biz_opaque_callback_data", CALLBACK_DATA_CHARACTERS_MAX))
    return data


def _reply_to(request: dict[str, Any]) -> str | None:
    context = request.get("context")
    if context is None:
        return None
    if not isinstance(context, dict):
        raise _RefusedError(_invalid("Param context must be a JSON object.", titled=True))
    return _required_text(context, "message_id")


def _text(content: dict[str, Any]) -> str:
    body = _required_text(content, "body")
    if len(body) > TEXT_CHARACTERS_MAX:
        raise _RefusedError(_too_long("text['body']", TEXT_CHARACTERS_MAX))
    return body


def _template(content: dict[str, Any]) -> str:
    name = _required_text(content, "name")
    if len(name) > TEMPLATE_NAME_CHARACTERS_MAX:
        raise _RefusedError(_too_long("template['name']", TEMPLATE_NAME_CHARACTERS_MAX))
    language = content.get("language")
    if not isinstance(language, dict):
        raise _RefusedError(_missing("Parameter 'language' is mandatory for type 'template'"))
    _required_text(language, "code")
    return " · ".join([f"[{name}]", *_template_values(content.get("components", []))])


def _template_values(components: object) -> list[str]:
    if not isinstance(components, list):
        raise _RefusedError(_invalid("Param template['components'] must be an array.", titled=True))
    values: list[str] = []
    for component in components:
        if not isinstance(component, dict) or component.get("type") not in ("header", "body", "button"):
            raise _RefusedError(_invalid("Param template['components'] types are header, body, button.", titled=True))
        values += [
            parameter["text"]
            for parameter in component.get("parameters", [])
            if isinstance(parameter, dict) and isinstance(parameter.get("text"), str)
        ]
    return values


def _reaction(content: dict[str, Any]) -> str:
    _required_text(content, "message_id")
    emoji = content.get("emoji")
    if not isinstance(emoji, str):  # empty takes an earlier reaction back
        raise _RefusedError(_missing("Parameter 'emoji' is mandatory for type 'reaction'"))
    return emoji


def _location(content: dict[str, Any]) -> str:
    place = [content.get("latitude"), content.get("longitude")]
    try:
        latitude, longitude = (float(part) for part in place if part is not None)
    except (TypeError, ValueError):
        raise _RefusedError(_missing("Parameters 'latitude' and 'longitude' are mandatory")) from None
    name = content.get("name")
    return f"{name or 'Konum'} ({latitude:.5f}, {longitude:.5f})"


def _media(content: dict[str, Any]) -> str:
    if not (content.get("id") or content.get("link")):
        raise _RefusedError(_missing("One of the parameters 'id' and 'link' is mandatory for media"))
    return str(content.get("caption") or content.get("filename") or "")


def _contacts(content: list[Any]) -> str:
    if not content or not all(isinstance(contact, dict) and "name" in contact for contact in content):
        raise _RefusedError(_missing("Parameter 'name' is mandatory for type 'contacts'"))
    return ""


def _interactive(content: dict[str, Any]) -> str:
    _required_text(content, "type")
    if not isinstance(content.get("action"), dict):
        raise _RefusedError(_missing("Parameter 'action' is mandatory for type 'interactive'"))
    body = content.get("body")
    return str(body.get("text", "")) if isinstance(body, dict) else ""


CONTENT_CHECKS: dict[str, Callable[[Any], str]] = {
    "text": _text,
    "template": _template,
    "reaction": _reaction,
    "location": _location,
    "image": _media,
    "audio": _media,
    "video": _media,
    "document": _media,
    "sticker": _media,
    "contacts": _contacts,
    "interactive": _interactive,
}
_TYPES = ", ".join(sorted(kind.upper() for kind in CONTENT_CHECKS))


def _required_text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise _RefusedError(_missing(f"Parameter '{name}' is mandatory and must be a string"))
    return value


def _invalid(words: str, *, titled: bool = False) -> GraphError:
    """Code 100; `titled` puts the words into the message itself, as the API does for single parameters."""
    error = replace(ERRORS[100], details=words)
    return replace(error, title=words) if titled else error


def _missing(details: str) -> GraphError:
    return replace(ERRORS[131008], details=details)


def _not_valid(details: str) -> GraphError:
    return replace(ERRORS[131009], details=details)


def _too_long(name: str, characters_max: int) -> GraphError:
    return _invalid(f"Param {name} must be at most {characters_max} characters long.", titled=True)
