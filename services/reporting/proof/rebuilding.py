"""`rebuild`: the derived tables made again from the log while the live ones serve, and put in their place."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from services.reporting.proof.scratch import (
    LIVE,
    LOCK_TIMEOUT_MS,
    NOT_NOW,
    Fold,
    catch_up,
    last_position,
    replay,
    scratch,
)
from services.reporting.store import DERIVED
from shared.database import Connection

NEXT: Final = "reporting_next"
SWAP_PAUSE_SECONDS: Final = 5.0
SWAP_TRIES_MAX: Final = 720


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did; live writers waited for `swap_seconds` at most, readers for less."""

    events: int
    seconds: float
    swap_seconds: float


async def rebuild(database_url: str, fold: Fold) -> Rebuilt:
    """Make everything derived again and swap. Interrupted, it leaves the live tables as they were; safe to run again.

    Raises UnderWay, NotDeployed, and LockNotAvailableError when somebody reads the tables for an hour on end.
    """
    began = time.monotonic()
    async with scratch(database_url, NEXT, unlogged=False) as connection:
        position = await catch_up(connection, fold)
        for table in DERIVED:
            await connection.execute(f'ANALYZE "{NEXT}"."{table}"')
        swap_seconds = await _swap_patiently(connection, fold, position)
        events = await connection.fetchval(f"SELECT count(*) FROM {LIVE}.event_log")  # noqa: S608
    return Rebuilt(events, time.monotonic() - began, swap_seconds)


async def _swap_patiently(connection: Connection, fold: Fold, position: int) -> float:
    """Swap as soon as nobody reads at length, e.g. an export; what comes in meanwhile is folded between attempts."""
    for _ in range(SWAP_TRIES_MAX - 1):
        try:
            return await _swap(connection, fold, position)
        except NOT_NOW:
            await asyncio.sleep(SWAP_PAUSE_SECONDS)
            position = await catch_up(connection, fold, position)
    return await _swap(connection, fold, position)


async def _swap(connection: Connection, fold: Fold, position: int) -> float:
    """Within one transaction: no writer is under way or begins, the rest is folded, and the tables change places.

    A writer touches the log before anything derived, so that whoever comes now waits there, and finds the new tables.
    """
    began, live = time.monotonic(), ", ".join(f"{LIVE}.{table}" for table in DERIVED)
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        await connection.execute(f"LOCK TABLE {LIVE}.event_log IN SHARE MODE")
        await replay(connection, fold, position, await last_position(connection))
        await connection.execute(f"LOCK TABLE {live} IN ACCESS EXCLUSIVE MODE")
        for table in DERIVED:
            await connection.execute(f"DROP TABLE {LIVE}.{table}")
            await connection.execute(f"ALTER TABLE {NEXT}.{table} SET SCHEMA {LIVE}")
    return time.monotonic() - began
