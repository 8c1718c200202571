"""Whether the log itself is whole: what was taken is in it, nothing twice, and no step of a case is missing."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from services.reporting.domain.differences import Check, Difference
from services.reporting.proof.scratch import LIVE
from shared.database import Connection

PREFETCH_ROWS: Final = 500
TABLE: Final = f"{LIVE}.event_log"
CONSUMER: Final = "reporting"

# A case's first step is told as its contact; the router's own begin with the second. Imported cases have no steps.
_STEPS: Final = f"""
    SELECT (told ->> 'case_id')::uuid AS case_id, (told ->> 'version')::int AS version, position, written_at
    FROM {TABLE} CROSS JOIN LATERAL (SELECT convert_from(event, 'UTF8')::jsonb AS told OFFSET 0) AS read
    WHERE type LIKE 'case.%' AND type <> 'case.imported.v1'
    """  # noqa: S608 - a name of our own


async def unlike(connection: Connection, settled_before: datetime | None) -> AsyncIterator[Difference]:
    """What the log has too much or too little of, within a transaction.

    Steps of a case come in any order, so a gap counts only when nothing of the case was written since
    `settled_before`; None: nothing is under way.
    """
    for find in (_taken_and_not_logged, _logged_twice, _told_twice):
        async for difference in find(connection):
            yield difference
    async for difference in _gaps(connection, settled_before):
        yield difference


async def _taken_and_not_logged(connection: Connection) -> AsyncIterator[Difference]:
    statement = f"""
        SELECT inbox.event_id
        FROM {LIVE}.inbox
        LEFT JOIN {TABLE} AS log USING (event_id)
        WHERE inbox.consumer = '{CONSUMER}' AND log.event_id IS NULL
        """  # noqa: S608 - names of our own
    async for row in connection.cursor(statement, prefetch=PREFETCH_ROWS):
        yield Difference(Check.LOG, TABLE, {"event_id": row["event_id"]}, {"rows": 1}, None)


async def _logged_twice(connection: Connection) -> AsyncIterator[Difference]:
    statement = f"""
        SELECT event_id, array_agg(position ORDER BY position) AS positions
        FROM {TABLE}
        GROUP BY event_id
        HAVING count(*) > 1
        """  # noqa: S608 - a name of our own
    async for row in connection.cursor(statement, prefetch=PREFETCH_ROWS):
        positions = row["positions"]
        yield Difference(
            Check.LOG,
            TABLE,
            {"event_id": row["event_id"]},
            {"rows": 1},
            {"rows": len(positions), "positions": positions},
        )


async def _told_twice(connection: Connection) -> AsyncIterator[Difference]:
    statement = f"""
        SELECT case_id, version, array_agg(position ORDER BY position) AS positions
        FROM ({_STEPS}) AS step
        GROUP BY case_id, version
        HAVING count(*) > 1
        """  # noqa: S608 - a name of our own
    async for row in connection.cursor(statement, prefetch=PREFETCH_ROWS):
        found = {"rows": len(row["positions"]), "positions": row["positions"]}
        key = {"case_id": row["case_id"], "version": row["version"]}
        yield Difference(Check.LOG, TABLE, key, {"rows": 1}, found)


async def _gaps(connection: Connection, settled_before: datetime | None) -> AsyncIterator[Difference]:
    statement = f"""
        SELECT case_id, missing.version
        FROM (
            SELECT case_id, max(version) AS last, array_agg(version) AS versions
            FROM ({_STEPS}) AS step
            GROUP BY case_id
            HAVING count(DISTINCT version) < max(version) - 1
                   AND ($1::timestamptz IS NULL OR max(written_at) < $1)
        ) AS gapped, generate_series(2, gapped.last) AS missing (version)
        WHERE missing.version <> ALL (gapped.versions)
        """  # noqa: S608 - a name of our own
    async for row in connection.cursor(statement, settled_before, prefetch=PREFETCH_ROWS):
        yield Difference(Check.LOG, TABLE, {"case_id": row["case_id"], "version": row["version"]}, {"rows": 1}, None)
