"""What the providers remember: the newest messages both ways, by citizen; bounded in every direction."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

MESSAGES_MAX = 20_000


@dataclass(slots=True)
class Message:
    """One message, either way; only `status` and `error` change later.

    `status` of the centre's: accepted, sent, delivered, read, failed, or refused; of a citizen's: sent, delivered
    (the centre took it) or failed.
    """

    provider: str
    citizen: str
    text: str
    from_citizen: bool
    id: str = ""
    status: str = "accepted"
    time: float = field(default_factory=time.time)
    name: str = ""
    kind: str = "text"
    account: str = ""
    reference: str = ""
    reply_to: str = ""
    error: str = ""
    fault: str = ""
    http_status: int | None = None


class Memory:
    """Oldest first."""

    def __init__(self, messages_max: int = MESSAGES_MAX) -> None:
        self._messages: deque[Message] = deque(maxlen=messages_max)
        self.counts: Counter[str] = Counter()
        self.revision = 0

    def keep(self, message: Message) -> Message:
        """A citizen's message under an id that is known is the same message and is shown once."""
        kind = "citizen" if message.from_citizen else "refused" if message.status == "refused" else "accepted"
        self.counts[f"{message.provider}_{kind}"] += 1
        if not (message.from_citizen and self.by_id(message.provider, message.id)):
            self._messages.append(message)
        self.revision += 1
        return message

    def change(self, message: Message, status: str, error: str = "") -> None:
        message.status, message.error = status, error
        self.revision += 1

    def find(self, provider: str = "", citizen: str = "", since: float = 0.0) -> Iterator[Message]:
        """Messages of a provider and a citizen (empty: of all), oldest first."""
        return (
            message
            for message in self._messages
            if message.time >= since and provider in ("", message.provider) and citizen in ("", message.citizen)
        )

    def by_id(self, provider: str, id_: str) -> Message | None:
        """The newest message a provider calls so."""
        found = (message for message in reversed(self._messages) if message.id == id_)
        return next((message for message in found if message.provider == provider), None)
