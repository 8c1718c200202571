"""Asks the router what it would decide, while somebody is typing; the desk goes on without an answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts import CaseKind, Proposal, Why

log = structlog.get_logger()

TIMEOUT_SECONDS: Final = 0.3  # longer would be felt while typing
TEXT_LETTERS_MAX: Final = 4_000
PLACE_LETTERS_MAX: Final = 200


class Advice(BaseModel):
    """The likeliest owners first, why, and the neighbourhood's official id where it is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    proposals: tuple[Proposal, ...] = ()
    secondary: tuple[Proposal, ...] = ()
    why: Why | None = None
    kind: CaseKind | None = None
    urgency: str | None = None
    neighbourhood: str | None = None


@dataclass
class Adviser:
    """`url` empty: there is no router to ask."""

    url: str = ""
    _http: aiohttp.ClientSession | None = None

    async def ask(self, text: str, street: str | None, neighbourhood: str | None) -> Advice | None:
        """The router's proposals; None: it did not answer in time. Never raises for the router's sake."""
        if not self.url:
            return None
        place = {"street": street, "neighbourhood": neighbourhood}
        known = {name: value[:PLACE_LETTERS_MAX] for name, value in place.items() if value}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return Advice.model_validate(await self._post({"text": text[:TEXT_LETTERS_MAX], "place": known}))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, ValidationError) as error:
            log.info("router_silent", reason=type(error).__name__)
            return None

    async def close(self) -> None:
        """Let go of the connection; safe to call twice."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _post(self, question: Mapping[str, Any]) -> Any:
        if self._http is None:
            self._http = aiohttp.ClientSession(self.url)
        async with self._http.post("/api/proposals", json=question) as reply:
            if reply.status != 200:
                raise ValueError(f"status {reply.status}")
            return await reply.json()
