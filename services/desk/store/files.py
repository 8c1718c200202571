"""The files that came with cases, by the ids under which they lie in the object store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.contracts import AssignmentOffered, CitizenAdded
from shared.database import Connection


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of a case; `is_picture` as its sender said, which decides how it is shown and nothing else.

    `is_finished`: a photo of the finished work, by `by_whom` of ours; else the citizen sent it.
    """

    id: UUID
    is_picture: bool
    is_finished: bool = False
    at: datetime | None = None
    by_whom: str = ""


async def add_files(connection: Connection, told: Sequence[AssignmentOffered | CitizenAdded]) -> None:
    """Note the files that came with cases; the same again changes nothing."""
    rows = {
        (message.case_id, attachment.id): (attachment.media_type.startswith("image/"), position)
        for message in told
        for position, attachment in enumerate(message.attachments)
        if attachment.id
    }
    if not rows:
        return
    ordered = sorted(rows)
    await connection.execute(
        """
        INSERT INTO case_attachment (case_id, file_id, is_picture, position)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::int[])
        ON CONFLICT DO NOTHING
        """,
        [case_id for case_id, _ in ordered],
        [file_id for _, file_id in ordered],
        [rows[key][0] for key in ordered],
        [rows[key][1] for key in ordered],
    )


async def files_of(pool: asyncpg.Pool, case_id: UUID) -> list[CaseFile]:
    """The files of a case, in the order they were told of."""
    rows = await pool.fetch(
        """
        SELECT file_id, is_picture, source = 'finished' AS is_finished, told_at, by_whom
        FROM case_attachment
        WHERE case_id = $1
        ORDER BY told_at, position, file_id
        """,
        case_id,
    )
    return [
        CaseFile(UUID(int=row["file_id"].int), row["is_picture"], row["is_finished"], row["told_at"], row["by_whom"])
        for row in rows
    ]


async def add_finished(connection: Connection, case_id: UUID, file_id: UUID, by: str) -> None:
    """Note a photo of the finished work; the same again changes nothing."""
    await connection.execute(
        """
        INSERT INTO case_attachment (case_id, file_id, is_picture, position, source, by_whom)
        VALUES ($1, $2, true, 0, 'finished', $3)
        ON CONFLICT DO NOTHING
        """,
        case_id,
        file_id,
        by,
    )


async def owners_of(pool: asyncpg.Pool, file_id: UUID) -> set[str]:
    """Whose work the cases are or were that a file came with; empty: it came with none here."""
    rows = await pool.fetch(
        """
        SELECT DISTINCT owner
        FROM case_attachment
        JOIN work_item USING (case_id)
        WHERE file_id = $1
        """,
        file_id,
    )
    return {row["owner"] for row in rows}
