"""Postacı, an invented messenger: services/intake/channels/postaci.py of the walk-through."""

import hashlib
import hmac

from pydantic import SecretStr

from services.intake.channels.base import Answered, Knock, Reading
from services.intake.channels.doors import is_same, only_header, payload
from services.intake.channels.payloads import json_object, moment, short
from shared.contracts import Channel, MessageReceived, Sender, WebhookReceived
from shared.ids import derived_id
from shared.problems import Problem
from shared.settings import ProviderSettings, given


class PostaciSettings(ProviderSettings):
    postaci_secret: SecretStr


class Endpoint:
    """Each post is signed: the hex HMAC-SHA256 of the raw body."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def challenge(self, knock: Knock) -> Answered:
        raise Problem(405, "Nothing to ask", "Postacı only posts.")

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        wanted = hmac.digest(self._secret, knock.body, hashlib.sha256).hex()
        if not is_same(only_header(knock, "X-Postaci-Signature"), wanted):
            raise Problem(401, "Wrong signature", "X-Postaci-Signature does not match this body and our secret.")
        return payload("postaci", Channel.SOCIAL, knock.body, knock.received_at), Answered()


def endpoint() -> Endpoint | None:
    settings = given(PostaciSettings)
    return Endpoint(settings.postaci_secret.get_secret_value()) if settings else None


def read(webhook: WebhookReceived) -> Reading:
    """One message: `{"id", "from", "name", "text", "at"}`. Raises ValueError for anything else."""
    value = json_object(webhook.body)
    provider_id, text = short(value.get("id")), value.get("text")
    if provider_id is None or not isinstance(text, str):
        raise ValueError("a message has an id and a text")
    at = moment(value.get("at"), webhook.received_at)
    message = MessageReceived(
        id=derived_id(at, "message", "postaci", provider_id),
        occurred_at=at,
        trace_id=webhook.trace_id,
        channel=Channel.SOCIAL,
        provider="postaci",
        provider_id=provider_id,
        sender=Sender(address=short(value.get("from")), name=short(value.get("name"))),
        text=text,
    )
    return Reading((message,))
