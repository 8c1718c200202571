"""What a kit is."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from services.notifier.senders import Letter, Sender


class RunningProvider(Protocol):
    """A provider that serves; a kit gives one."""

    @property
    def url(self) -> str:
        """Where it serves, for the sender's settings."""
        ...

    def order(self, fault: str, seconds: float = 0.0) -> None:
        """Make the next send meet a fault."""
        ...

    def taken(self) -> list[str]:
        """The texts it really took, whether or not it could say so."""
        ...


@dataclass(frozen=True)
class SenderKit:
    """`codes` are every documented refusal with what it must become; `sender` builds ours for a provider at a URL."""

    provider: Callable[[], AbstractAsyncContextManager[RunningProvider]]
    sender: Callable[[str], Sender]
    letter: Letter
    refused: str
    later: str
    codes: Mapping[str, str] = field(default_factory=dict)
    drop_reply: str = "drop_reply"
    slow: str = "timeout"
    failing: str = "http_500"
    huge: str | None = "huge"  # None: its own tests give it an answer without an end
    # A module whose TIMEOUT_SECONDS bounds a send: the suite shortens it.
    timeout_module: str = "services.notifier.senders.http"
    speaks_http: bool = True
