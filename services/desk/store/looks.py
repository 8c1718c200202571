"""Who saw whose address: written before it is shown."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

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
