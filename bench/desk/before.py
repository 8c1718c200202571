"""The list as it was: one index for every question, whole rows, and counts that read everything that is open."""

from collections.abc import Sequence
from typing import Final

import asyncpg

INDEX: Final = """
    CREATE INDEX work_item_soonest_before
        ON work_item ((lane = 'routine'), (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at,
                      assignment_id)
        WHERE state <> 'done'
    """


async def soonest(pool: asyncpg.Pool, owners: Sequence[str], limit: int) -> list[asyncpg.Record]:
    """The first page."""
    return await pool.fetch(
        """
        SELECT *
        FROM work_item
        WHERE owner = ANY($1)
          AND state <> 'done'
        ORDER BY (lane = 'routine'), coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz), opened_at, assignment_id
        LIMIT $2
        """,
        list(owners),
        limit,
    )


async def loads(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    """How much open work every owner has."""
    return await pool.fetch(
        """
        SELECT owner,
               count(*)::int AS open,
               count(*) FILTER (WHERE state = 'taken')::int AS taken,
               count(*) FILTER (WHERE lane = 'urgent')::int AS urgent,
               count(*) FILTER (WHERE due_at < now())::int AS overdue
        FROM work_item
        WHERE state <> 'done'
        GROUP BY owner
        """
    )
