"""A fact per case: locked, written by the batch, read by the page."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.reporting.domain.asking import CaseRow, Overdue, Question
from services.reporting.domain.known import CaseFact
from services.reporting.store.asked import CHOSEN, ON_TIME, VALUES, chosen
from shared.database import Connection, Raced

# The columns of a fact, in the order of its fields.
COLUMNS: Final = {
    "case_id": "uuid",
    "number": "text",
    "channel": "text",
    "lane": "text",
    "opened_at": "timestamptz",
    "version": "int",
    "state": "text",
    "outcome": "text",
    "owner": "text",
    "owner_kind": "text",
    "assigned_version": "int",
    "topic": "text",
    "neighbourhood": "text",
    "closed_at": "timestamptz",
    "day": "date",
    "hour": "int",
    "kind": "text",
    "urgency": "text",
    "source": "text",
    "due_at": "timestamptz",
    "due_version": "int",
    "legal_due_at": "timestamptz",
    "answered_at": "timestamptz",
    "on_time_told": "bool",
    "returns": "int",
    "returned_in": "text",  # unnest would open an array of arrays as a whole: they travel as text
    "reopened": "int",
    "duplicate": "bool",
    "gathered_version": "int",
}
_NAMES: Final = ", ".join(COLUMNS)
_NEW: Final = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(COLUMNS.values(), start=1))
_VALUES: Final = ", ".join("returned_in::int[]" if name == "returned_in" else name for name in COLUMNS)
# A reader may be slow, e.g. somebody who downloads over a bad line.
_READER_IDLE_SECONDS_MAX: Final = 600


async def lock_facts(connection: Connection, ids: Collection[UUID]) -> dict[UUID, CaseFact]:
    """The facts as they stand, locked in one order."""
    rows = await connection.fetch(
        f"SELECT {_NAMES} FROM case_fact WHERE case_id = ANY($1) ORDER BY case_id FOR UPDATE",  # noqa: S608
        list(ids),
    )
    return {row["case_id"]: CaseFact(**{**row, "returned_in": tuple(row["returned_in"])}) for row in rows}


async def save_facts(connection: Connection, before: Mapping[UUID, CaseFact], after: Mapping[UUID, CaseFact]) -> None:
    """Write the facts that changed. Raises Raced when another replica wrote a new one first: do the batch again."""
    new = [fact for case_id, fact in sorted(after.items()) if case_id not in before]
    if new:
        written = await connection.fetch(
            f"""
            INSERT INTO case_fact ({_NAMES})
            SELECT {_VALUES} FROM unnest({_NEW}) AS new ({_NAMES})
            ON CONFLICT DO NOTHING
            RETURNING 1
            """,  # noqa: S608 - names of our own, above
            *_arrays(new),
        )
        if len(written) < len(new):
            raise Raced("another replica saw these cases first")
    changed = [fact for case_id, fact in after.items() if case_id in before and before[case_id] != fact]
    if changed:
        await connection.execute(
            f"""
            UPDATE case_fact
            SET ({_NAMES}) = (SELECT {", ".join(f"new.{value}" for value in _VALUES.split(", "))})
            FROM unnest({_NEW}) AS new ({_NAMES})
            WHERE case_fact.case_id = new.case_id
            """,  # noqa: S608 - names of our own, above
            *_arrays(changed),
        )


def _arrays(facts: Sequence[CaseFact]) -> list[list[Any]]:
    return [[_written(getattr(fact, name)) for fact in facts] for name in COLUMNS]


def _written(value: Any) -> Any:
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, tuple) else value


async def overdue(pool: asyncpg.Pool, question: Question) -> list[Overdue]:
    """Open cases past their target or the law's time now, those with most first."""
    by = [VALUES[axis] for axis in question.by]
    rows = await pool.fetch(
        f"""
        SELECT {", ".join([*by, "count(*) FILTER (WHERE due_at < now())::int AS target"])},
               count(*) FILTER (WHERE legal_due_at < now())::int AS legal
        FROM case_fact
        WHERE is_open AND (due_at < now() OR legal_due_at < now()) AND {CHOSEN}
        {"GROUP BY " + ", ".join(map(str, range(1, len(by) + 1))) if by else ""}
        """,  # noqa: S608 - expressions of our own
        *chosen(question),
    )
    found = [Overdue(tuple(row)[: len(by)], row["target"], row["legal"]) for row in rows]
    return sorted((row for row in found if row.target or row.legal), key=lambda row: (-row.target, row.values))


async def cases(pool: asyncpg.Pool, question: Question, batch: int) -> AsyncIterator[list[CaseRow]]:
    """The cases asked for by their opening, so many at a time, in one snapshot and in constant memory."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{_READER_IDLE_SECONDS_MAX}s'")
        cursor = await connection.cursor(
            f"""
            SELECT case_id, number, day, opened_at, channel, owner, owner_kind, neighbourhood, topic, kind, urgency,
                   state, outcome, source, due_at, legal_due_at, answered_at, closed_at,
                   {ON_TIME} AS on_time,
                   returns, reopened
            FROM case_fact
            WHERE {CHOSEN}
            ORDER BY day, opened_at, case_id
            """,  # noqa: S608 - expressions of our own
            *chosen(question),
        )
        while rows := await cursor.fetch(batch):
            yield [CaseRow(**row) for row in rows]
