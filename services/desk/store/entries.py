"""What operators entered and which contacts it became; and what like it came in lately."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain import Entered, KnownCase
from shared.contracts import Channel, ContactRegistered, MessageReceived
from shared.database import Connection

_COLUMNS: Final = "id, contact_id, channel, entered_at, entered_by, answered, task_id, effect, numbers"


@dataclass(frozen=True, slots=True)
class Like:
    """What is being entered: its topic and those of the same owner, and where."""

    topic: str
    akin: Collection[str]
    neighbourhood: str | None
    street: str | None


@dataclass(frozen=True, slots=True)
class Similar:
    """A case like the one that is being entered; `text` "": another owner has it. `same_street`: the very one."""

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


async def register(connection: Connection, contacts: Sequence[ContactRegistered]) -> None:
    """Note what became of the entries among these contacts; most contacts are nobody's here."""
    await connection.execute(
        """
            UPDATE entry
            SET registered_at = now(), effect = told.effect,
                numbers = ARRAY(SELECT json_array_elements_text(told.numbers))
            FROM unnest($1::uuid[], $2::text[], $3::json[]) AS told (contact_id, effect, numbers)
            WHERE entry.contact_id = told.contact_id
            """,
        [contact.contact_id for contact in contacts],
        [contact.effect for contact in contacts],
        [_json([case.number for case in contact.cases]) for contact in contacts],
    )


async def similar(pool: asyncpg.Pool, like: Like, since: timedelta, limit: int) -> tuple[list[Similar], int]:
    """Cases of this topic in this neighbourhood, and those of topics akin to it in the very street; how many in all.

    The very street first, open ones before closed ones, then the newest.
    """
    rows = await pool.fetch(
        """
        WITH listed AS (
            SELECT DISTINCT ON (case_id) case_id, number, owner, text, place->>'street' AS street, opened_at,
                   state <> 'done' AS is_open, coalesce(lower(place->>'street') = lower($4), false) AS same_street
            FROM work_item
            WHERE opened_at > now() - $5::interval
              AND ((coalesce(topic, proposals->0->>'topic') = $1 AND neighbourhood = $3)
                   OR (coalesce(topic, proposals->0->>'topic') = ANY($2) AND lower(place->>'street') = lower($4)
                       AND coalesce(neighbourhood = $3, true)))
            ORDER BY case_id, offered_at DESC
        ), near AS (
            SELECT case_id, number, coalesce(known.owner, listed.owner) AS owner, text, street, listed.opened_at,
                   coalesce(known.is_open, listed.is_open) AS is_open, same_street
            FROM listed LEFT JOIN known_case AS known USING (case_id, number)
            UNION ALL
            SELECT case_id, number, owner, '', NULL, opened_at, is_open, false
            FROM known_case
            WHERE topic = $1 AND neighbourhood = $3 AND opened_at > now() - $5::interval
              AND case_id NOT IN (SELECT case_id FROM listed)
        )
        SELECT *, count(*) OVER ()::int AS total
        FROM near
        ORDER BY same_street DESC, is_open DESC, opened_at DESC
        LIMIT $6
        """,
        like.topic,
        list(like.akin),
        like.neighbourhood,
        like.street,
        since,
        limit,
    )
    found = [Similar(**{name: row[name] for name in Similar.__slots__}) for row in rows]
    return found, rows[0]["total"] if rows else 0


async def know(connection: Connection, cases: Sequence[KnownCase]) -> None:
    """Fold what the router's facts tell into what is known; safe in any order."""
    await connection.execute(
        """
        INSERT INTO known_case AS known (case_id, number, version, is_open, assigned_version, owner, topic,
                                         neighbourhood, opened_at, contact_id, is_tip)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bool[], $5::int[], $6::text[], $7::text[],
                             $8::text[], $9::timestamptz[], $10::uuid[], $11::bool[])
        ON CONFLICT (case_id) DO UPDATE
        SET version = greatest(known.version, EXCLUDED.version),
            contact_id = coalesce(known.contact_id, EXCLUDED.contact_id),
            is_indexed = false,
            is_tip = known.is_tip OR EXCLUDED.is_tip,
            is_open = CASE WHEN EXCLUDED.version > known.version THEN EXCLUDED.is_open ELSE known.is_open END,
            (assigned_version, owner, topic, neighbourhood, opened_at) = (
                SELECT assigned_version, owner, topic, neighbourhood, opened_at
                FROM (VALUES
                    (EXCLUDED.assigned_version, EXCLUDED.owner, EXCLUDED.topic, EXCLUDED.neighbourhood,
                     EXCLUDED.opened_at),
                    (known.assigned_version, known.owner, known.topic, known.neighbourhood, known.opened_at)
                ) AS told (assigned_version, owner, topic, neighbourhood, opened_at)
                ORDER BY assigned_version DESC
                LIMIT 1
            )
        """,
        [case.case_id for case in cases],
        [case.number for case in cases],
        [case.version for case in cases],
        [case.is_open for case in cases],
        [case.assigned_version for case in cases],
        [case.owner for case in cases],
        [case.topic for case in cases],
        [case.neighbourhood for case in cases],
        [case.opened_at for case in cases],
        [case.contact_id for case in cases],
        [case.is_tip for case in cases],
    )


def _json(numbers: list[str]) -> str:
    return "[" + ",".join(f'"{number}"' for number in numbers) + "]"


def _entered(row: asyncpg.Record) -> Entered:
    return Entered(**{**dict(row), "channel": Channel(row["channel"]), "numbers": tuple(row["numbers"])})
