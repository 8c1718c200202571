"""The files that came with cases, by the ids under which they lie in the object store."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.contracts import AssignmentOffered, CitizenAdded
from shared.database import Connection


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of a case; `is_picture` as its sender said, which decides how it is shown and nothing else."""

    id: UUID
    is_picture: bool


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
        SELECT file_id, is_picture
        FROM case_attachment
        WHERE case_id = $1
        ORDER BY told_at, position, file_id
        """,
        case_id,
    )
    return [CaseFile(UUID(int=row["file_id"].int), row["is_picture"]) for row in rows]


async def is_known(pool: asyncpg.Pool, file_id: UUID) -> bool:
    """Whether a file came with any case here."""
    return bool(await pool.fetchval("SELECT EXISTS (SELECT FROM case_attachment WHERE file_id = $1)", file_id))
