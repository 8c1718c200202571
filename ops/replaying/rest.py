"""Whether the system is at rest: nothing in the services' queues, their outboxes or their waiting rooms."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aio_pika
import asyncpg
from aio_pika.exceptions import AMQPError

from ops.deploy import SCHEMAS
from ops.replaying.installation import Installation
from shared.messaging.topology import queues

# Ready messages are asked of each queue itself: the management interface counts every five seconds.
QUEUES: Final = tuple(queue.name for queue in queues(()) if not queue.name.startswith(("reply.", "dead", "unrouted")))
POLL_SECONDS: Final = 0.4
# A batch in hand shows nowhere until it commits, and none takes that long.
QUIET_POLLS: Final = 4


@dataclass
class Watch:
    """Looks again and again at what is under way."""

    installation: Installation

    async def under_way(self) -> dict[str, int] | None:
        """What waits, by where; empty at rest. None: broker or database could not be asked."""
        with suppress(AMQPError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            waiting, stored = await asyncio.gather(self._ready(), self._stored())
            return {name: count for name, count in {**waiting, **stored}.items() if count}
        return None

    async def until_quiet(self, seconds_max: float) -> dict[str, int]:
        """Wait until nothing is under way, `QUIET_POLLS` times running; what is left after a time without change."""
        loop = asyncio.get_running_loop()
        quiet, changed_at = 0, loop.time()
        seen: dict[str, int] | None = None
        while quiet < QUIET_POLLS:
            now = await self.under_way()
            quiet = quiet + 1 if now == {} else 0
            if now != seen:
                seen, changed_at = now, loop.time()
            elif now != {} and loop.time() - changed_at > seconds_max:
                return now or {"a broker or database that cannot be asked": 1}
            await asyncio.sleep(POLL_SECONDS)
        return {}

    async def _ready(self) -> dict[str, int]:
        connection = await aio_pika.connect(self.installation.amqp_url)
        async with connection:
            channel = await connection.channel()
            counts = {}
            for name in QUEUES:
                queue = await channel.declare_queue(name, passive=True)
                counts[name] = queue.declaration_result.message_count or 0
            return counts

    async def _stored(self) -> dict[str, int]:
        connection = await asyncpg.connect(self.installation.database_url)
        try:
            return {name: int(await connection.fetchval(statement)) for name, statement in _STORED.items()}
        finally:
            await connection.close()


_STORED: Final = {
    **{f"{schema} outbox": f'SELECT count(*) FROM "{schema}".outbox WHERE published_at IS NULL' for schema in SCHEMAS},  # noqa: S608
    **{f"{schema} retry": f'SELECT count(*) FROM "{schema}".retry' for schema in SCHEMAS},  # noqa: S608
}
