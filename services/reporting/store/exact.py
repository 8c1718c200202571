"""Durations to the second, from the facts: the server sorts them, in its own bounded memory and on its disk."""

from typing import Final

import asyncpg

from services.reporting.domain.asking import Clock, ExactSpread, Question
from services.reporting.domain.ordering import exact_spreads
from services.reporting.store.asked import CHOSEN, ENDS, VALUES, chosen

HOUR_SECONDS: Final = 3600


async def spread(pool: asyncpg.Pool, question: Question, clock: Clock) -> list[ExactSpread]:
    """What was timed, in the order of `recount.spread`."""
    named = [f"{VALUES[axis]} AS by_{number}" for number, axis in enumerate(question.by)]
    groups = [f"by_{number}" for number in range(len(question.by))]
    among = f"PARTITION BY {', '.join(groups)}" if groups else ""
    rows = await pool.fetch(
        f"""
        WITH timed AS (
            SELECT {", ".join([*named, f"extract(epoch FROM ({ENDS[clock]}) - opened_at) AS seconds"])}
            FROM case_fact
            WHERE {CHOSEN} AND ({ENDS[clock]}) IS NOT NULL
        ), placed AS (
            SELECT *, row_number() OVER ({among} ORDER BY seconds) AS place, count(*) OVER ({among}) AS cases
            FROM timed
        )
        SELECT {", ".join([*groups, "cases::int"])},
               avg(seconds) FILTER (WHERE place IN ((cases + 1) / 2, cases / 2 + 1)) AS median,
               max(seconds) FILTER (WHERE place = cases * 9 / 10 + 1) AS p90,
               (count(*) FILTER (WHERE seconds < 0))::int AS below_zero
        FROM placed
        GROUP BY {", ".join([*groups, "cases"])}
        """,  # noqa: S608 - expressions of our own
        *chosen(question),
    )
    return exact_spreads(question, (_told(row, len(groups)) for row in rows))


def _told(row: asyncpg.Record, groups: int) -> ExactSpread:
    median, p90 = (float(row[name]) / HOUR_SECONDS for name in ("median", "p90"))
    return ExactSpread(tuple(row)[:groups], row["cases"], median, p90, row["below_zero"])
