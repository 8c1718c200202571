"""Verimor's telephone exchange: each step of a call is pushed, so that the caller's history opens while it rings.

Source: github.com/verimor/Bulutsantralim-API, `report_event.md` ("Olay Bildirme"): a form by POST; `ringing`, `answer`,
`hangup` (the call, with `answered` to tell a missed one) and `user_hangup` (one of several telephones that rang).
They sign nothing; the address they are given carries a key, `/webhooks/verimor-santral?key=…`. When it is entered they
try it with an empty object.
"""

from typing import Final

from pydantic import SecretStr

from services.intake.channels import sms
from services.intake.channels.base import Answered, Knock, Reading
from services.intake.channels.doors import is_same, payload
from services.intake.channels.exchanges import call, fields_of
from services.intake.channels.payloads import JSON
from shared.contracts import CallState, Channel, WebhookReceived
from shared.problems import Problem
from shared.settings import ProviderSettings, given

# `user_hangup` is left out: another telephone may still ring, and `hangup` ends the call.
STATES: Final = {"ringing": CallState.RINGING, "answer": CallState.ANSWERED, "hangup": CallState.ENDED}
STAMPS: Final = {"ringing": "start_stamp", "answer": "answer_stamp", "hangup": "end_stamp"}
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S %z")


class VerimorExchangeSettings(ProviderSettings):
    """The key in the address they push to."""

    verimor_santral_key: SecretStr


def endpoint() -> "VerimorExchangeEndpoint | None":
    """Where the exchange pushes to; None: not configured."""
    settings = given(VerimorExchangeSettings)
    return VerimorExchangeEndpoint(settings.verimor_santral_key.get_secret_value()) if settings else None


def read(webhook: WebhookReceived) -> Reading:
    """The step of a call that came in. Raises ValueError when it is no event; outgoing calls are passed over."""
    event = fields_of(webhook.body)
    kind, call_id = str(event.get("event_type")), event.get("call_uuid")
    if kind not in STATES or event.get("direction") != "inbound" or not isinstance(call_id, str) or not call_id:
        return Reading()
    at = sms.local_moment(event.get(STAMPS[kind]), webhook.received_at, _TIMES)
    extension = event.get("connected_user") or event.get("dialed_user")
    return Reading(calls=(call(webhook, call_id, _state(kind, event), at, event.get("caller_id_number"), extension),))


def _state(kind: str, event: JSON) -> CallState:
    """A call that hung up without an answer was missed."""
    was_answered = str(event.get("answered")).lower() == "true"
    return CallState.MISSED if kind == "hangup" and not was_answered else STATES[kind]


class VerimorExchangeEndpoint:
    """Knows them by the key in the address."""

    def __init__(self, key: str) -> None:
        self._key = key

    def challenge(self, knock: Knock) -> Answered:
        """They do not ask by GET."""
        raise Problem(405, "Post only", "Events are posted.", {"Allow": "POST"})

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """Events as a form, and the empty object with which the address is tried."""
        if not is_same(knock.query.get("key", ""), self._key):
            raise Problem(401, "Wrong key", "The address needs the key that was agreed, `?key=…`.")
        return payload("verimor-santral", Channel.PHONE, knock.body, knock.received_at), Answered()
