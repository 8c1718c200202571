"""Whether something was ever the work of these departments, and which cases are tips."""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from shared.database import Connection


async def sees_item(pool: asyncpg.Pool, assignment_id: UUID, departments: Collection[str]) -> bool:
    """Whether this item is theirs."""
    return bool(
        await pool.fetchval(
            "SELECT EXISTS (SELECT FROM work_item WHERE assignment_id = $1 AND owner = ANY($2))",
            assignment_id,
            list(departments),
        )
    )


async def sees_case(pool: asyncpg.Pool, case_id: UUID, departments: Collection[str]) -> bool:
    """Whether an item of this case is theirs."""
    return bool(
        await pool.fetchval(
            "SELECT EXISTS (SELECT FROM work_item WHERE case_id = $1 AND owner = ANY($2))", case_id, list(departments)
        )
    )


async def sees_file(pool: asyncpg.Pool, file_id: UUID, departments: Collection[str]) -> bool:
    """Whether this file came with a case of theirs."""
    return bool(
        await pool.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM case_attachment JOIN work_item USING (case_id) WHERE file_id = $1 AND owner = ANY($2)
            )
            """,
            file_id,
            list(departments),
        )
    )


async def tips_among(db: asyncpg.Pool | Connection, cases: Collection[UUID]) -> set[UUID]:
    """Which of these cases are tips, as the router's facts or an offer say."""
    if not cases:
        return set()
    rows = await db.fetch(
        """
        SELECT case_id FROM known_case WHERE case_id = ANY($1) AND is_tip
        UNION
        SELECT case_id FROM work_item WHERE case_id = ANY($1) AND hides_identity
        """,
        list(cases),
    )
    return {row["case_id"] for row in rows}
