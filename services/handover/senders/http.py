"""Asking an institution's server over HTTP: addresses from the configuration only, no redirect, a bounded answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from services.handover.domain import Sent
from shared.calling import Connections, bounded
from shared.mailing import Outcome

TIMEOUT_SECONDS: Final = 20.0
CONNECTIONS_MAX: Final = 8
ANSWER_BYTES_MAX: Final = 1_000_000
# Wrong keys and addresses are ours to mend, within the time letters are tried.
OURS_TO_MEND: Final = frozenset({301, 302, 303, 307, 308, 401, 403, 405})
PERHAPS_TAKEN: Final = frozenset({408, 500, 502, 504})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What their server answered; a body beyond `ANSWER_BYTES_MAX` is cut."""

    status: int
    body: bytes

    def rows(self) -> list[dict[str, Any]]:
        """The JSON objects in the body, which may be one or a list of them; none when it is no JSON."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return []
        return [row for row in (value if isinstance(value, list) else [value]) if isinstance(row, dict)]


class Lost(Exception):
    """Raised when no answer came. `was_connected`: the request may have been read."""

    def __init__(self, error: BaseException, *, was_connected: bool) -> None:
        super().__init__(type(error).__name__)
        self.was_connected = was_connected

    @property
    def sent(self) -> Sent:
        """What that says of a letter."""
        return Sent(Outcome.UNKNOWN if self.was_connected else Outcome.LATER, str(self))


class Caller:
    """The connections of one sender."""

    def __init__(self) -> None:
        self._connections = Connections(TIMEOUT_SECONDS, CONNECTIONS_MAX)

    async def ask(self, asked: Asked) -> Said:
        """One request. Raises Lost."""
        try:
            async with self._connections.session.request(
                asked.method, asked.url, data=asked.body, headers=asked.headers, allow_redirects=False
            ) as response:
                return Said(response.status, await bounded(response, ANSWER_BYTES_MAX))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise Lost(error, was_connected=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Lost(error, was_connected=True) from error

    async def close(self) -> None:
        """Let go of the connections."""
        await self._connections.close()


def refused(said: Said) -> Sent:
    """What a status other than 2xx says of a letter."""
    error = f"HTTP {said.status}"
    if said.status in PERHAPS_TAKEN:
        return Sent(Outcome.UNKNOWN, error)
    if said.status in OURS_TO_MEND or said.status == 429 or said.status >= 500:
        return Sent(Outcome.LATER, error)
    return Sent(Outcome.NEVER, error)
