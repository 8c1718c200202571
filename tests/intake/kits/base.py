"""What a kit is, and the small things all of them use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared.contracts import Channel, WebhookReceived
from tests.builders import AT, a_webhook

EDGE = "http://edge.example.org"


@dataclass(frozen=True)
class Posted:
    """How a provider posts a body: what follows `/webhooks/<provider>`, and its headers."""

    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ChannelKit:
    """`text` and `photo` make a payload from a text, an id and the place among several; `status` is a receipt of ours.

    `signed` says how a body is posted to the edge under a URL; None: this provider is asked, or listened to.
    `forged` are ways of posting it that must be refused. `reads_any_bytes`: to its reader nothing is garbage.
    """

    provider: str
    channel: Channel
    address: str | None
    text: Callable[[str, str], bytes]
    photo: Callable[[str], bytes] | None = None
    status: bytes | None = None
    account: str = "main"
    details: Mapping[str, str] = field(default_factory=dict)
    status_details: Mapping[str, str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    signed: Callable[[bytes, str], Posted] | None = None
    forged: Callable[[bytes, str], Mapping[str, Posted]] | None = None
    reads_any_bytes: bool = False

    def payload(self, body: bytes) -> WebhookReceived:
        """The payload as the edge or the collector makes it safe."""
        return self._payload(body, self.details)

    def receipt(self) -> WebhookReceived | None:
        """A payload that tells of our own message."""
        details = self.details if self.status_details is None else self.status_details
        return None if self.status is None else self._payload(self.status, details)

    def _payload(self, body: bytes, details: Mapping[str, str]) -> WebhookReceived:
        return a_webhook(
            body,
            channel=self.channel,
            provider=self.provider,
            account=self.account,
            details=dict(details),
            received_at=AT,
        )
