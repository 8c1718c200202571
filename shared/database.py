"""PostgreSQL: a pool per service in its own schema, and migrations as plain SQL files."""

import hashlib
from pathlib import Path
from typing import Any

import asyncpg

from shared.settings import Settings

# A statement that takes longer is a fault, and the batch is tried again; no lock is waited for longer than that.
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_SECONDS = 5.0


class Raced(Exception):
    """Raised when another replica was faster: the same batch, done again, will see what it did."""


_AWAY = (
    Raced,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.DiskFullError,
)

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


def is_away(error: BaseException) -> bool:
    """True when the database is away, restarts or is in the way: wait and try again, nothing is lost.

    False for a fault of the statement or its values (asyncpg tells those as ValueError or TypeError too).
    """
    return isinstance(error, _AWAY) and not isinstance(error, ValueError | TypeError)


async def connect_pool(settings: Settings, schema: str) -> asyncpg.Pool:
    """A pool whose connections see `schema` only. Does not connect yet: a database that is away is no error here."""
    return await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=0,
        max_size=settings.ilkim_pool_max,
        max_inactive_connection_lifetime=300,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=STATEMENT_TIMEOUT_MS / 1000 + 5,
        server_settings=_server_settings(schema),
    )


def _server_settings(schema: str) -> dict[str, str]:
    return {
        "application_name": f"ilkim-{schema}",
        "search_path": schema,
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    }


async def migrate(connection: Any, schema: str, folders: list[Path]) -> list[str]:
    """Bring `schema` up to date with the `NNNN_name.sql` files of `folders`, in order; return what was applied.

    Safe to call from several places at once (advisory lock) and again (each file runs once, in one transaction
    of its own). Raises RuntimeError when a file that already ran was changed: add a new file instead.
    """
    applied: list[str] = []
    await connection.execute("SELECT pg_advisory_lock(hashtext('ilkim-migrate'))")
    try:
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        await connection.execute(f'SET search_path = "{schema}"')
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, sha256 text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM migration")}
        for file in [file for folder in folders for file in sorted(folder.glob("*.sql"))]:
            name, text = f"{file.parent.parent.name}/{file.name}", file.read_text(encoding="utf-8")
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name not in done:
                async with connection.transaction():
                    await connection.execute(text)
                    await connection.execute("INSERT INTO migration (name, sha256) VALUES ($1, $2)", name, digest)
                applied.append(name)
            elif done[name] != digest:
                raise RuntimeError(f"migration {name} was changed after it ran in schema {schema}: add a new file")
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtext('ilkim-migrate'))")
    return applied
