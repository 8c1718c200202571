"""What is counted beside cases: contacts, replies, and what citizens say when asked."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import asyncpg

from services.reporting.domain.facts import ContactCell, SurveyCell
from shared.database import Connection


class NoticeCell(NamedTuple):
    """Where a reply's status is counted."""

    day: date
    channel: str
    event: str
    status: str


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
