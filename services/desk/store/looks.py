"""Who saw whose address: written before it is shown."""

from typing import Literal
from uuid import UUID

from shared.database import Connection


async def record(connection: Connection, by: str, what: Literal["task", "call"], subject: UUID) -> None:
    """Keep that somebody looks."""
    await connection.execute("INSERT INTO look (by_whom, what, subject) VALUES ($1, $2, $3)", by, what, subject)
