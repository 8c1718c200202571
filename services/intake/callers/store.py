"""The tables of API keys and of requests that carried an Idempotency-Key."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.database import Connection

_KEY_COLUMNS = "id, name, scopes, requests_per_minute, created_at, expires_at, revoked_at"


async def find_key(pool: asyncpg.Pool, digest: bytes) -> Mapping[str, Any] | None:
    """The key of this SHA-256, also a revoked one."""
    row = await pool.fetchrow(f"SELECT {_KEY_COLUMNS} FROM api_key WHERE key_sha256 = $1", digest)  # noqa: S608
    return _key(row) if row else None


async def list_keys(connection: Connection) -> list[Mapping[str, Any]]:
    """Every key there ever was, the newest last."""
    rows = await connection.fetch(f"SELECT {_KEY_COLUMNS} FROM api_key ORDER BY created_at, id")  # noqa: S608
    return [_key(row) for row in rows]


async def add_key(
    connection: Connection,
    key_id: UUID,
    name: str,
    digest: bytes,
    scopes: Collection[str],
    requests_per_minute: int,
    expires_at: datetime | None,
) -> None:
    """Store a key by its hash. Raises asyncpg.UniqueViolationError when the name is taken."""
    await connection.execute(
        """
        INSERT INTO api_key (id, name, key_sha256, scopes, requests_per_minute, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        key_id,
        name,
        digest,
        sorted(scopes),
        requests_per_minute,
        expires_at,
    )


async def revoke_key(connection: Connection, name: str) -> bool:
    """End a key for good; False when no good key has that name. Safe to call twice."""
    found = await connection.fetchval(
        "UPDATE api_key SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id", name
    )
    return found is not None


def _key(row: asyncpg.Record) -> Mapping[str, Any]:
    return {**row, "scopes": frozenset(row["scopes"])}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was there before: its fingerprint, and its receipt once it has one."""

    fingerprint: bytes
    receipt: Any | None


async def claim(
    pool: asyncpg.Pool, caller: str, key: str, fingerprint: bytes, lease_seconds: float, keep_seconds: float
) -> bool:
    """True when this request is ours to work on: it is new, or whoever had it did not finish in time."""
    claimed = await pool.fetchval(
        """
        INSERT INTO idempotent_request AS had (caller, key, fingerprint, lease_until, expires_at)
        VALUES ($1, $2, $3, now() + make_interval(secs => $4), now() + make_interval(secs => $5))
        ON CONFLICT (caller, key) DO UPDATE
        SET fingerprint = excluded.fingerprint,
            lease_until = excluded.lease_until,
            expires_at = excluded.expires_at,
            receipt = NULL
        WHERE had.expires_at < now()
           OR had.receipt IS NULL AND had.lease_until < now() AND had.fingerprint = excluded.fingerprint
        RETURNING true
        """,
        caller,
        key,
        fingerprint,
        lease_seconds,
        keep_seconds,
    )
    return claimed is not None


async def asked(pool: asyncpg.Pool, caller: str, key: str) -> Asked | None:
    """What became of a request; None: it was given up meanwhile."""
    row = await pool.fetchrow(
        "SELECT fingerprint, receipt FROM idempotent_request WHERE caller = $1 AND key = $2", caller, key
    )
    return Asked(row["fingerprint"], json.loads(row["receipt"]) if row["receipt"] else None) if row else None


async def keep_receipt(pool: asyncpg.Pool, caller: str, key: str, receipt: Any) -> None:
    """What every repetition will be answered."""
    await pool.execute(
        "UPDATE idempotent_request SET receipt = $3 WHERE caller = $1 AND key = $2", caller, key, json.dumps(receipt)
    )


async def give_up(pool: asyncpg.Pool, caller: str, key: str) -> None:
    """Forget a request that was refused or failed, so that it may come again at once."""
    await pool.execute("DELETE FROM idempotent_request WHERE caller = $1 AND key = $2 AND receipt IS NULL", caller, key)


async def forget_expired(pool: asyncpg.Pool, rows_max: int) -> int:
    """Remove requests whose time is over, and say how many those were."""
    rows = await pool.fetch(
        """
        DELETE FROM idempotent_request
        WHERE (caller, key) IN (SELECT caller, key FROM idempotent_request WHERE expires_at < now() LIMIT $1)
        RETURNING 1
        """,
        rows_max,
    )
    return len(rows)
