"""What proofs came out with; the last one is what readiness tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import from_json, to_json

from services.reporting.domain.differences import Check, Difference
from shared.database import Connection
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Proof:
    """One that ended; `by_check`: how many rows differed, 0 where a check closes."""

    began_at: datetime
    ended_at: datetime
    events: int
    differences: int
    by_check: dict[str, int]


async def last(connection: asyncpg.Pool | Connection) -> Proof | None:
    """The last that ended; None: there was none yet."""
    row = await connection.fetchrow(
        """
        SELECT began_at, ended_at, events, differences, by_check::text AS by_check
        FROM proof
        WHERE ended_at IS NOT NULL
        ORDER BY began_at DESC
        LIMIT 1
        """
    )
    return None if row is None else Proof(**{**row, "by_check": from_json(row["by_check"])})


async def examples(pool: asyncpg.Pool, proof: Proof) -> list[dict[str, Any]]:
    """The first of its differences, as they are told."""
    found: list[dict[str, Any]] = from_json(
        await pool.fetchval(
            "SELECT examples::text FROM proof WHERE began_at = $1 AND ended_at = $2", proof.began_at, proof.ended_at
        )
    )
    return found


async def begin(pool: asyncpg.Pool, now: datetime) -> UUID:
    """Note that a proof begins."""
    proof_id = new_id()
    await pool.execute("INSERT INTO proof (id, began_at) VALUES ($1, $2)", proof_id, now)
    return proof_id


async def end(
    pool: asyncpg.Pool, proof_id: UUID, events: int, by_check: Mapping[Check, int], examples: Sequence[Difference]
) -> None:
    """Note what came out of it."""
    await pool.execute(
        """
        UPDATE proof
        SET ended_at = greatest(now(), began_at), events = $2, differences = $3, by_check = $4::text::jsonb,
            examples = $5::text::jsonb
        WHERE id = $1
        """,
        proof_id,
        events,
        sum(by_check.values()),
        to_json(by_check).decode(),
        to_json([difference.as_json() for difference in examples]).decode(),
    )
