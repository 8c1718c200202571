"""Tells open pages that figures changed, over server-sent events; one reader of the database serves them all."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Final

from services.reporting.figures import Figures
from shared.database import is_away

LISTENERS_MAX: Final = 500
LOOK_EVERY_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 15.0
# A stream ends after so long and the browser opens a new one: listeners spread over the replicas again.
STREAM_SECONDS_MAX: Final = 600.0
RETRY_MS: Final = 2_000
HEARTBEAT: Final = ": still here\n\n"
GREETING: Final = f"retry: {RETRY_MS}\n\n"


class Full(Exception):
    """Raised when there are as many listeners as one process has room for; a page asks by itself then."""


class Pulse:
    """Looks once a second up to when everything is counted, as long as anybody listens."""

    def __init__(self, figures: Figures, is_stopping: Callable[[], bool]) -> None:
        self._figures = figures
        self._is_stopping = is_stopping
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self._looked = asyncio.Condition()
        self._up_to: datetime | None = None

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._listeners

    def listen(self, has_left: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """Events as the stream carries them: a greeting, then `figures` whenever something was counted.

        Ends after ten minutes, when the service stops, or when the listener `has_left`. Raises Full.
        """
        if self._listeners >= LISTENERS_MAX:
            raise Full(f"{LISTENERS_MAX} listeners are all there is room for")
        return self._events(has_left)

    async def _events(self, has_left: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        self._listeners += 1
        try:
            self._look_on()
            end, spoken, told = time.monotonic() + STREAM_SECONDS_MAX, time.monotonic(), self._up_to
            yield GREETING
            while not self._is_stopping() and time.monotonic() < end and not await has_left():
                await self._look_again()
                if self._up_to != told:
                    told, spoken = self._up_to, time.monotonic()
                    yield f"event: figures\ndata: {told.isoformat() if told else ''}\n\n"
                elif time.monotonic() - spoken > HEARTBEAT_SECONDS:
                    spoken = time.monotonic()
                    yield HEARTBEAT
        finally:
            self._listeners -= 1

    async def _look_again(self) -> None:
        """Wait for the next look, however it ends; a little longer than it takes at most."""
        async with self._looked:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * LOOK_EVERY_SECONDS):
                    await self._looked.wait()

    def _look_on(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self._listeners:
            try:
                self._up_to = await self._figures.complete_up_to()
            except Exception as error:
                if not is_away(error):
                    raise
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
