"""A second set of the tables that follow from the log, in a schema of its own, filled while the live ones serve."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import asyncpg

from services.reporting.store import DERIVED
from services.reporting.store.rolling import roll_within
from shared.contracts import Message
from shared.database import Connection, migrate

LIVE: Final = "reporting"
MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"

BATCH_EVENTS: Final = 5_000
# Moves are rolled up once there are about so many: the more at once, the fewer sums are written twice.
ROLL_EVENTS: Final = 20_000
# So few events behind, the rest is done within a moment.
NEARLY_EVENTS: Final = 2_000
PASSES_MAX: Final = 50
LOCK_TIMEOUT_MS: Final = 500  # shorter than the server's deadlock_timeout: we are the ones to step back
LOCK_TRIES_MAX: Final = 120
LOCK_PAUSE_SECONDS: Final = 0.5
NOT_NOW: Final = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
IDLE_IN_TRANSACTION_TIMEOUT_MS: Final = 600_000
CONNECT_TIMEOUT_SECONDS: Final = 10.0

T = TypeVar("T")
# Applies events to the derived tables the connection's search_path shows, exactly as the live handler does.
Fold = Callable[[Connection, Sequence[Message]], Awaitable[None]]


class UnderWay(RuntimeError):
    """Raised when somebody else fills the same schema now."""


class NotDeployed(RuntimeError):
    """Raised when the live schema is not the one these migrations make: deploy first."""


@asynccontextmanager
async def scratch(database_url: str, schema: str, *, unlogged: bool) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees empty derived tables in `schema`, which is gone afterwards.

    What an interrupted run left is cleared away first. `unlogged`: quicker, lost when the server crashes. Raises
    UnderWay, NotDeployed.
    """
    connection = await _connect(database_url, schema)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtext($1))", f"ilkim-{schema}"):
            raise UnderWay(f"another run fills {schema} now")
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        await migrate(connection, schema, [MIGRATIONS])
        await _must_be_alike(connection, schema)
        if unlogged:
            for table in DERIVED:
                await connection.execute(f'ALTER TABLE "{schema}"."{table}" SET UNLOGGED')
        yield connection
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_SECONDS)


async def catch_up(connection: Connection, fold: Fold, position: int = 0) -> int:
    """Fold the log from a position on until nearly nothing is left; the position up to which it was folded."""
    for _ in range(PASSES_MAX):
        horizon = await settled_position(connection)
        events = await replay(connection, fold, position, horizon)
        await roll_all(connection)
        position = horizon
        if events <= NEARLY_EVENTS:
            break
    return position


async def settled_position(connection: Connection) -> int:
    """Up to where the log is whole: every position below has committed or never will. Writers wait for a moment."""

    async def look() -> int:
        await connection.execute(f"LOCK TABLE {LIVE}.event_log IN SHARE MODE")
        return await last_position(connection)

    return await patiently(connection, look)


async def last_position(connection: Connection) -> int:
    """The highest position that is seen; 0: the log is empty."""
    found: int = await connection.fetchval(f"SELECT coalesce(max(position), 0) FROM {LIVE}.event_log")  # noqa: S608
    return found


async def replay(connection: Connection, fold: Fold, after: int, up_to: int) -> int:
    """Fold the events between two positions, the first left out, in batches; how many they were."""
    events, rolled = 0, 0
    while rows := await connection.fetch(
        f"""
        SELECT position, type, event
        FROM {LIVE}.event_log
        WHERE position > $1 AND position <= $2
        ORDER BY position
        LIMIT $3
        """,  # noqa: S608 - a name of our own
        after,
        up_to,
        BATCH_EVENTS,
    ):
        async with connection.transaction():
            await fold(connection, [Message.registry[row["type"]].read(row["event"]) for row in rows])
        after = rows[-1]["position"]
        events += len(rows)
        if events - rolled >= ROLL_EVENTS:
            await roll_all(connection)
            rolled = events
    return events


async def roll_all(connection: Connection) -> None:
    """Roll up every move of the schema the connection sees."""
    moves: int | None = 1
    while moves:
        async with connection.transaction():
            moves = await roll_within(connection)


async def patiently(connection: Connection, work: Callable[[], Awaitable[T]]) -> T:
    """Do this in a transaction that waits for no lock longer than a moment, so that nobody queues behind it; again
    and again until it gets through. Raises LockNotAvailableError in the end."""
    for attempt in range(LOCK_TRIES_MAX):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                return await work()
        except NOT_NOW:
            if attempt == LOCK_TRIES_MAX - 1:
                raise
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
    raise AssertionError("the last attempt raised or returned")


async def _connect(database_url: str, schema: str) -> asyncpg.Connection:
    """For hours of work: no statement is too long."""
    return await asyncpg.connect(
        database_url,
        timeout=CONNECT_TIMEOUT_SECONDS,
        server_settings={
            "application_name": f"ilkim-{schema}",
            "search_path": schema,
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": "0",
            "synchronous_commit": "off",  # what a crash takes away is made again
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
        },
    )


async def _must_be_alike(connection: Connection, schema: str) -> None:
    unlike = await connection.fetchval(
        f"""
        SELECT string_agg(name, ', ')
        FROM {LIVE}.migration AS live FULL JOIN "{schema}".migration AS made USING (name)
        WHERE name LIKE 'reporting/%' AND live.sha256 IS DISTINCT FROM made.sha256
        """  # noqa: S608 - names of our own
    )
    if unlike:
        raise NotDeployed(f"the schema {LIVE} does not have the migrations of this program: {unlike}")
