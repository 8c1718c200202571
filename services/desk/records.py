"""Asks intake what citizens said about a case, and who they are; the desk goes on without an answer."""

import asyncio
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from shared.contracts.inside import CasePeople, KnownPerson, ToldCase

log = structlog.get_logger()

TIMEOUT_SECONDS: Final = 0.7  # a page that waits longer feels broken
T = TypeVar("T", bound=BaseModel)


@dataclass
class Records:
    """`url` empty: there is no intake to ask. `key` is the one that intake's worker knows."""

    url: str = ""
    key: bytes = b""
    _http: aiohttp.ClientSession | None = None

    async def case(self, case_id: UUID) -> ToldCase | None:
        """The contacts of a case, and its citizen's and its place's other cases; None: no answer in time."""
        return await self._ask(f"/inside/cases/{case_id}", ToldCase)

    async def people(self, case_id: UUID) -> tuple[KnownPerson, ...] | None:
        """Who told of a case; None: no answer in time. Whoever asks keeps the look before."""
        told = await self._ask(f"/inside/cases/{case_id}/people", CasePeople)
        return told.people if told else None

    async def close(self) -> None:
        """Let go of the connection; safe to call twice."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _ask(self, path: str, kind: type[T]) -> T | None:
        """Never raises for intake's sake."""
        if not self.url:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return kind.model_validate_json(await self._get(path))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, ValidationError) as error:
            log.info("intake_silent", reason=type(error).__name__)
            return None

    async def _get(self, path: str) -> bytes:
        if self._http is None:
            headers = {"Authorization": f"Bearer {self.key.hex()}"}
            self._http = aiohttp.ClientSession(self.url, headers=headers)
        async with self._http.get(path) as reply:
            if reply.status != 200:
                raise ValueError(f"status {reply.status}")
            return await reply.read()
