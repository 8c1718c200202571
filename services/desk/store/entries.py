"""What operators entered and which contacts it became; and what like it came in lately."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain import Entered
from shared.contracts import Channel, ContactRegistered, MessageReceived
from shared.database import Connection

_COLUMNS: Final = "id, contact_id, channel, entered_at, entered_by, answered, task_id, effect, numbers"


@dataclass(frozen=True, slots=True)
class Similar:
    """A case like the one that is being entered; `same_street`: at the very street."""

    assignment_id: UUID
    case_id: UUID
    number: str
    owner: str
    text: str
    street: str | None
    opened_at: datetime
    is_open: bool
    same_street: bool


async def add(
    connection: Connection, entry_id: UUID, message: MessageReceived, by: str, task_id: UUID | None
) -> Entered | None:
    """Keep an entry; None when it, or its paper, was entered before."""
    row = await connection.fetchrow(
        f"""
        INSERT INTO entry (id, contact_id, channel, provider_id, entered_by, answered, task_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        RETURNING {_COLUMNS}
        """,  # noqa: S608 - our own column names
        entry_id,
        message.contact_id,
        message.channel,
        message.provider_id,
        by,
        bool(message.answer),
        task_id,
    )
    return _entered(row) if row else None


async def before(connection: Connection, entry_id: UUID, message: MessageReceived) -> Entered | None:
    """The same entry, or the same paper, as it was entered before."""
    row = await connection.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM entry
        WHERE id = $1 OR (channel, provider_id) = ($2, $3)
        ORDER BY id = $1 DESC
        LIMIT 1
        """,  # noqa: S608
        entry_id,
        message.channel,
        message.provider_id,
    )
    return _entered(row) if row else None


async def find(pool: asyncpg.Pool, entry_id: UUID) -> Entered | None:
    """One entry as it stands."""
    row = await pool.fetchrow(f"SELECT {_COLUMNS} FROM entry WHERE id = $1", entry_id)  # noqa: S608
    return _entered(row) if row else None


async def register(connection: Connection, contacts: Sequence[ContactRegistered]) -> int:
    """Note what became of the entries among these contacts; most contacts are nobody's here. Returns how many were."""
    return len(
        await connection.fetch(
            """
            UPDATE entry
            SET registered_at = now(), effect = told.effect,
                numbers = ARRAY(SELECT json_array_elements_text(told.numbers))
            FROM unnest($1::uuid[], $2::text[], $3::json[]) AS told (contact_id, effect, numbers)
            WHERE entry.contact_id = told.contact_id
            RETURNING entry.id
            """,
            [contact.contact_id for contact in contacts],
            [contact.effect for contact in contacts],
            [_json([case.number for case in contact.cases]) for contact in contacts],
        )
    )


async def similar(
    pool: asyncpg.Pool,
    topic: str,
    akin: Collection[str],
    neighbourhood: str | None,
    street: str | None,
    since: timedelta,
    limit: int,
) -> list[Similar]:
    """The work list's cases of this topic in this neighbourhood, and those of topics akin to it in the very street.

    The very street first, then the newest.
    """
    rows = await pool.fetch(
        """
        WITH near AS (
            SELECT DISTINCT ON (case_id) assignment_id, case_id, number, owner, text, place->>'street' AS street,
                   opened_at, state <> 'done' AS is_open,
                   coalesce(lower(place->>'street') = lower($3), false) AS same_street
            FROM work_item
            WHERE opened_at > now() - $4::interval
              AND ((coalesce(topic, proposals->0->>'topic') = $1 AND neighbourhood = $2)
                   OR (coalesce(topic, proposals->0->>'topic') = ANY($6) AND lower(place->>'street') = lower($3)
                       AND coalesce(neighbourhood = $2, true)))
            ORDER BY case_id, offered_at DESC
        )
        SELECT * FROM near
        ORDER BY same_street DESC, is_open DESC, opened_at DESC
        LIMIT $5
        """,
        topic,
        neighbourhood,
        street,
        since,
        limit,
        list(akin),
    )
    return [Similar(**dict(row)) for row in rows]


def _json(numbers: list[str]) -> str:
    return "[" + ",".join(f'"{number}"' for number in numbers) + "]"


def _entered(row: asyncpg.Record) -> Entered:
    return Entered(**{**dict(row), "channel": Channel(row["channel"]), "numbers": tuple(row["numbers"])})
