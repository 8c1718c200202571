"""The recount: every figure by plain SQL over the facts, case by case. What the quick answers are compared with."""

from collections import defaultdict
from datetime import date
from typing import Final

import asyncpg

from services.reporting.domain import sketch
from services.reporting.domain.asking import Clock, Counts, Question, Row, Spread
from services.reporting.domain.ordering import in_order, spreads
from services.reporting.store.asked import CHOSEN, ENDS, ON_TIME, VALUES, chosen

# What is counted of a case, as `CaseFact.counts` says it.
MEASURES: Final = {
    "cases": "true",
    "closed": "state = 'closed'",
    "answered": "answered_at IS NOT NULL",
    "due": "due_at IS NOT NULL OR on_time_told IS NOT NULL",
    "on_time": ON_TIME,
    "late": f"NOT ({ON_TIME})",
    "legal_on_time": "state = 'closed' AND closed_at <= legal_due_at",
    "legal_late": "state = 'closed' AND closed_at > legal_due_at",
    "returned": "returns > 0",
    "reopened": "reopened > 0",
    "duplicates": "duplicate",
}


async def ask(pool: asyncpg.Pool, question: Question) -> list[Row]:
    """The counts, from the facts."""
    by = [VALUES[axis] for axis in question.by]
    counted = [f"count(*) FILTER (WHERE {condition})::int AS {name}" for name, condition in MEASURES.items()]
    rows = await pool.fetch(
        f"SELECT {', '.join([*by, *counted])} FROM case_fact WHERE {CHOSEN} {_grouped(len(by))}",  # noqa: S608
        *chosen(question),
    )
    return in_order(question, (Row(tuple(row)[: len(by)], Counts(*tuple(row)[len(by) :])) for row in rows))


async def spread(pool: asyncpg.Pool, question: Question, clock: Clock) -> list[Spread]:
    """The durations, from the facts."""
    columns = [*(VALUES[axis] for axis in question.by), bin_of(f"({ENDS[clock]})")]
    rows = await pool.fetch(
        f"""
        SELECT {", ".join(columns)}, count(*)::int
        FROM case_fact
        WHERE {CHOSEN} AND ({ENDS[clock]}) IS NOT NULL
        {_grouped(len(columns))}
        """,  # noqa: S608 - expressions of our own
        *chosen(question),
    )
    bins: defaultdict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for *values, key, count in rows:
        bins[tuple(values)][key] = count
    return spreads(question, bins)


def bin_of(end: str) -> str:
    """`sketch.bin_of` of a fact in SQL."""
    seconds = f"floor(date_part('epoch', {end} - opened_at))"
    return (
        f"CASE WHEN {seconds} < 1 THEN {sketch.NO_TIME}"
        f" ELSE ceil(ln({seconds}) / ln({sketch.GAMMA!r}::float8))::int END"
    )


async def bulletin_facts(
    pool: asyncpg.Pool, first: date | None, last: date | None
) -> list[tuple[dict[str, str | None], int]]:
    """The cases opened between two days (None: open-ended), as the bulletin asks about them."""
    rows = await pool.fetch(
        """
        SELECT channel, owner, owner_kind, neighbourhood, state, outcome, count(*)::int AS cases
        FROM case_fact
        WHERE day BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
        GROUP BY 1, 2, 3, 4, 5, 6
        """,
        first,
        last,
    )
    return [
        ({name: value or None for name, value in dict(row).items() if name != "cases"}, row["cases"]) for row in rows
    ]


def _grouped(columns: int) -> str:
    return f"GROUP BY {', '.join(str(number) for number in range(1, columns + 1))}" if columns else ""
