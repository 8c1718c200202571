"""The tasks for people, with their addresses sealed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.desk.domain import Reached, Task
from services.desk.store.sealing import seal, unseal
from shared.contracts import Channel, Decided, Place, Proposal, TaskDecision, TaskKind
from shared.database import Connection
from shared.vault import Vault

_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LEAST: Final = UUID(int=0)
_COLUMNS: Final = """
    id, kind, source, lane, channel, account, case_id, contact_id, person_id, number,
    address_sealed IS NOT NULL AS has_address, reason, detail, text, requested_at, trace_id, place, emergency_number,
    proposals, chosen, settled_at, decision, settled_by, note
"""
_PROPOSALS: Final = TypeAdapter(tuple[Proposal, ...])
_CHOSEN: Final = TypeAdapter(tuple[Decided, ...])


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many tasks wait."""

    all: int = 0
    urgent: int = 0


async def add(connection: Connection, tasks: Sequence[tuple[Task, Reached]], vault: Vault) -> None:
    """Write tasks that are not here yet."""
    await connection.execute(
        """
        INSERT INTO task (id, kind, source, lane, channel, account, case_id, contact_id, person_id, number,
                          address_sealed, name_sealed, reason, detail, text, requested_at, trace_id, place,
                          emergency_number, proposals)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                             $8::uuid[], $9::uuid[], $10::text[], $11::bytea[], $12::bytea[], $13::text[], $14::text[],
                             $15::text[], $16::timestamptz[], $17::text[], $18::json[], $19::text[], $20::json[])
        ON CONFLICT (id) DO NOTHING
        """,
        [task.id for task, _ in tasks],
        [task.kind for task, _ in tasks],
        [task.source for task, _ in tasks],
        [task.lane for task, _ in tasks],
        [task.channel for task, _ in tasks],
        [task.account for task, _ in tasks],
        [task.case_id for task, _ in tasks],
        [task.contact_id for task, _ in tasks],
        [task.person_id for task, _ in tasks],
        [task.number for task, _ in tasks],
        [seal(vault, reached.address, task.id) for task, reached in tasks],
        [seal(vault, reached.name, task.id) for task, reached in tasks],
        [task.reason for task, _ in tasks],
        [task.detail for task, _ in tasks],
        [task.text for task, _ in tasks],
        [task.requested_at for task, _ in tasks],
        [task.trace_id for task, _ in tasks],
        [task.place.model_dump_json(exclude_none=True) for task, _ in tasks],
        [task.emergency_number for task, _ in tasks],
        [_PROPOSALS.dump_json(task.proposals).decode() for task, _ in tasks],
    )


async def waiting(pool: asyncpg.Pool, kind: TaskKind | None, limit: int, after: Task | None) -> list[Task]:
    """What waits, urgent first, oldest first; `after`: those behind this task, settled or not."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM task
        WHERE settled_at IS NULL
          AND ($1::text IS NULL OR kind = $1)
          AND ((lane = 'routine'), requested_at, id) > ($3::bool, $4::timestamptz, $5::uuid)
        ORDER BY (lane = 'routine'), requested_at, id
        LIMIT $2
        """,  # noqa: S608 - our own column names
        kind,
        limit,
        after is not None and after.lane == "routine",
        after.requested_at if after else _FIRST,
        after.id if after else _LEAST,
    )
    return [_task(row) for row in rows]


async def counts(pool: asyncpg.Pool) -> Mapping[TaskKind, Waiting]:
    """How many tasks of each kind wait."""
    rows = await pool.fetch(
        """
        SELECT kind, count(*)::int AS all, count(*) FILTER (WHERE lane = 'urgent')::int AS urgent
        FROM task
        WHERE settled_at IS NULL
        GROUP BY kind
        """
    )
    return {TaskKind(row["kind"]): Waiting(row["all"], row["urgent"]) for row in rows}


async def find(connection: asyncpg.Pool | Connection, task_id: UUID) -> Task | None:
    """One task as it stands."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM task WHERE id = $1", task_id)  # noqa: S608
    return _task(row) if row else None


async def lock(connection: Connection, task_id: UUID) -> Task | None:
    """One task as it stands, and nobody else's until the transaction ends."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM task WHERE id = $1 FOR UPDATE", task_id)  # noqa: S608
    return _task(row) if row else None


async def reached(connection: Connection, task_id: UUID, vault: Vault) -> Reached:
    """Where the person of a task is reached; whoever asks must record the look."""
    row = await connection.fetchrow("SELECT address_sealed, name_sealed FROM task WHERE id = $1", task_id)
    if row is None:
        return Reached()
    return Reached(unseal(vault, row["address_sealed"], task_id), unseal(vault, row["name_sealed"], task_id))


async def settle(connection: Connection, task: Task) -> None:
    """Write how a task was settled."""
    await connection.execute(
        "UPDATE task SET settled_at = $2, decision = $3, settled_by = $4, note = $5, chosen = $6 WHERE id = $1",
        task.id,
        task.settled_at,
        task.decision,
        task.settled_by,
        task.note,
        _CHOSEN.dump_json(task.chosen).decode(),
    )


async def items_of(pool: asyncpg.Pool, cases: Collection[UUID]) -> Mapping[UUID, UUID]:
    """The newest item of the work list for each of these cases that has one here."""
    rows = await pool.fetch(
        """
        SELECT DISTINCT ON (case_id) case_id, assignment_id
        FROM work_item
        WHERE case_id = ANY($1)
        ORDER BY case_id, offered_at DESC
        """,
        list(cases),
    )
    return {row["case_id"]: row["assignment_id"] for row in rows}


def _task(row: asyncpg.Record) -> Task:
    return Task(
        **{
            **dict(row),
            "kind": TaskKind(row["kind"]),
            "channel": Channel(row["channel"]),
            "place": Place.model_validate_json(row["place"]),
            "proposals": _PROPOSALS.validate_json(row["proposals"]),
            "chosen": _CHOSEN.validate_json(row["chosen"]),
            "decision": TaskDecision(row["decision"]) if row["decision"] else None,
        }
    )
