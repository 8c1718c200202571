"""Messages of one sender that are still being gathered, sealed; a burst's row is its lock."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.intake.domain.bursts import Waiting
from shared.contracts import MessageReceived
from shared.database import Connection
from shared.vault import Vault

BURSTS_MAX: Final = 100


async def open_bursts(connection: Connection, people: Collection[UUID]) -> set[UUID]:
    """Which of these people have messages waiting."""
    rows = await connection.fetch("SELECT person_id FROM burst WHERE person_id = ANY($1)", list(people))
    return {row["person_id"] for row in rows}


async def lock_bursts(connection: Connection, people: Collection[UUID], now: datetime) -> None:
    """Begin a burst for each, or lock the one that is there, in one order."""
    await connection.execute(
        """
        INSERT INTO burst (person_id, due_at)
        SELECT person_id, $2 FROM unnest($1::uuid[]) AS person_id
        ON CONFLICT (person_id) DO UPDATE SET due_at = burst.due_at
        """,
        sorted(people),
        now,
    )


async def is_burst_due(pool: asyncpg.Pool, now: datetime) -> bool:
    """Whether any burst is over: asked often, and mostly answered no."""
    return bool(await pool.fetchval("SELECT EXISTS (SELECT FROM burst WHERE due_at <= $1)", now))


async def due_bursts(connection: Connection, now: datetime, bursts_max: int) -> list[UUID]:
    """Lock some bursts that are over, the oldest first; those in other hands are left to them."""
    rows = await connection.fetch(
        "SELECT person_id FROM burst WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        now,
        bursts_max,
    )
    return [row["person_id"] for row in rows]


async def waiting_messages(connection: Connection, people: Collection[UUID], vault: Vault) -> dict[UUID, list[Waiting]]:
    """What waits of each of these people."""
    rows = await connection.fetch(
        """
        SELECT id, person_id, raw_id, received_at, arrival, sealed
        FROM burst_message
        WHERE person_id = ANY($1)
        ORDER BY arrival
        """,
        list(people),
    )
    found: dict[UUID, list[Waiting]] = {}
    for row in rows:
        message = MessageReceived.read(vault.open(row["sealed"], UUID(int=row["id"].int)))
        waiting = Waiting(row["id"], message, row["person_id"], row["raw_id"], row["received_at"], row["arrival"])
        found.setdefault(row["person_id"], []).append(waiting)
    return found


async def keep_waiting(
    connection: Connection, due: Mapping[UUID, datetime], rows: Sequence[Waiting], vault: Vault
) -> None:
    """Store the messages that are new to these bursts, and when each burst is over."""
    await connection.execute(
        """
        UPDATE burst SET due_at = told.due_at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS told (person_id, due_at)
        WHERE burst.person_id = told.person_id
        """,
        list(due),
        list(due.values()),
    )
    await connection.execute(
        """
        INSERT INTO burst_message (id, person_id, raw_id, received_at, sealed)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bytea[])
        ON CONFLICT DO NOTHING
        """,
        [row.id for row in rows],
        [row.person_id for row in rows],
        [row.raw_id for row in rows],
        [row.received_at for row in rows],
        [vault.seal(row.message.model_dump_json(exclude_none=True).encode(), row.id) for row in rows],
    )


async def end_bursts(connection: Connection, people: Collection[UUID], messages: Collection[UUID]) -> None:
    """Take messages out that were registered, and bursts of which nothing waits."""
    await connection.execute("DELETE FROM burst_message WHERE id = ANY($1)", list(messages))
    await connection.execute("DELETE FROM burst WHERE person_id = ANY($1)", list(people))


async def put_off_first(pool: asyncpg.Pool, now: datetime, wait: timedelta) -> None:
    """Look at the burst that has been due for longest again later."""
    await pool.execute(
        """
        UPDATE burst SET due_at = $1::timestamptz + $2::interval
        WHERE person_id = (SELECT person_id FROM burst WHERE due_at <= $1 ORDER BY due_at LIMIT 1)
        """,
        now,
        wait,
    )
