"""The months that were published as open data, kept as they were published."""

import json
from collections.abc import Collection
from datetime import date
from typing import Any

import asyncpg

from services.reporting.domain.opened import Level, Line, Measure, OpenMonth


async def keep(pool: asyncpg.Pool, opened: OpenMonth) -> None:
    """Write a month down; safe to call twice: what was published first stays."""
    await pool.execute(
        """
        INSERT INTO open_month (month, drawn_on, least, lines)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        opened.month,
        opened.drawn_on,
        opened.least,
        json.dumps([[line.level, line.neighbourhood, line.topic, dict(line.counts)] for line in opened.lines]),
    )


async def published(pool: asyncpg.Pool) -> list[date]:
    """The months there are, in order."""
    return [row["month"] for row in await pool.fetch("SELECT month FROM open_month ORDER BY month")]


async def read(pool: asyncpg.Pool, months: Collection[date]) -> list[OpenMonth]:
    """These months, in order."""
    rows = await pool.fetch(
        "SELECT month, drawn_on, least, lines FROM open_month WHERE month = ANY($1) ORDER BY month", list(months)
    )
    return [OpenMonth(row["month"], row["drawn_on"], row["least"], _lines(row["lines"])) for row in rows]


def _lines(written: str) -> tuple[Line, ...]:
    found: list[tuple[str, str | None, str | None, dict[str, Any]]] = json.loads(written)
    return tuple(
        Line(Level(level), neighbourhood, topic, {Measure(name): count for name, count in counts.items()})
        for level, neighbourhood, topic, counts in found
    )
