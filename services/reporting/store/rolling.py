"""Rolling up: moves become sums that are kept ready, in one transaction, so that no question sees half of it."""

from typing import Final

import asyncpg

from services.reporting.domain.asking import Clock
from services.reporting.domain.rollups import AXES, BULLETIN_AXES, KEPT, Grain, Kept
from services.reporting.store.moves import MEASURES
from shared.database import Connection

# So many take some seconds, well within what a statement may take.
MOVES_MAX: Final = 10_000
BINS: Final = {Clock.ANSWER: "answer_bin", Clock.CLOSING: "closing_bin"}
_TEXT: Final = {axis: "hour::text" if axis == "hour" else axis.value for axis in AXES}
_SUMS: Final = ", ".join(f"sum({name})::int AS {name}" for name in MEASURES)
_NAMES: Final = ", ".join(MEASURES)
_BULLETIN: Final = ", ".join(BULLETIN_AXES)


async def roll(pool: asyncpg.Pool, moves_max: int = MOVES_MAX) -> int | None:
    """Roll up the oldest moves; how many they were, None: another replica is at it. Safe to call at any moment."""
    async with pool.acquire() as connection, connection.transaction():
        return await roll_within(connection, moves_max)


async def roll_within(connection: Connection, moves_max: int = MOVES_MAX) -> int | None:
    """The same within the caller's transaction, in the schema its search path names."""
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('roll ' || current_schema()))"):
        return None
    await connection.execute("SET LOCAL work_mem = '64MB'")
    return int(await connection.fetchval(_ROLL, moves_max))


def _explode(sets: tuple[Kept, ...]) -> str:
    """A row of values for each set of axes: its key, and the case's values along it."""
    return ", ".join(
        f"({kept.key}, {', '.join((*(_TEXT[axis] for axis in kept.axes), chr(39) * 2, chr(39) * 2)[:2])})"
        for kept in sets
    )


def _longer(grain: Grain, table: str, keys: str, sums: str) -> str:
    name = grain.name.lower()
    return f"""
        SELECT {grain.value} AS grain, date_trunc('{name}', start)::date AS start, {keys}, {sums}
        FROM {table}
        GROUP BY date_trunc('{name}', start), {keys}"""  # noqa: S608


_NOT_BY_DAY: Final = ", ".join(str(kept.key) for kept in KEPT if not kept.by_day)
_TIMED: Final = " UNION ALL ".join(
    f"SELECT '{clock}' AS clock, {column} AS bin, * FROM taken WHERE {column} IS NOT NULL"  # noqa: S608
    for clock, column in BINS.items()
)


def _timed(start: str, sets: tuple[Kept, ...]) -> str:
    return f"""
        SELECT {start} AS start, axes, a, b, clock, bin, sum(cases)::int AS cases
        FROM ({_TIMED}) AS timed CROSS JOIN LATERAL (VALUES {_explode(sets)}) AS kept (axes, a, b)
        GROUP BY 1, 2, 3, 4, 5, 6
        HAVING sum(cases) <> 0"""  # noqa: S608


# Moves are exploded once, into days; months are sums of these days, and years of these months.
_ROLL: Final = f"""
    WITH taken AS (
        DELETE FROM case_move
        WHERE id IN (SELECT id FROM case_move ORDER BY id LIMIT $1)
        RETURNING *
    ), days AS MATERIALIZED (
        SELECT day AS start, axes, a, b, {_SUMS}
        FROM taken CROSS JOIN LATERAL (VALUES {_explode(KEPT)}) AS kept (axes, a, b)
        GROUP BY day, axes, a, b
        HAVING ROW({", ".join(f"sum({name})" for name in MEASURES)})
               <> ROW({", ".join("0" for _ in MEASURES)})
    ), months AS MATERIALIZED ({_longer(Grain.MONTH, "days", "axes, a, b", _SUMS)}
    ), sums AS (
        INSERT INTO case_rollup (grain, start, axes, a, b, {_NAMES})
        SELECT {Grain.DAY.value}, start, axes, a, b, {_NAMES} FROM days WHERE axes NOT IN ({_NOT_BY_DAY})
        UNION ALL
        SELECT * FROM months
        UNION ALL {_longer(Grain.YEAR, "months", "axes, a, b", _SUMS)}
        ON CONFLICT (axes, grain, start, a, b) DO UPDATE
        SET {", ".join(f"{name} = case_rollup.{name} + EXCLUDED.{name}" for name in MEASURES)}
    ), timed_by_day AS ({_timed("day", tuple(kept for kept in KEPT if kept.has_durations_by_day))}
    ), timed AS MATERIALIZED ({
    _timed("date_trunc('month', day)::date", tuple(kept for kept in KEPT if kept.has_durations))
}
    ), bins AS (
        INSERT INTO case_bin (grain, start, axes, a, b, clock, bins, counts)
        SELECT grain, start, axes, a, b, clock, array_agg(bin ORDER BY bin), array_agg(cases ORDER BY bin)
        FROM (
            SELECT {Grain.DAY.value} AS grain, * FROM timed_by_day
            UNION ALL
            SELECT {Grain.MONTH.value}, * FROM timed
            UNION ALL {_longer(Grain.YEAR, "timed", "axes, a, b, clock, bin", "sum(cases)::int AS cases")}
        ) AS timed
        GROUP BY grain, start, axes, a, b, clock
        ON CONFLICT (axes, clock, grain, start, a, b) DO UPDATE SET (bins, counts) = (
            SELECT coalesce(array_agg(bin ORDER BY bin), '{{}}'), coalesce(array_agg(cases ORDER BY bin), '{{}}')
            FROM (
                SELECT bin, sum(cases)::int AS cases
                FROM unnest(case_bin.bins || EXCLUDED.bins, case_bin.counts || EXCLUDED.counts) AS all_bins (bin, cases)
                GROUP BY bin
                HAVING sum(cases) <> 0
            ) AS added
        )
    ), printed AS MATERIALIZED (
        SELECT day AS start, {_BULLETIN}, sum(cases)::int AS cases
        FROM taken
        GROUP BY day, {_BULLETIN}
        HAVING sum(cases) <> 0
    ), cells AS (
        INSERT INTO case_cell (grain, start, {_BULLETIN}, cases)
        SELECT {Grain.DAY.value}, * FROM printed
        UNION ALL {_longer(Grain.MONTH, "printed", _BULLETIN, "sum(cases)::int AS cases")}
        UNION ALL {_longer(Grain.YEAR, "printed", _BULLETIN, "sum(cases)::int AS cases")}
        ON CONFLICT (grain, start, {_BULLETIN}) DO UPDATE SET cases = case_cell.cases + EXCLUDED.cases
    )
    SELECT count(*) FROM taken
    """  # noqa: S608 - names of our own
