"""The work list: pages of open items and how much there is, each question one range of one index for owner and rank."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain import COUNT_MAX, RANKS, TEXT_LETTERS, Counts, Due, Item, Listed, State, Wanted, Whose
from shared.contracts import CaseKind, Place

_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)  # how an item without due time is ordered
_LEAST: Final = UUID(int=0)
_DUE: Final = "coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)"  # as the indexes write it


async def page(pool: asyncpg.Pool, wanted: Wanted, urgent: int, limit: int, after: Item | None) -> list[UUID]:
    """The first open items of these, the gravest first, then the soonest due; `after`: those behind this item.

    `urgent`: how many ranks are urgent.
    """
    values: list[object] = []
    statement = page_statement(wanted, urgent, limit, after, values)
    return [row["assignment_id"] for row in await pool.fetch(statement, *values)]


def page_statement(wanted: Wanted, urgent: int, limit: int, after: Item | None, values: list[object]) -> str:
    """The question of `page`; its values are appended to `values`."""
    starts = list(_starts(urgent if wanted.is_urgent else RANKS, after))
    values += [list(wanted.owners), *([start[at] for start in starts] for at in range(4)), limit]
    return f"""
        SELECT found.assignment_id
        FROM unnest($1::text[]) AS asked (owner),
             unnest($2::int[], $3::timestamptz[], $4::timestamptz[], $5::uuid[])
                 AS level (rank, due, opened_at, assignment_id),
             LATERAL (
                 SELECT rank, {_DUE} AS due, opened_at, assignment_id
                 FROM work_item
                 WHERE work_item.owner = asked.owner
                   AND work_item.rank = level.rank
                   AND state <> 'done'
                   AND ({_DUE}, work_item.opened_at, work_item.assignment_id)
                       > (level.due, level.opened_at, level.assignment_id)
                   {_conditions(wanted, values)}
                 ORDER BY {_DUE}, work_item.opened_at, work_item.assignment_id
                 LIMIT $6
             ) AS found
        ORDER BY found.rank, found.due, found.opened_at, found.assignment_id
        LIMIT $6
        """  # noqa: S608 - conditions of our own, below


def _starts(ranks: int, after: Item | None) -> Iterable[tuple[int, datetime, datetime, UUID]]:
    """Behind what each rank begins: the ranks before `after` are over, its own goes on behind it."""
    for rank in range(after.rank if after else 0, ranks):
        if after and rank == after.rank:
            yield rank, after.due_at or _NEVER, after.opened_at, after.assignment_id
        else:
            yield rank, _FIRST, _FIRST, _LEAST


def _conditions(wanted: Wanted, values: list[object]) -> str:
    """What the filters add to the question; their values are appended to `values`."""

    def value(of: object) -> str:
        values.append(of)
        return f"${len(values)}"

    told = []
    if wanted.whose is Whose.MINE:
        told.append(f"state = 'taken' AND taken_by = {value(wanted.by)}")
    if wanted.whose is Whose.FREE:
        told.append(f"(state = 'waiting' OR (question IS NULL AND held_until <= {value(wanted.now)}::timestamptz))")
    if wanted.due is Due.LATE:
        told.append(f"{_DUE} < {value(wanted.now)}::timestamptz AND question IS NULL")
    if wanted.due is Due.TODAY:
        told.append(f"{_DUE} >= {value(wanted.now)}::timestamptz AND {_DUE} < {value(wanted.day_ends)}::timestamptz")
    if wanted.is_returned:
        told.append("returns > 0")
    if wanted.is_asked:
        told.append("question IS NOT NULL")
    for column in ("neighbourhood", "topic", "kind"):
        if (code := getattr(wanted, column)) is not None:
            told.append(f"{column} = {value(code)}")
    return " ".join(f"AND {condition}" for condition in told)


async def listed(pool: asyncpg.Pool, ids: Sequence[UUID]) -> list[Listed]:
    """These items as the list shows them, in this order."""
    rows = await pool.fetch(
        """
        SELECT work_item.assignment_id, number, owner, lane, topic, left(text, $2) AS text, place, neighbourhood,
               language, opened_at, due_at, returns, kind, urgency, hides_identity, reports, state, taken_by,
               held_until, question, revision
        FROM unnest($1::uuid[]) WITH ORDINALITY AS page (assignment_id, at)
        JOIN work_item ON work_item.assignment_id = page.assignment_id
        ORDER BY page.at
        """,
        ids,
        TEXT_LETTERS,
    )
    return [_listed(row) for row in rows]


async def revisions(pool: asyncpg.Pool, ids: Collection[UUID]) -> dict[UUID, int]:
    """As which revision these items stand."""
    rows = await pool.fetch("SELECT assignment_id, revision FROM work_item WHERE assignment_id = ANY($1)", list(ids))
    return {row["assignment_id"]: row["revision"] for row in rows}


async def counts(pool: asyncpg.Pool, wanted: Wanted, urgent: int) -> Counts:
    """How much open work the owners have, whatever else is wanted."""
    (row,) = await pool.fetch(COUNTS, *counts_values(wanted, urgent))
    return Counts(**dict(row))


def counts_values(wanted: Wanted, urgent: int) -> list[object]:
    """The values of `COUNTS`."""
    return [list(wanted.owners), RANKS, urgent, wanted.by, wanted.now, wanted.day_ends, COUNT_MAX + 1]


_OWNERS: Final = "unnest($1::text[]) AS asked (owner)"
_RANKED: Final = f"{_OWNERS}, generate_series(0, $2::int - 1) AS level (rank)"
_OF: Final = "work_item WHERE work_item.owner = asked.owner AND state <> 'done'"
_OF_RANK: Final = f"{_OF} AND work_item.rank = level.rank"


def _count(owners: str, items: str) -> str:
    """The limit within keeps the planner at one range of an index after the other."""
    each = f"LATERAL (SELECT FROM {items} LIMIT $7) AS one"
    return f"(SELECT count(*)::int FROM (SELECT FROM {owners}, {each} LIMIT $7) AS counted)"  # noqa: S608


COUNTS: Final = f"""
    SELECT {_count(_OWNERS, _OF)} AS open,
           {_count(_OWNERS, f"{_OF} AND rank < $3::int")} AS urgent,
           {_count(_RANKED, f"{_OF_RANK} AND {_DUE} < $5::timestamptz AND question IS NULL")} AS late,
           {_count(_RANKED, f"{_OF_RANK} AND {_DUE} >= $5::timestamptz AND {_DUE} < $6::timestamptz")} AS today,
           {_count(_OWNERS, f"{_OF} AND state = 'taken' AND taken_by = $4::text")} AS mine,
           {_count(_OWNERS, f"{_OF} AND returns > 0")} AS returned,
           {_count(_OWNERS, f"{_OF} AND question IS NOT NULL")} AS asked
    """


async def open_counts(pool: asyncpg.Pool, owners: Sequence[str]) -> dict[str, int]:
    """How much open work each of these owners has, counted up to one more than `COUNT_MAX`."""
    rows = await pool.fetch(OPEN_COUNTS, list(owners), COUNT_MAX + 1)
    return {row["owner"]: row["open"] for row in rows}


OPEN_COUNTS: Final = """
    SELECT asked.owner, counted.open
    FROM unnest($1::text[]) AS asked (owner),
         LATERAL (
             SELECT count(*)::int AS open
             FROM (SELECT FROM work_item WHERE work_item.owner = asked.owner AND state <> 'done' LIMIT $2) AS one
         ) AS counted
    """


def _listed(row: asyncpg.Record) -> Listed:
    return Listed(
        **{
            **dict(row),
            "place": Place.model_validate_json(row["place"]),
            "kind": CaseKind(row["kind"]) if row["kind"] else None,
            "state": State(row["state"]),
        }
    )
