"""What can be searched, kept beside the items and cases it tells of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from shared.contracts import Place
from shared.database import Connection

_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_GREATEST: Final = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Unread:
    """An item of ours, or a case that is with others, as it has to be found. `said`: all that was said of it since."""

    id: UUID
    case_id: UUID
    is_item: bool
    number: str
    owner: str
    is_open: bool
    opened_at: datetime
    topic: str | None
    neighbourhood: str | None
    text: str
    place: Place
    said: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found. `text`, `place`: of our own items only; the text is cut."""

    id: UUID
    case_id: UUID
    is_item: bool
    number: str
    owner: str
    is_open: bool
    opened_at: datetime
    topic: str | None
    neighbourhood: str | None
    text: str
    place: Place


async def unread_items(connection: Connection, limit: int) -> list[Unread]:
    """Items that changed since they were read for the search, locked; those another replica is at are left out."""
    rows = await connection.fetch(
        """
        SELECT assignment_id AS id, case_id, true AS is_item, number, owner, state <> 'done' AS is_open, opened_at,
               topic, neighbourhood, text, place,
               concat_ws(' ',
                   (SELECT string_agg(work_step.text, ' ')
                    FROM work_step WHERE work_step.assignment_id = work_item.assignment_id),
                   (SELECT string_agg(report.number || ' ' || report.text, ' ')
                    FROM incident_report AS report WHERE report.assignment_id = work_item.assignment_id)) AS said
        FROM work_item
        WHERE NOT is_indexed
        ORDER BY assignment_id
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [Unread(**{**dict(row), "place": Place.model_validate_json(row["place"])}) for row in rows]


async def unread_cases(connection: Connection, limit: int) -> list[Unread]:
    """The same of cases that are known from the router's facts; those whose assignment was not heard of yet wait."""
    rows = await connection.fetch(
        """
        SELECT case_id AS id, case_id, false AS is_item, number, owner, is_open, opened_at, topic, neighbourhood,
               '' AS text, '' AS said
        FROM known_case
        WHERE NOT is_indexed AND opened_at IS NOT NULL
        ORDER BY case_id
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [Unread(**dict(row), place=Place()) for row in rows]


async def keep(connection: Connection, read: Sequence[Unread], words: Sequence[str]) -> None:
    """Write what was read, `words` as `entry_words` gives them for each. A case that is an item of ours stands once."""
    await connection.execute(
        """
        INSERT INTO search_entry (id, case_id, is_item, owner, is_open, opened_at, words)
        SELECT id, case_id, is_item, owner, is_open, opened_at, array_to_tsvector(string_to_array(words, ' '))
        FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::text[], $5::bool[], $6::timestamptz[], $7::text[])
             AS read (id, case_id, is_item, owner, is_open, opened_at, words)
        WHERE is_item OR NOT EXISTS (SELECT FROM work_item
                                     WHERE work_item.case_id = read.case_id AND work_item.owner = read.owner)
        ON CONFLICT (id) DO UPDATE
        SET owner = EXCLUDED.owner, is_open = EXCLUDED.is_open, opened_at = EXCLUDED.opened_at, words = EXCLUDED.words
        """,
        [row.id for row in read],
        [row.case_id for row in read],
        [row.is_item for row in read],
        [row.owner for row in read],
        [row.is_open for row in read],
        [row.opened_at for row in read],
        list(words),
    )
    items, cases = [row.id for row in read if row.is_item], [row.id for row in read if not row.is_item]
    await connection.execute("UPDATE work_item SET is_indexed = true WHERE assignment_id = ANY($1)", items)
    await connection.execute("UPDATE known_case SET is_indexed = true WHERE case_id = ANY($1)", cases)
    await connection.execute(
        """
        DELETE FROM search_entry AS entry
        WHERE NOT is_item AND id = ANY($1)
          AND EXISTS (SELECT FROM work_item WHERE work_item.case_id = entry.case_id AND work_item.owner = entry.owner)
        """,
        [row.case_id for row in read],
    )


SEARCH: Final = """
    SELECT id
    FROM search_entry
    WHERE words @@ $1::tsquery
      AND ($2::text[] IS NULL OR owner = ANY($2))
      AND ($3::bool IS NULL OR is_open = $3)
      AND (opened_at, id) < ($4::timestamptz, $5::uuid)
    ORDER BY opened_at DESC, id DESC
    LIMIT $6
    """


async def search(
    pool: asyncpg.Pool,
    query: str,
    owners: Collection[str] | None,
    *,
    is_open: bool | None,
    limit: int,
    after: UUID | None,
) -> list[Entry]:
    """The newest entries that answer a query of `query_of`; `owners`, `is_open` None: any; `after`: behind this one."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        # A rare word is looked up, one that stands everywhere is met on the way from the newest on: the planner must
        # see which it is.
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        mark = await connection.fetchrow("SELECT opened_at, id FROM search_entry WHERE id = $1", after)
        until = (mark["opened_at"], mark["id"]) if mark else (_LAST, _GREATEST)
        rows = await connection.fetch(SEARCH, query, None if owners is None else list(owners), is_open, *until, limit)
        return await _entries(connection, [row["id"] for row in rows])


async def _entries(connection: Connection, ids: Sequence[UUID]) -> list[Entry]:
    rows = await connection.fetch(
        """
        SELECT entry.id, entry.case_id, is_item, coalesce(item.number, known.number) AS number, entry.owner,
               entry.is_open, entry.opened_at, coalesce(item.topic, known.topic) AS topic,
               coalesce(item.neighbourhood, known.neighbourhood) AS neighbourhood,
               coalesce(item.text, '') AS text, coalesce(item.place, '{}') AS place
        FROM unnest($1::uuid[]) WITH ORDINALITY AS page (id, at)
        JOIN search_entry AS entry ON entry.id = page.id
        LEFT JOIN work_item AS item ON is_item AND item.assignment_id = entry.id
        LEFT JOIN known_case AS known ON NOT is_item AND known.case_id = entry.id
        ORDER BY page.at
        """,
        ids,
    )
    return [Entry(**{**dict(row), "place": Place.model_validate_json(row["place"])}) for row in rows]
