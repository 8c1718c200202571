"""What a citizen who used the form sees on the page of their submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from shared.database import Connection


async def keep_web_replies(connection: Connection, replies: Sequence[tuple[UUID, str, str, str | None]]) -> None:
    """Keep replies (id, submission, text, number) for the page of the citizen who used the form."""
    await connection.executemany(
        """
        INSERT INTO web_reply (id, submission_id, text, number)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        replies,
    )


async def note_form_file(pool: asyncpg.Pool, file_id: UUID) -> None:
    """Note a file of a form before it is kept, so that it is forgotten if the form is never sent."""
    await pool.execute("INSERT INTO form_file (id) VALUES ($1) ON CONFLICT DO NOTHING", file_id)


async def unsent_form_files(pool: asyncpg.Pool, age: timedelta, files_max: int) -> list[UUID]:
    """Files noted longer ago than `age` that came with no message; those that did are noted no more."""
    await pool.execute(
        "DELETE FROM form_file WHERE noted_at < now() - $1::interval AND id IN (SELECT id FROM file)", age
    )
    rows = await pool.fetch(
        "SELECT id FROM form_file WHERE noted_at < now() - $1::interval ORDER BY noted_at LIMIT $2", age, files_max
    )
    return [UUID(int=row["id"].int) for row in rows]


async def drop_form_files(pool: asyncpg.Pool, file_ids: Sequence[UUID]) -> None:
    """These files are gone."""
    await pool.execute("DELETE FROM form_file WHERE id = ANY($1)", list(file_ids))


@dataclass(frozen=True, slots=True)
class Submission:
    """What a citizen who used the form may see: the numbers of the cases, the replies so far.

    `opened` are the numbers of the cases that are theirs; the others they only added to. `is_held`: a person looks
    at it before it becomes a case.
    """

    numbers: tuple[str, ...]
    opened: tuple[str, ...]
    replies: tuple[str, ...]
    is_held: bool


async def submission(pool: asyncpg.Pool, submission_id: str) -> Submission | None:
    """What became of a form, None while it is on its way. Whoever knows its id may ask: 122 random bits."""
    row = await pool.fetchrow(
        """
        SELECT array(SELECT number FROM case_file WHERE contact_id = inbound_message.contact_id) AS opened,
               array(SELECT number FROM case_file WHERE contact_id = inbound_message.contact_id
                     UNION
                     SELECT number FROM case_file JOIN joined_case ON joined_case.case_id = case_file.id
                     WHERE joined_case.contact_id = inbound_message.contact_id) AS numbers,
               -- A reply's id begins with the time of the event it tells of.
               array(SELECT web_reply.text FROM web_reply
                     WHERE web_reply.submission_id = $1 ORDER BY web_reply.id) AS replies,
               coalesce((SELECT effect = 'held' FROM contact
                         WHERE contact.id = inbound_message.contact_id), false) AS is_held
        FROM inbound_message
        WHERE channel = 'web' AND account = 'main' AND provider_id = $1
        """,
        submission_id,
    )
    if row is None:
        return None
    return Submission(tuple(row["numbers"]), tuple(row["opened"]), tuple(row["replies"]), row["is_held"])
