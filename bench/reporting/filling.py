"""Fills reporting's tables with invented cases, and lets the services' own statement roll them up."""

from datetime import date
from typing import Final

import asyncpg

from services.reporting.domain.asking import Clock
from services.reporting.store import recount
from services.reporting.store.asked import ENDS
from services.reporting.store.moves import MEASURES
from services.reporting.store.rolling import BINS, roll
from shared.contracts import Channel
from shared.municipality import Municipality

FIRST_DAY: Final = date(2023, 1, 1)
DAYS: Final = 1096  # three years
PIECE: Final = 500_000  # cases written, and moves rolled up, at a time
_AXES: Final = (
    *("day", "hour", "channel", "owner", "owner_kind", "neighbourhood", "topic", "kind", "urgency", "state"),
    *("outcome", "source"),
)


async def fill(database_url: str, place: Municipality, cases: int) -> None:
    """Write `cases` cases of three years and their sums, and tell the planner; with all the time it takes."""
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=1, server_settings={"search_path": "reporting"}
    ) as pool:
        await _fill(pool, place, cases)


async def _fill(pool: asyncpg.Pool, place: Municipality, cases: int) -> None:
    await _prepare(pool)
    for begin in range(0, cases, PIECE):
        count = min(PIECE, cases - begin)
        await _facts(pool, place, begin, count)
        await _moves(pool, begin, count)
        while await roll(pool, PIECE):
            pass
    await pool.execute("ALTER TABLE case_fact DROP COLUMN bench_number")
    await pool.execute("VACUUM ANALYZE")


async def _prepare(pool: asyncpg.Pool) -> None:
    """A number of the bench's own on every case, so that pieces can be told apart."""
    await pool.execute("ALTER TABLE case_fact ADD COLUMN bench_number int")
    await pool.execute("CREATE INDEX bench_piece ON case_fact (bench_number)")


async def _facts(pool: asyncpg.Pool, place: Municipality, begin: int, count: int) -> None:
    """Owners follow from topics, as they do in a town; most cases are closed, most of them on time."""
    topics = [(topic.code, topic.owner, place.owner(topic.owner).kind) for topic in place.topics]
    await pool.execute(
        """
        INSERT INTO case_fact (case_id, number, channel, lane, opened_at, version, state, outcome, owner, owner_kind,
                               assigned_version, topic, neighbourhood, closed_at, day, hour, kind, urgency, due_at,
                               legal_due_at, answered_at, returns, reopened, duplicate, bench_number)
        SELECT gen_random_uuid(), to_char(100000000 + n, 'FM000000000'), channels[1 + floor(random() ^ 2 * 11)::int],
               CASE WHEN urgency < 2 THEN 'urgent' ELSE 'routine' END, opened_at, 4,
               CASE WHEN is_closed THEN 'closed' ELSE 'accepted' END,
               CASE WHEN NOT is_closed THEN '' WHEN n % 9 = 0 THEN 'rejected' ELSE 'solved' END,
               owners[topic], kinds_of_owners[topic], 2, topics[topic], hoods[hood],
               CASE WHEN is_closed THEN opened_at + took * interval '1 hour' END,
               (opened_at AT TIME ZONE 'Europe/Istanbul')::date,
               (extract(isodow FROM opened_at AT TIME ZONE 'Europe/Istanbul')::int - 1) * 24
                   + extract(hour FROM opened_at AT TIME ZONE 'Europe/Istanbul')::int,
               (ARRAY['request', 'complaint', 'suggestion', 'tip', 'information'])[1 + floor(random() ^ 3 * 5)::int],
               levels[1 + urgency], opened_at + interval '7 days', opened_at + interval '15 days',
               CASE WHEN n % 20 <> 0 THEN opened_at + least(took, 60) * interval '1 hour' END,
               (n % 25 = 0)::int, (n % 60 = 0)::int, n % 30 = 0, n
        FROM (SELECT n, $3::date + random() * $4::int * interval '1 day' AS opened_at,
                     1 + floor(random() ^ 2 * array_length($5::text[], 1))::int AS topic,
                     1 + floor(random() ^ 1.5 * array_length($8::text[], 1))::int AS hood,
                     floor(random() ^ 0.5 * array_length($9::text[], 1))::int AS urgency,
                     0.5 + 30 * -ln(1 - random()) * (1 + random() * 8) AS took, random() < 0.97 AS is_closed
              FROM generate_series($1::int, $2::int) AS n) AS made,
             (SELECT $5::text[] AS topics, $6::text[] AS owners, $7::text[] AS kinds_of_owners, $8::text[] AS hoods,
                     $9::text[] AS levels, $10::text[] AS channels) AS known
        """,
        begin,
        begin + count - 1,
        FIRST_DAY,
        DAYS,
        *map(list, zip(*topics, strict=True)),
        [row.code for row in place.neighbourhoods],
        [level.code for level in place.levels],
        [channel.value for channel in Channel],
    )


async def _moves(pool: asyncpg.Pool, begin: int, count: int) -> None:
    """The same moves that the service appends when it counts these cases."""
    measures = ", ".join(f"coalesce(({recount.MEASURES[name]}), false)::int" for name in MEASURES)
    bins = ", ".join(
        f"CASE WHEN {ENDS[clock]} IS NOT NULL THEN {recount.bin_of(f'({ENDS[clock]})')} END" for clock in Clock
    )
    await pool.execute(
        f"""
        INSERT INTO case_move ({", ".join(_AXES)}, {", ".join(MEASURES)}, {", ".join(BINS[clock] for clock in Clock)})
        SELECT {", ".join(_AXES)}, {measures}, {bins}
        FROM case_fact
        WHERE bench_number BETWEEN $1 AND $2
        """,  # noqa: S608 - names of our own
        begin,
        begin + count - 1,
    )
