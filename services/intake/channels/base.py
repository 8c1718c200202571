"""What a channel's file offers: a reader, and where it needs one an endpoint, a collector, a source of media."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.contracts import Attachment, CallReported, Channel, DeliveryReported, MessageReceived, WebhookReceived


class BothAway(Exception):
    """Raised when neither broker nor database could make a message safe: the sender must come again."""


@dataclass(frozen=True, slots=True)
class FailedAddress:
    """An address of a citizen that does not take our messages, as a bounce tells it."""

    address: str
    reason: str
    is_permanent: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a payload holds, in the order it stood; the rest of it is only stored."""

    messages: tuple[MessageReceived, ...] = ()
    receipts: tuple[DeliveryReported, ...] = ()
    calls: tuple[CallReported, ...] = ()
    failed_addresses: tuple[FailedAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at a provider's endpoint, with all that a signature may cover.

    `url` is the address as the provider called it; `headers` have lower-case names, one given twice is joined by `, `.
    """

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """What an endpoint says to its provider."""

    body: bytes = b"{}"
    media_type: str = "application/json"
    status: int = 200


class Endpoint(Protocol):
    """A provider's webhook at `/webhooks/<provider>`. Both raise shared.problems.Problem for what is refused."""

    def challenge(self, knock: Knock) -> Answered:
        """Answer a GET, by which some providers try an address before they use it."""
        ...

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """Check who knocks, over the raw bytes; what to make safe, and what to say once it is."""
        ...


Accept = Callable[[WebhookReceived], Awaitable[None]]


class Bookmarks(Protocol):
    """How far a collector has come, kept in the database."""

    async def get(self, name: str) -> str | None: ...

    async def set(self, name: str, value: str) -> None: ...


class Collector(Protocol):
    """Fetches or listens where a provider does not call us: a mailbox, a polled inbox, a telephone exchange.

    Run by `python -m services.intake collector`; of an `exclusive` one, one replica at a time.
    """

    exclusive: bool

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        """For ever. A payload counts as ours only when `accept` returned; it raises BothAway, then come again."""
        ...


class TooLarge(ValueError):
    """Raised when a file is larger than we take."""


class Media(Protocol):
    """Fetches the files a provider keeps for us; see `download.py` for how to do so safely."""

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file, at most `bytes_max` long. Raises TooLarge, ValueError (it never will come), OSError (not now)."""
        ...


# A file that stands in the payload itself (a mail's part): its bytes from the payload's. Raises ValueError.
Carried = Callable[[bytes, Attachment], bytes]


def none() -> None:
    """What a channel without an endpoint, collector or media has."""
    return


@dataclass(frozen=True, slots=True)
class Adapter:
    """A provider's row. The factories read their settings from the environment; None: not configured."""

    channel: Channel
    read: Callable[[WebhookReceived], Reading]
    endpoint: Callable[[], Endpoint | None] = field(default=none)
    collector: Callable[[], Collector | None] = field(default=none)
    media: Callable[[], Media | None] = field(default=none)
    carried: Carried | None = None
