"""What every sender is given, and what it answers."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notifier.domain import Result


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply with its address; lives in memory only, while it is being sent."""

    notice_id: UUID
    account: str
    address: str
    text: str
    attempts: int


class Sender(Protocol):
    """Gives a letter to a provider. Never raises: what went wrong is told in the result."""

    async def send(self, letter: Letter) -> Result:
        """Within ten seconds: accepted, later, never, or unknown."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
