"""What the collectors share that ask a provider by HTTP again and again: a bounded answer, and turns that go on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import aiohttp
import structlog

from services.intake.channels.base import Accept, Bookmarks, BothAway

log = structlog.get_logger()

TIMEOUT_SECONDS: Final = 30.0
ANSWER_BYTES_MAX: Final = 2 * 1024 * 1024
Turn = Callable[[aiohttp.ClientSession, Accept, Bookmarks, datetime], Awaitable[None]]


class Refused(Exception):
    """Raised when a provider answers with something that is no answer; its code or status is the text."""


def a_session() -> aiohttp.ClientSession:
    """Connections of one collector."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))


async def bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole answer. Raises Refused when it is longer than ANSWER_BYTES_MAX."""
    answer = bytearray()
    async for piece in response.content.iter_any():
        answer += piece
        if len(answer) > ANSWER_BYTES_MAX:
            raise Refused("too long")
    return bytes(answer)


async def take_turns(
    turn: Turn, session: aiohttp.ClientSession, accept: Accept, bookmarks: Bookmarks, seconds: float
) -> None:
    """For ever; a failure of theirs or ours is tried again at the next turn."""
    while True:
        try:
            await turn(session, accept, bookmarks, datetime.now(UTC))
        except (aiohttp.ClientError, OSError, ValueError, RecursionError, BothAway, Refused) as error:
            code = str(error)[:20] if isinstance(error, Refused) else None
            log.warning("turn_failed", turn=turn.__qualname__, error=type(error).__name__, code=code)
        await asyncio.sleep(seconds)
