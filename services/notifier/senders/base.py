"""What every sender is given, and what it answers."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notifier.domain import Result


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """A text the provider approved beforehand, to be filled in there; `parameters` in its order."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply with its address; lives in memory only, while it is being sent.

    `id` goes with every send and comes back in receipts, where the provider can carry it. `account` is the line of
    ours it goes out by, `thread_id` the citizen's own message it answers; `reply_token` makes what the citizen
    answers join the case (mail); `template` replaces `text` where only approved texts may go.
    """

    id: UUID
    account: str
    address: str
    text: str
    attempts: int
    language: str = "tr"
    event: str = ""
    number: str | None = None
    name: str | None = None
    subject: str = ""
    thread_id: str | None = None
    reply_token: str | None = None
    unsubscribe_url: str | None = None
    template: ApprovedTemplate | None = None


class Sender(Protocol):
    """Gives a letter to a provider. Never raises: what went wrong is told in the result."""

    async def send(self, letter: Letter) -> Result:
        """Within ten seconds: accepted, later, never, or unknown."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
