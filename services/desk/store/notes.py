"""Notes between colleagues, who is meant by each, and who saw it: appended, never rewritten."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain.story import Note
from shared.database import Connection

NOTES_SHOWN: Final = 500
COUNTED_SINCE: Final = timedelta(days=30)  # every page counts: what nobody opened for so long is no news


@dataclass(frozen=True, slots=True)
class Mention:
    """A note that is meant for somebody. `assignment_id`: the latest item of its case here, None: there is none."""

    note: Note
    number: str | None
    is_new: bool
    assignment_id: UUID | None
    page_owner: str | None
    seen_at: datetime | None


async def add(connection: Connection, note: Note, mentions: Sequence[str]) -> None:
    """Keep a note and whom it means."""
    await connection.execute(
        "INSERT INTO case_note (id, case_id, at, by_whom, owner, text) VALUES ($1, $2, $3, $4, $5, $6)",
        note.id,
        note.case_id,
        note.at,
        note.by_whom,
        note.owner,
        note.text,
    )
    await connection.execute(
        "INSERT INTO note_mention (note_id, whom) SELECT $1, unnest($2::text[])", note.id, list(mentions)
    )


async def notes_of(pool: asyncpg.Pool, case_id: UUID) -> list[Note]:
    """The notes of a case in order of time; the latest where there are too many."""
    rows = await pool.fetch(
        """
        SELECT id, case_id, at, by_whom, owner, text
        FROM case_note
        WHERE case_id = $1
        ORDER BY at DESC, id DESC
        LIMIT $2
        """,
        case_id,
        NOTES_SHOWN,
    )
    return [Note(**dict(row)) for row in reversed(rows)]


async def count_new(pool: asyncpg.Pool, names: Collection[str], by: str) -> int:
    """How many notes of the last weeks are meant for somebody that they did not see; their own do not count."""
    return int(
        await pool.fetchval(
            """
            SELECT count(DISTINCT note_id)
            FROM note_mention
            JOIN case_note ON case_note.id = note_id
            WHERE whom = ANY($1) AND by_whom <> $2 AND at > now() - $3::interval
              AND NOT EXISTS (SELECT FROM note_seen AS seen WHERE seen.note_id = case_note.id AND seen.by_whom = $2)
            """,
            list(names),
            by,
            COUNTED_SINCE,
        )
    )


async def meant_for(pool: asyncpg.Pool, names: Collection[str], by: str, limit: int) -> list[Mention]:
    """The notes meant for somebody, those they did not see first, then the newest."""
    rows = await pool.fetch(
        """
        SELECT case_note.*, seen.at AS seen_at, page.assignment_id, page.owner AS page_owner,
               coalesce(page.number, known_case.number) AS number
        FROM case_note
        LEFT JOIN note_seen AS seen ON seen.note_id = case_note.id AND seen.by_whom = $2
        LEFT JOIN known_case ON known_case.case_id = case_note.case_id
        LEFT JOIN LATERAL (
            SELECT assignment_id, owner, number
            FROM work_item
            WHERE work_item.case_id = case_note.case_id
            ORDER BY offered_at DESC, assignment_id
            LIMIT 1) AS page ON true
        WHERE case_note.id IN (SELECT note_id FROM note_mention WHERE whom = ANY($1)) AND case_note.by_whom <> $2
        ORDER BY seen.at IS NOT NULL, case_note.at DESC, case_note.id
        LIMIT $3
        """,
        list(names),
        by,
        limit,
    )
    return [
        Mention(
            Note(row["id"], row["case_id"], row["at"], row["by_whom"], row["owner"], row["text"]),
            row["number"],
            row["seen_at"] is None,
            row["assignment_id"],
            row["page_owner"],
            row["seen_at"],
        )
        for row in rows
    ]


async def mark_seen(pool: asyncpg.Pool, notes: Collection[UUID], by: str) -> None:
    """Keep that somebody saw these notes; the same again changes nothing."""
    await pool.execute(
        "INSERT INTO note_seen (note_id, by_whom) SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING",
        list(notes),
        by,
    )
