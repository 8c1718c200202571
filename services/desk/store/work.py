"""The items of the work list and their stories."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.desk.domain import Item, State, Step, StepKind
from shared.contracts import CaseKind, CaseNumber, OwnerKind, Place, Proposal, SimilarCase, Why
from shared.database import Connection

_PROPOSALS: Final = TypeAdapter(tuple[Proposal, ...])
_SIMILAR: Final = TypeAdapter(tuple[SimilarCase, ...])
_REASONS: Final = TypeAdapter(tuple[str, ...])
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LEAST: Final = UUID(int=0)


async def add_items(connection: Connection, items: Sequence[Item]) -> set[UUID]:
    """Write items that are not here yet; returns which ones were new."""
    rows = await connection.fetch(
        """
        INSERT INTO work_item (assignment_id, case_id, number, owner, owner_kind, lane, topic, text, place,
                               neighbourhood, language, opened_at, offered_at, due_at, returns, returned_because,
                               proposals, reasons, attachments, trace_id, kind, urgency, hides_identity, secondary,
                               similar_cases, why, incident_id, reports, returned_by, rank, version, legal_due_at,
                               reopened, reopened_because, follows, state, questions)
        SELECT assignment_id, case_id, number, owner, owner_kind, lane, topic, text, place, neighbourhood, language,
               opened_at, offered_at, due_at, returns, returned_because, proposals,
               ARRAY(SELECT json_array_elements_text(reasons)), attachments, trace_id, kind, urgency, hides_identity,
               secondary, similar_cases, why, incident_id, reports, returned_by, rank, version, legal_due_at,
               reopened, reopened_because, follows, 'waiting', 0
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                    $9::json[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
                    $15::int[], $16::text[], $17::json[], $18::json[], $19::int[], $20::text[], $21::text[],
                    $22::text[], $23::bool[], $24::json[], $25::json[], $26::json[], $27::uuid[], $28::int[],
                    $29::text[], $30::int[], $31::int[], $32::timestamptz[], $33::int[], $34::text[], $35::json[])
             AS offered (assignment_id, case_id, number, owner, owner_kind, lane, topic, text, place, neighbourhood,
                         language, opened_at, offered_at, due_at, returns, returned_because, proposals, reasons,
                         attachments, trace_id, kind, urgency, hides_identity, secondary, similar_cases, why,
                         incident_id, reports, returned_by, rank, version, legal_due_at, reopened, reopened_because,
                         follows)
        ON CONFLICT (assignment_id) DO NOTHING
        RETURNING assignment_id
        """,
        [item.assignment_id for item in items],
        [item.case_id for item in items],
        [item.number for item in items],
        [item.owner for item in items],
        [item.owner_kind for item in items],
        [item.lane for item in items],
        [item.topic for item in items],
        [item.text for item in items],
        [item.place.model_dump_json(exclude_none=True) for item in items],
        [item.neighbourhood for item in items],
        [item.language for item in items],
        [item.opened_at for item in items],
        [item.offered_at for item in items],
        [item.due_at for item in items],
        [item.returns for item in items],
        [item.returned_because for item in items],
        [_PROPOSALS.dump_json(item.proposals).decode() for item in items],
        [_REASONS.dump_json(item.reasons).decode() for item in items],
        [item.attachments for item in items],
        [item.trace_id for item in items],
        [item.kind for item in items],
        [item.urgency for item in items],
        [item.hides_identity for item in items],
        [_PROPOSALS.dump_json(item.secondary).decode() for item in items],
        [_SIMILAR.dump_json(item.similar).decode() for item in items],
        [item.why.model_dump_json(exclude_none=True) if item.why else None for item in items],
        [item.incident_id for item in items],
        [item.reports for item in items],
        [item.returned_by for item in items],
        [item.rank for item in items],
        [item.version for item in items],
        [item.legal_due_at for item in items],
        [item.reopened for item in items],
        [item.reopened_because for item in items],
        [item.follows.model_dump_json() if item.follows else None for item in items],
    )
    return {row["assignment_id"] for row in rows}


async def lock_items(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Item]:
    """The items as they stand, locked in one order so that replicas cannot block each other for good."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM work_item
        WHERE assignment_id = ANY($1)
        ORDER BY assignment_id
        FOR UPDATE
        """,
        list(ids),
    )
    return {row["assignment_id"]: _item(row) for row in rows}


async def save_items(connection: Connection, items: Sequence[Item]) -> None:
    """Write items that moved, each as its next revision."""
    await connection.execute(
        """
        UPDATE work_item
        SET state = moved.state, taken_by = moved.taken_by, question = moved.question, questions = moved.questions,
            done_at = moved.done_at, ending_id = moved.ending_id, place = moved.place,
            incident_id = moved.incident_id, reports = moved.reports, held_until = moved.held_until,
            due_at = moved.due_at,
            revision = revision + 1, is_indexed = false
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::uuid[],
                    $8::json[], $9::uuid[], $10::int[], $11::timestamptz[], $12::timestamptz[])
             AS moved (assignment_id, state, taken_by, question, questions, done_at, ending_id, place, incident_id,
                       reports, held_until, due_at)
        WHERE work_item.assignment_id = moved.assignment_id
        """,
        [item.assignment_id for item in items],
        [item.state for item in items],
        [item.taken_by for item in items],
        [item.question for item in items],
        [item.questions for item in items],
        [item.done_at for item in items],
        [item.ending_id for item in items],
        [item.place.model_dump_json(exclude_none=True) for item in items],
        [item.incident_id for item in items],
        [item.reports for item in items],
        [item.held_until for item in items],
        [item.due_at for item in items],
    )


async def lock_lapsed(connection: Connection, now: datetime, limit: int) -> list[Item]:
    """Items whose claim ran out, longest first, locked; what somebody is at just now is left to them."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM work_item
        WHERE state = 'taken' AND question IS NULL AND held_until <= $1
        ORDER BY held_until
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        now,
        limit,
    )
    return [_item(row) for row in rows]


async def add_steps(connection: Connection, steps: Sequence[Step]) -> None:
    """Append to the stories of items; the same again changes nothing."""
    await connection.execute(
        """
        INSERT INTO work_step (id, assignment_id, at, kind, by_whom, detail, text)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[])
        ON CONFLICT DO NOTHING
        """,
        [step.id for step in steps],
        [step.assignment_id for step in steps],
        [step.at for step in steps],
        [step.kind for step in steps],
        [step.by_whom for step in steps],
        [step.detail for step in steps],
        [step.text for step in steps],
    )


async def oldest(pool: asyncpg.Pool, owner: str, limit: int, after: Item | None) -> list[Item]:
    """Open items of an owner, the gravest first, then the oldest; `after`: those behind this item, done or not."""
    rows = await pool.fetch(
        """
        SELECT *
        FROM work_item
        WHERE owner = $1
          AND state <> 'done'
          AND (rank, opened_at, assignment_id) > ($3::int, $4::timestamptz, $5::uuid)
        ORDER BY rank, opened_at, assignment_id
        LIMIT $2
        """,
        owner,
        limit,
        after.rank if after else -1,
        after.opened_at if after else _FIRST,
        after.assignment_id if after else _LEAST,
    )
    return [_item(row) for row in rows]


async def find(pool: asyncpg.Pool, assignment_id: UUID) -> Item | None:
    """One item as it stands."""
    row = await pool.fetchrow("SELECT * FROM work_item WHERE assignment_id = $1", assignment_id)
    return _item(row) if row else None


async def in_order(pool: asyncpg.Pool, ids: Sequence[UUID]) -> list[Item]:
    """These items as they stand, in this order."""
    rows = await pool.fetch("SELECT * FROM work_item WHERE assignment_id = ANY($1)", ids)
    items = {row["assignment_id"]: _item(row) for row in rows}
    return [items[assignment_id] for assignment_id in ids if assignment_id in items]


async def of_case(pool: asyncpg.Pool, case_id: UUID) -> list[Item]:
    """Every item of a case that was ever here, in order."""
    rows = await pool.fetch("SELECT * FROM work_item WHERE case_id = $1 ORDER BY offered_at, assignment_id", case_id)
    return [_item(row) for row in rows]


async def steps(pool: asyncpg.Pool, ids: Collection[UUID]) -> list[Step]:
    """The stories of some items, in order of time."""
    rows = await pool.fetch(
        """
        SELECT id, assignment_id, at, kind, by_whom, detail, text
        FROM work_step
        WHERE assignment_id = ANY($1)
        ORDER BY at, id
        """,
        list(ids),
    )
    return [Step(**{**dict(row), "kind": StepKind(row["kind"])}) for row in rows]


def _item(row: asyncpg.Record) -> Item:
    return Item(
        **{
            **{name: row[name] for name in Item.__slots__ if name != "similar"},
            "owner_kind": OwnerKind(row["owner_kind"]),
            "kind": CaseKind(row["kind"]) if row["kind"] else None,
            "secondary": _PROPOSALS.validate_json(row["secondary"]),
            "similar": _SIMILAR.validate_json(row["similar_cases"]),
            "why": Why.model_validate_json(row["why"]) if row["why"] else None,
            "place": Place.model_validate_json(row["place"]),
            "follows": CaseNumber.model_validate_json(row["follows"]) if row["follows"] else None,
            "proposals": _PROPOSALS.validate_json(row["proposals"]),
            "reasons": tuple(row["reasons"]),
            "state": State(row["state"]),
        }
    )
