"""Looks, for ever, for cases whose citizens do not answer. Several replicas may look at once."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import structlog

from services.router.handlers.silence import BATCH_MAX
from services.router.live import Live
from shared.database import is_away
from shared.messaging import Service

log = structlog.get_logger()


async def listen(service: Service, live: Live, every_seconds: float) -> None:
    """Let what waits too long go on, batch by batch; a database that is away is asked again at the next look."""
    while True:
        try:
            while await live.router.listener.look(service, datetime.now(UTC)) == BATCH_MAX:
                pass
        except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError, TimeoutError) as error:
            if not is_away(error):
                raise
            log.warning("silence_not_looked_for", reason=repr(error))
        await asyncio.sleep(every_seconds)
