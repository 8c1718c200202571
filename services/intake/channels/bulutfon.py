"""Bulutfon's telephone exchange: webhooks at the beginning and the end of a call, as JSON or as a form.

Source: github.com/bulutfon/documents, "Web Kancaları". Who knocks is told by HTTP Basic, set where the webhook is
made. There is no event for an answer: from ringing a call goes to its end, which says by `result_disposition` whether
anybody was reached (a menu that speaks counts as talking, so `talk_duration` does not tell).
"""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr

from services.intake.channels.base import Answered, Knock, Reading
from services.intake.channels.doors import is_same, payload
from services.intake.channels.exchanges import call, fields_of
from services.intake.channels.payloads import JSON, number
from shared.contracts import CallState, Channel, WebhookReceived
from shared.problems import Problem
from shared.settings import ProviderSettings, given

# Their list and their examples name some events differently; both are read. Faxes are not.
STATES: Final = {
    "call_init": CallState.RINGING,
    "call_init_extension": CallState.RINGING,
    "incoming_call_extension": CallState.RINGING,
    "call_init_group": CallState.RINGING,
    "incoming_call_group": CallState.RINGING,
    "call_init_menu": CallState.RINGING,
    "call_init_manu": CallState.RINGING,
    "call_hangup": CallState.ENDED,
    "missing_call": CallState.MISSED,
}
# Of these alone `destination` is a telephone of ours; of the others it is a group or a menu.
AT_AN_EXTENSION: Final = frozenset({"call_init_extension", "incoming_call_extension"})
REACHED: Final = "SUCCESS"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR: Final = 2009


class BulutfonHookSettings(ProviderSettings):
    """User and password as they stand in the webhook's own form."""

    bulutfon_hook_user: str
    bulutfon_hook_password: SecretStr


def endpoint() -> "BulutfonEndpoint | None":
    """Where the exchange knocks; None: not configured."""
    settings = given(BulutfonHookSettings)
    if settings is None:
        return None
    return BulutfonEndpoint(settings.bulutfon_hook_user, settings.bulutfon_hook_password.get_secret_value())


def read(webhook: WebhookReceived) -> Reading:
    """The step of a call that came in. Raises ValueError when it is no event; outgoing calls are passed over."""
    event = fields_of(webhook.body)
    kind, call_id = str(event.get("event_type")), event.get("uuid")
    if kind not in STATES or event.get("direction") != "IN" or not isinstance(call_id, str) or not call_id:
        return Reading()
    at = _moment(event.get("timestamp"), webhook.received_at)
    extension = event.get("destination") if kind in AT_AN_EXTENSION else None
    return Reading(calls=(call(webhook, call_id, _state(kind, event), at, event.get("caller"), extension),))


def _state(kind: str, event: JSON) -> CallState:
    """A call that ended without reaching anybody was missed."""
    was_reached = event.get("result_disposition") == REACHED
    return CallState.MISSED if kind == "call_hangup" and not was_reached else STATES[kind]


def _moment(value: object, received_at: datetime) -> datetime:
    """Microseconds since 1970, as their examples have it, though their text says seconds."""
    stamp = number(value)
    if stamp is None or not 0 < stamp < 10**17:
        return received_at
    micro = stamp if stamp > 10**14 else stamp * 1_000 if stamp > 10**11 else stamp * 1_000_000
    at = _EPOCH + timedelta(microseconds=micro)
    return at if at.year >= _FIRST_YEAR and at <= received_at + timedelta(days=1) else received_at


class BulutfonEndpoint:
    """Knows them by HTTP Basic."""

    def __init__(self, user: str, password: str) -> None:
        self._known = f"{user}:{password}"

    def challenge(self, knock: Knock) -> Answered:
        """They do not ask by GET."""
        raise Problem(405, "Post only", "Events are posted.", {"Allow": "POST"})

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """Events of either format."""
        scheme, _, given_word = knock.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or not is_same(_decoded(given_word), self._known):
            raise Problem(401, "Not known", "User and password are needed.", {"WWW-Authenticate": "Basic"})
        return payload("bulutfon", Channel.PHONE, knock.body, knock.received_at), Answered()


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
