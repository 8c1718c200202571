"""Who saw whose address: written before it is shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from shared.database import Connection

What = Literal["task", "call", "alert", "case"]


async def record(connection: Connection, by: str, what: What, subject: UUID) -> None:
    """Keep that somebody looks."""
    await connection.execute("INSERT INTO look (by_whom, what, subject) VALUES ($1, $2, $3)", by, what, subject)


async def record_first(connection: Connection, by: str, what: What, subjects: Collection[UUID]) -> None:
    """Keep that somebody looks, unless they did before: for a page that renews itself."""
    await connection.execute(
        """
        INSERT INTO look (by_whom, what, subject)
        SELECT $1, $2, subject
        FROM unnest($3::uuid[]) AS seen (subject)
        WHERE NOT EXISTS (
            SELECT FROM look WHERE look.what = $2 AND look.subject = seen.subject AND look.by_whom = $1
        )
        """,
        by,
        what,
        list(subjects),
    )


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody saw an address. `shown_as`: their name; `subject`: the task, call, alert or case it stood with."""

    id: int
    at: datetime
    by_whom: str
    shown_as: str
    what: str
    subject: UUID


async def recent(
    pool: asyncpg.Pool, departments: Collection[str] | None, by_whom: str, before: int | None, limit: int
) -> list[Look]:
    """The latest looks first, of people of these departments (None: everybody's), of one person or of all ("").

    `before`: those behind this one.
    """
    rows = await pool.fetch(
        """
        SELECT look.id, look.at, look.by_whom, coalesce(account.shown_as, look.by_whom) AS shown_as, look.what,
               look.subject
        FROM look
        LEFT JOIN account ON account.name = look.by_whom
        WHERE ($1 = '' OR look.by_whom = $1)
          AND ($2::bigint IS NULL OR look.id < $2)
          AND ($4::text[] IS NULL OR account.departments && $4)
        ORDER BY look.id DESC
        LIMIT $3
        """,
        by_whom,
        before,
        limit,
        None if departments is None else list(departments),
    )
    return [Look(**dict(row)) for row in rows]
