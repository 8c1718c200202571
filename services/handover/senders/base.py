"""What every sender is given, and what it answers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from services.handover.domain import Parcel, Sent
from shared.files import KeptFile

# The lease of a letter is longer.
SEND_SECONDS_MAX: Final = 30.0


@dataclass(frozen=True, slots=True)
class Files:
    """The files that go with a letter, as far as they are here and fit; `left` is how many only the link shows."""

    kept: Sequence[KeptFile] = ()
    left: int = 0


FilesOf = Callable[[Parcel], Awaitable[Files]]


class Sender(Protocol):
    """Gives letters to institutions one way. Never raises: what went wrong is told in the result."""

    async def send(self, parcel: Parcel) -> Sent:
        """Within `SEND_SECONDS_MAX`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
