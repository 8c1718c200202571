"""The router's memory of where which problem was told of: written with every case, asked by the next ones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.router.domain.incidents import CANDIDATES_PER_KEY_MAX, Index, Sighting, Spot, keys, search_keys
from shared.database import Connection
from shared.municipality import Reach

# Which of PostgreSQL's advisory locks are those of groups of topics; any number no other lock of ours has.
_LOCK_CLASS: Final = 31_401


@dataclass(frozen=True, slots=True)
class Known:
    """A case that may be the same problem. `closed_at` is None while it is open, `head_id` while it leads."""

    sighting: Sighting
    number: str
    owner: str
    head_id: UUID | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report whose like is looked for."""

    sighting: Sighting
    reach: Reach


async def lock_groups(connection: Connection, groups: Collection[str]) -> None:
    """Let no other router gather reports of these groups before this transaction ends.

    Two routers that open reports of one problem at once would not see each other's, and make two incidents of it.
    Taken in one order, so that two routers never wait for each other.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1, hashtext(name)) FROM unnest($2::text[]) AS name", _LOCK_CLASS, sorted(groups)
    )


async def near(connection: Connection, reports: Sequence[Wanted]) -> tuple[Index, dict[UUID, Known]]:
    """The latest cases under the keys of these reports, and what is known of them and of those that lead them."""
    since: dict[int, datetime] = {}
    for report in reports:
        earliest = report.sighting.at - timedelta(hours=report.reach.window_hours)
        for key in search_keys(report.sighting, report.reach):
            since[key] = min(earliest, since.get(key, earliest))
    found = await connection.fetch(
        """
        SELECT wanted.key, latest.case_id
        FROM unnest($1::bigint[], $2::timestamptz[]) AS wanted (key, since)
        CROSS JOIN LATERAL (
            SELECT case_id, opened_at
            FROM case_key
            WHERE case_key.key = wanted.key AND case_key.opened_at >= wanted.since
            ORDER BY case_key.opened_at DESC
            LIMIT $3
        ) AS latest
        ORDER BY latest.opened_at
        """,
        list(since),
        list(since.values()),
        CANDIDATES_PER_KEY_MAX,
    )
    known = await _known(connection, {row["case_id"] for row in found})
    index = Index()
    for row in found:
        index.put(row["key"], known[row["case_id"]].sighting)
    return index, known


async def tellers(connection: Connection, heads: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Who told of each of these incidents, a case each: the person, or the case where nobody knows whose it is."""
    rows = await connection.fetch(
        """
        SELECT coalesce(head_id, id) AS head_id, coalesce(person_id, id) AS teller
        FROM case_record
        WHERE id = ANY($1) OR head_id = ANY($1)
        """,
        list(heads),
    )
    found: dict[UUID, list[UUID]] = {head: [] for head in heads}
    for row in rows:
        found.setdefault(row["head_id"], []).append(row["teller"])
    return found


async def remember(connection: Connection, reports: Sequence[Wanted]) -> None:
    """Write what later reports are compared with."""
    sightings = [report.sighting for report in reports]
    await connection.execute(
        """
        INSERT INTO case_sighting (case_id, topic_group, topic, opened_at, latitude, longitude, neighbourhood, street,
                                   door, landmark, stems)
        SELECT case_id, topic_group, topic, opened_at, latitude, longitude, neighbourhood, street, door, landmark,
               ARRAY(SELECT json_array_elements_text(stems)::int)
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::float8[], $6::float8[], $7::text[],
                    $8::text[], $9::text[], $10::text[], $11::json[])
             AS seen (case_id, topic_group, topic, opened_at, latitude, longitude, neighbourhood, street, door,
                      landmark, stems)
        """,
        [sighting.id for sighting in sightings],
        [sighting.group for sighting in sightings],
        [sighting.topic for sighting in sightings],
        [sighting.at for sighting in sightings],
        [sighting.spot.latitude for sighting in sightings],
        [sighting.spot.longitude for sighting in sightings],
        [sighting.spot.neighbourhood for sighting in sightings],
        [sighting.spot.street for sighting in sightings],
        [sighting.spot.door for sighting in sightings],
        [sighting.spot.landmark for sighting in sightings],
        [str(sorted(sighting.signature)) for sighting in sightings],
    )
    rows = [(key, report.sighting) for report in reports for key in keys(report.sighting, report.reach)]
    await connection.execute(
        """
        INSERT INTO case_key (key, opened_at, case_id)
        SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[])
        """,
        [key for key, _ in rows],
        [sighting.at for _, sighting in rows],
        [sighting.id for _, sighting in rows],
    )


async def close(connection: Connection, closed: Mapping[UUID, datetime | None]) -> None:
    """Note when cases were closed: from then on nothing joins them. None: a case is open again."""
    await connection.execute(
        """
        UPDATE case_sighting SET closed_at = closed.at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS closed (case_id, at)
        WHERE case_sighting.case_id = closed.case_id
        """,
        list(closed),
        list(closed.values()),
    )


async def _known(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Known]:
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT id FROM case_record WHERE id = ANY($1)
            UNION
            SELECT head_id FROM case_record WHERE id = ANY($1) AND head_id IS NOT NULL
        )
        SELECT case_sighting.*, case_record.number, case_record.owner, case_record.head_id
        FROM found
        JOIN case_record USING (id)
        JOIN case_sighting ON case_sighting.case_id = found.id
        ORDER BY case_record.head_id NULLS FIRST
        """,
        list(ids),
    )
    known: dict[UUID, Known] = {}
    for row in rows:
        head = known.get(row["head_id"])
        sighting = _sighting(row, head.sighting if head else None)
        known[row["case_id"]] = Known(sighting, row["number"], row["owner"], row["head_id"], row["closed_at"])
    return known


def _sighting(row: asyncpg.Record, head: Sighting | None) -> Sighting:
    return Sighting(
        id=row["case_id"],
        at=row["opened_at"],
        group=row["topic_group"],
        topic=row["topic"],
        spot=Spot(**{name: row[name] for name in Spot.__slots__}),
        signature=frozenset(row["stems"]),
        head=head,
    )
