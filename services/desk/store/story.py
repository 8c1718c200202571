"""The life of cases as others tell it: the router's facts, and what became of the notices to citizens."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain import Item
from services.desk.domain.story import Fact, Notice
from shared.contracts import Channel, NoticeStatus
from shared.database import Connection

FACTS_SHOWN: Final = 500
NOTICES_SHOWN: Final = 200
# Facts after which a page that was opened before shows what is so no longer.
CHANGES: Final = ["assigned", "returned", "closed", "reopened", "gathered", "separated"]


@dataclass(frozen=True, slots=True)
class Page:
    """Where a case stands in the work list, and whose it is there."""

    assignment_id: UUID
    owner: str


async def add_facts(connection: Connection, facts: Sequence[Fact]) -> None:
    """Append what the router told; the same again changes nothing."""
    await connection.execute(
        """
        INSERT INTO case_fact (case_id, version, at, kind, assignment_id, state, outcome, owner, by_whom, detail, text)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[],
                             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
        ON CONFLICT DO NOTHING
        """,
        [fact.case_id for fact in facts],
        [fact.version for fact in facts],
        [fact.at for fact in facts],
        [fact.kind for fact in facts],
        [fact.assignment_id for fact in facts],
        [fact.state for fact in facts],
        [fact.outcome for fact in facts],
        [fact.owner for fact in facts],
        [fact.by_whom for fact in facts],
        [fact.detail for fact in facts],
        [fact.text for fact in facts],
    )


async def facts_of(pool: asyncpg.Pool, case_id: UUID) -> list[Fact]:
    """The life of a case in order; its latest steps where there are too many."""
    rows = await pool.fetch(
        """
        SELECT case_id, version, at, kind, assignment_id, state, outcome, owner, by_whom, detail, text
        FROM case_fact
        WHERE case_id = $1
        ORDER BY version DESC
        LIMIT $2
        """,
        case_id,
        FACTS_SHOWN,
    )
    return [Fact(**dict(row)) for row in reversed(rows)]


async def changes_since(pool: asyncpg.Pool, item: Item, version: int) -> list[Fact]:
    """What others did to the case of an item after that step, of all that changes what is to be done."""
    rows = await pool.fetch(
        """
        SELECT case_id, version, at, kind, assignment_id, state, outcome, owner, by_whom, detail, text
        FROM case_fact
        WHERE case_id = $1 AND version > $2 AND kind = ANY($3) AND assignment_id IS DISTINCT FROM $4
        ORDER BY version
        LIMIT $5
        """,
        item.case_id,
        version,
        CHANGES,
        item.assignment_id,
        FACTS_SHOWN,
    )
    return [Fact(**dict(row)) for row in rows]


async def save_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Keep how notices stand, each as it was told last, in whatever order that comes. `notices` ordered by id."""
    await connection.execute(
        """
        INSERT INTO case_notice AS known (id, case_id, contact_id, event, channel, status, at, changed_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                             $7::timestamptz[], $8::timestamptz[])
        ON CONFLICT (id) DO UPDATE
        SET channel = EXCLUDED.channel, status = EXCLUDED.status, changed_at = EXCLUDED.changed_at
        WHERE known.changed_at < EXCLUDED.changed_at
        """,
        [notice.id for notice in notices],
        [notice.case_id for notice in notices],
        [notice.contact_id for notice in notices],
        [notice.event for notice in notices],
        [notice.channel for notice in notices],
        [notice.status for notice in notices],
        [notice.at for notice in notices],
        [notice.changed_at for notice in notices],
    )


async def notices_of(pool: asyncpg.Pool, case_id: UUID, contacts: Collection[UUID]) -> list[Notice]:
    """What citizens were told of a case and of its contacts, in order of time."""
    rows = await pool.fetch(
        """
        SELECT id, case_id, contact_id, event, channel, status, at, changed_at
        FROM case_notice
        WHERE case_id = $1
           OR (case_id IS NULL AND contact_id = ANY($2))
           OR (case_id IS NULL AND contact_id = (SELECT contact_id FROM known_case WHERE case_id = $1))
        ORDER BY at, id
        LIMIT $3
        """,
        case_id,
        list(contacts),
        NOTICES_SHOWN,
    )
    return [
        Notice(**{**dict(row), "channel": Channel(row["channel"]), "status": NoticeStatus(row["status"])})
        for row in rows
    ]


async def pages_of(pool: asyncpg.Pool, cases: Collection[UUID]) -> Mapping[UUID, Page]:
    """The latest item of each of these cases that ever came here."""
    rows = await pool.fetch(
        """
        SELECT DISTINCT ON (case_id) case_id, assignment_id, owner
        FROM work_item
        WHERE case_id = ANY($1)
        ORDER BY case_id, offered_at DESC, assignment_id
        """,
        list(cases),
    )
    return {UUID(int=row["case_id"].int): Page(row["assignment_id"], row["owner"]) for row in rows}
