"""The webhook that WhatsApp, Messenger and Instagram share: a verify token, and a signature over the raw bytes.

Source: developers.facebook.com/docs/graph-api/webhooks/getting-started.
"""

import hashlib
import hmac

from services.intake.channels.base import Answered, Knock
from services.intake.channels.payloads import json_object
from shared.contracts import Channel, WebhookReceived
from shared.ids import new_id
from shared.problems import Problem


def signature(body: bytes, app_secret: bytes) -> str:
    """The `X-Hub-Signature-256` header Meta sends for these bytes."""
    return "sha256=" + hmac.digest(app_secret, body, hashlib.sha256).hex()


class MetaEndpoint:
    """Several app secrets are valid while one is being changed."""

    def __init__(self, provider: str, channel: Channel, app_secrets: tuple[bytes, ...], verify_token: str) -> None:
        self._provider, self._channel = provider, channel
        self._app_secrets = app_secrets
        self._verify_token = verify_token.encode()

    def challenge(self, knock: Knock) -> Answered:
        """Answer Meta's subscription check with its challenge."""
        given = knock.query.get("hub.verify_token", "").encode("utf-8", "replace")
        if knock.query.get("hub.mode") == "subscribe" and hmac.compare_digest(given, self._verify_token):
            return Answered(knock.query.get("hub.challenge", "").encode(), "text/plain")
        raise Problem(403, "Wrong verify token", "Set the same verify token here and in the app's dashboard.")

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """Signed, and a JSON object."""
        self._check_signature(knock)
        try:
            json_object(knock.body)
        except (ValueError, RecursionError) as error:
            raise Problem(400, "Malformed JSON", "The body is not a JSON object.") from error
        payload = WebhookReceived(
            id=new_id(),
            occurred_at=knock.received_at,
            received_at=knock.received_at,
            trace_id=new_id().hex,
            channel=self._channel,
            provider=self._provider,
            body=knock.body,
        )
        return payload, Answered()

    def _check_signature(self, knock: Knock) -> None:
        given = knock.headers.get("x-hub-signature-256")
        if given is None or "," in given:
            raise Problem(401, "Not signed", "One X-Hub-Signature-256 header is needed.")
        word = given.encode("utf-8", "replace")
        if not any(hmac.compare_digest(word, signature(knock.body, key).encode()) for key in self._app_secrets):
            raise Problem(401, "Wrong signature", "X-Hub-Signature-256 does not match these bytes and our app secret.")
