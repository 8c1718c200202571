"""What collectors keep in the database: how far they have come, and which replica runs an exclusive one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg

from shared.database import CONNECT_TIMEOUT_SECONDS

LOCK_CHECK_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0


class KeptBookmarks:
    """The bookmarks of one collector. `sign_of_life` is called whenever it reads or moves one."""

    def __init__(self, pool: asyncpg.Pool, collector: str, sign_of_life: Callable[[], None]) -> None:
        self._pool = pool
        self._prefix = f"{collector}/"
        self._sign_of_life = sign_of_life

    async def get(self, name: str) -> str | None:
        value = await self._pool.fetchval("SELECT value FROM collector_bookmark WHERE name = $1", self._prefix + name)
        self._sign_of_life()
        return value if value is None else str(value)

    async def set(self, name: str, value: str) -> None:
        """Return when it is committed."""
        await self._pool.execute(
            "INSERT INTO collector_bookmark (name, value) VALUES ($1, $2)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = now()",
            self._prefix + name,
            value,
        )
        self._sign_of_life()


@asynccontextmanager
async def only_here(
    database_url: str, schema: str, name: str
) -> AsyncIterator[Callable[[], asyncio.Future[None]] | None]:
    """Hold the lock called `name` on a connection of its own, or None where another replica holds it.

    What is given waits until the lock is lost: PostgreSQL lets go of it when the connection ends.
    """
    connection = await asyncpg.connect(
        database_url, timeout=CONNECT_TIMEOUT_SECONDS, server_settings={"application_name": f"ilkim-{schema}-lock"}
    )
    try:
        held = await connection.fetchval(
            "SELECT pg_try_advisory_lock(hashtext($1), hashtext($2))", f"ilkim-{schema}-collector", name
        )
        yield (lambda: asyncio.ensure_future(_lost(connection))) if held else None
    finally:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=CLOSE_SECONDS)


async def _lost(connection: asyncpg.Connection) -> None:
    """Return when the connection does not answer any more."""
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        while True:
            await asyncio.sleep(LOCK_CHECK_SECONDS)
            await connection.fetchval("SELECT 1", timeout=LOCK_CHECK_SECONDS)
