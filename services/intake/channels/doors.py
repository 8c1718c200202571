"""What providers' endpoints share: a checked payload on its way, secrets compared in constant time."""

import hmac

from services.intake.channels.base import Knock
from shared.contracts import Channel, WebhookReceived
from shared.contracts.base import Moment
from shared.ids import new_id
from shared.problems import Problem


def payload(
    provider: str,
    channel: Channel,
    body: bytes,
    received_at: Moment,
    account: str = "main",
    details: dict[str, str] | None = None,
) -> WebhookReceived:
    """A provider's bytes as they came, to be made safe."""
    return WebhookReceived(
        id=new_id(),
        occurred_at=received_at,
        received_at=received_at,
        trace_id=new_id().hex,
        channel=channel,
        provider=provider,
        account=account,
        details=details or {},
        body=body,
    )


def is_same(given: str, wanted: str) -> bool:
    """Whether two secrets are equal, told in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def only_header(knock: Knock, name: str) -> str:
    """The header of this name. Raises Problem when it is missing, or given twice."""
    given = knock.headers.get(name.lower())
    if given is None or ", " in given:
        raise Problem(401, "Not signed", f"One {name} header is needed.")
    return given
