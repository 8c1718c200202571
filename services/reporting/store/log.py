"""The event log: every fact, append-only, what all figures can be made from again."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from shared.contracts import Message
from shared.database import Connection


async def log_events(connection: Connection, events: Sequence[Message]) -> None:
    """Append events to the log."""
    await connection.execute(
        """
        INSERT INTO event_log (event_id, type, occurred_at, event)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[])
        """,
        [event.id for event in events],
        [event.type for event in events],
        [event.occurred_at for event in events],
        [event.model_dump_json(exclude_none=True).encode() for event in events],
    )


async def complete_up_to(pool: asyncpg.Pool) -> datetime | None:
    """When the last event was counted; None: there was none."""
    last: datetime | None = await pool.fetchval("SELECT max(written_at) FROM event_log")
    return last
