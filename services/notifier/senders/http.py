"""Asking a provider over HTTP: one request, a bounded answer, and what a broken connection says of a letter."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from shared.calling import Connections, bounded

TIMEOUT_SECONDS: Final = 9.0  # a sender answers within ten
CONNECTIONS_MAX: Final = 16
ANSWER_BYTES_MAX: Final = 64 * 1024
RETRY_DIGITS_MAX: Final = 4  # nearly three hours
JSON_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One POST to a provider."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider answered; a body beyond `ANSWER_BYTES_MAX` is cut. `retry_seconds` is its `Retry-After`."""

    status: int
    body: bytes
    retry_seconds: float | None = None

    def json(self) -> Any:
        """The value in the body; None when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def field(self, *path: str) -> Any:
        """What stands in the JSON object under these names; None where nothing does."""
        value = self.json()
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def word(self, *path: str) -> str:
        """The text or whole number there, as text; empty for anything else."""
        value = self.field(*path)
        return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""

    def text(self) -> str:
        """The body as a line of plain text."""
        return self.body.decode("utf-8", "replace").strip()


class Caller:
    """The connections of one sender."""

    def __init__(self) -> None:
        self._connections = Connections(TIMEOUT_SECONDS, CONNECTIONS_MAX)

    async def send(self, letter: Letter, asked: Asked, read: Callable[[Letter, Said], Result]) -> Result:
        """Post once, follow no redirect, and read the answer; never raises."""
        try:
            async with self._connections.session.post(
                asked.url, data=asked.body, headers=asked.headers, allow_redirects=False
            ) as response:
                return read(
                    letter, Said(response.status, await bounded(response, ANSWER_BYTES_MAX), _retry_seconds(response))
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Result(letter.id, Answer.LATER, error=type(error).__name__)  # no connection: certainly not sent
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Result(letter.id, Answer.UNKNOWN, error=type(error).__name__)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._connections.close()


def _retry_seconds(response: aiohttp.ClientResponse) -> float | None:
    """How long the provider asks us to wait; a date instead of seconds is passed over."""
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() and len(given) <= RETRY_DIGITS_MAX else None


def by_status(status: int) -> Answer:
    """What a refusal without a code means: a 5xx may have gone out before it failed."""
    if status == 429:
        return Answer.LATER
    return Answer.NEVER if 400 <= status < 500 else Answer.UNKNOWN


def by_code(letter: Letter, said: Said, code: str, codes: Mapping[str, Answer]) -> Result:
    """The answer a provider's own code stands for; the status decides where its table has no row for it."""
    answer = codes.get(code) or by_status(said.status)
    wait = said.retry_seconds if answer is Answer.LATER else None
    return Result(letter.id, answer, error=(code or str(said.status))[:200], retry_seconds=wait)


def accepted(letter: Letter, said: Said, provider_id: str) -> Result:
    """Taken under the provider's id; without one nobody can tell whether it was taken."""
    if provider_id:
        return Result(letter.id, Answer.ACCEPTED, provider_id=provider_id[:256])
    return Result(letter.id, Answer.UNKNOWN, error=f"{said.status} without an id")


def json_body(value: Any) -> bytes:
    """JSON in UTF-8 as it is: Turkish letters stay letters."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
