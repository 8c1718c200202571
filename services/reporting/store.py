"""Reporting's tables: the event log, a fact per case, and the cells all figures are sums of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from services.reporting.domain.facts import CaseFact, Cell, ContactCell, SurveyCell
from shared.contracts import Message
from shared.database import Connection, Raced

_COLUMNS: Final = tuple(field.name for field in fields(CaseFact))


class NoticeCell(NamedTuple):
    """Where a reply's status is counted."""

    day: date
    channel: str
    event: str
    status: str


async def log_events(connection: Connection, events: Sequence[Message]) -> None:
    """Append events to the log."""
    await connection.execute(
        """
        INSERT INTO event_log (event_id, type, occurred_at, event)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[])
        """,
        [event.id for event in events],
        [event.type for event in events],
        [event.occurred_at for event in events],
        [event.model_dump_json(exclude_none=True).encode() for event in events],
    )


async def lock_facts(connection: Connection, ids: Collection[UUID]) -> dict[UUID, CaseFact]:
    """The facts as they stand, locked in one order."""
    rows = await connection.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM case_fact WHERE case_id = ANY($1) ORDER BY case_id FOR UPDATE",  # noqa: S608
        list(ids),
    )
    return {row["case_id"]: CaseFact(*row) for row in rows}


async def save_facts(connection: Connection, before: Mapping[UUID, CaseFact], after: Mapping[UUID, CaseFact]) -> None:
    """Write the facts that changed. Raises Raced when another replica wrote a new one first: do the batch again."""
    new = [fact for case_id, fact in sorted(after.items()) if case_id not in before]
    if new:
        written = await connection.fetch(
            f"""
            INSERT INTO case_fact ({", ".join(_COLUMNS)})
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[],
                                 $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], $12::text[],
                                 $13::text[], $14::timestamptz[])
            ON CONFLICT DO NOTHING
            RETURNING 1
            """,  # noqa: S608
            *_arrays(new),
        )
        if len(written) < len(new):
            raise Raced("another replica saw these cases first")
    changed = [fact for case_id, fact in after.items() if case_id in before and before[case_id] != fact]
    if changed:
        await connection.execute(
            """
            UPDATE case_fact
            SET number = new.number, channel = new.channel, lane = new.lane, opened_at = new.opened_at,
                version = new.version, state = new.state, outcome = new.outcome, owner = new.owner,
                owner_kind = new.owner_kind, assigned_version = new.assigned_version, topic = new.topic,
                neighbourhood = new.neighbourhood, closed_at = new.closed_at
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $7::text[],
                        $8::text[], $9::text[], $10::text[], $11::int[], $12::text[], $13::text[], $14::timestamptz[])
                 AS new (case_id, number, channel, lane, opened_at, version, state, outcome, owner, owner_kind,
                         assigned_version, topic, neighbourhood, closed_at)
            WHERE case_fact.case_id = new.case_id
            """,
            *_arrays(changed),
        )


async def add_to_cells(connection: Connection, moves: Mapping[Cell, int]) -> None:
    """Move cases between cells."""
    await _add(connection, "case_cell", "cases", Cell._fields, moves)


async def add_contacts(connection: Connection, counts: Mapping[ContactCell, int]) -> None:
    """Count contacts."""
    await _add(connection, "contact_cell", "contacts", ContactCell._fields, counts)


async def add_surveys(connection: Connection, counts: Mapping[SurveyCell, int]) -> None:
    """Count answers to surveys."""
    await _add(connection, "survey_cell", "answers", SurveyCell._fields, counts)


async def add_notices(connection: Connection, counts: Mapping[NoticeCell, int]) -> None:
    """Count statuses that replies reached."""
    await _add(connection, "notice_cell", "notices", NoticeCell._fields, counts)


async def _add(
    connection: Connection, table: str, counted: str, axes: tuple[str, ...], counts: Mapping[Any, int]
) -> None:
    """Add to the cells of a table, whose first axis is a day; sorted, so that replicas cannot block each other."""
    rows = sorted(counts.items())
    arrays = ", ".join(f"${number}::{'date' if number == 1 else 'text'}[]" for number in range(1, len(axes) + 1))
    names = ", ".join(axes)
    await connection.execute(
        f"""
        INSERT INTO {table} ({names}, {counted})
        SELECT * FROM unnest({arrays}, ${len(axes) + 1}::int[])
        ON CONFLICT ({names})
        DO UPDATE SET {counted} = {table}.{counted} + EXCLUDED.{counted}
        """,  # noqa: S608 - names of our own, above
        *([cell[at] for cell, _ in rows] for at in range(len(axes))),
        [count for _, count in rows],
    )


async def bulletin_facts(
    pool: asyncpg.Pool, first: date | None, last: date | None
) -> list[tuple[dict[str, str | None], int]]:
    """The cases opened between two days (None: open-ended), as the bulletin asks about them."""
    rows = await pool.fetch(
        """
        SELECT channel, owner, owner_kind, neighbourhood, state, outcome, sum(cases)::int AS cases
        FROM case_cell
        WHERE day BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
        GROUP BY channel, owner, owner_kind, neighbourhood, state, outcome
        HAVING sum(cases) <> 0
        """,
        first,
        last,
    )
    return [
        ({name: value or None for name, value in dict(row).items() if name != "cases"}, row["cases"]) for row in rows
    ]


async def totals(pool: asyncpg.Pool, axis: str, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """Cases per value of one axis of the cells, with how many of them are closed."""
    if axis not in Cell._fields:
        raise ValueError(f"no axis is called {axis}: {', '.join(Cell._fields)}")
    rows = await pool.fetch(
        f"""
        SELECT {axis} AS value, sum(cases)::int AS cases,
               coalesce(sum(cases) FILTER (WHERE state = 'closed'), 0)::int AS closed
        FROM case_cell
        WHERE day BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
        GROUP BY 1
        HAVING sum(cases) <> 0
        ORDER BY 2 DESC, 1
        """,  # noqa: S608 - the axis is one of the names above
        first,
        last,
    )
    return [dict(row) for row in rows]


async def contacts(pool: asyncpg.Pool, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """Contacts by channel, purpose and effect."""
    rows = await pool.fetch(
        """
        SELECT channel, purpose, effect, sum(contacts)::int AS contacts
        FROM contact_cell
        WHERE day BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
        GROUP BY 1, 2, 3
        ORDER BY 4 DESC
        """,
        first,
        last,
    )
    return [dict(row) for row in rows]


async def surveys(pool: asyncpg.Pool, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """What citizens answered between two days when asked whether their case is solved, by who had it."""
    rows = await pool.fetch(
        """
        SELECT owner, coalesce(sum(answers) FILTER (WHERE solved = 'yes'), 0)::int AS solved,
               coalesce(sum(answers) FILTER (WHERE solved = 'no'), 0)::int AS not_solved
        FROM survey_cell
        WHERE day BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
        GROUP BY 1
        ORDER BY 1
        """,
        first,
        last,
    )
    return [dict(row) for row in rows]


async def notices(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """How often replies reached each status, by channel."""
    rows = await pool.fetch(
        "SELECT channel, status, sum(notices)::int AS notices FROM notice_cell GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [dict(row) for row in rows]


async def complete_up_to(pool: asyncpg.Pool) -> dict[str, Any]:
    """When the last event was counted."""
    return {"last_at": await pool.fetchval("SELECT max(written_at) FROM event_log")}


def _arrays(facts: Sequence[CaseFact]) -> list[list[Any]]:
    return [[getattr(fact, name) for fact in facts] for name in _COLUMNS]
