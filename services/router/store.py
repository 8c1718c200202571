"""The router's tables: cases as they stand, and the history they are folded from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.router.domain.life import Case
from shared.contracts import (
    CaseAssigned,
    CaseEvent,
    CaseKind,
    CaseOpened,
    CaseReopened,
    CaseState,
    Channel,
    Outcome,
    OwnerKind,
    ReopeningAsked,
)
from shared.database import Connection

_COLUMNS: Final = ", ".join(field.name for field in fields(Case))


async def add_cases(connection: Connection, cases: Sequence[Case]) -> None:
    """Write newly assigned cases."""
    await connection.execute(
        """
        INSERT INTO case_record (id, number, version, state, owner, owner_kind, assignment_id, topic, neighbourhood,
                                 lane, due_at, opened_at, contact_id, person_id, channel, account, language,
                                 trace_id, kind, urgency, head_id, outcome, changed_version)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                             $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
                             $13::uuid[], $14::uuid[], $15::text[], $16::text[], $17::text[], $18::text[],
                             $19::text[], $20::text[], $21::uuid[], $22::text[], $23::int[])
        """,
        [case.id for case in cases],
        [case.number for case in cases],
        [case.version for case in cases],
        [case.state for case in cases],
        [case.owner for case in cases],
        [case.owner_kind for case in cases],
        [case.assignment_id for case in cases],
        [case.topic for case in cases],
        [case.neighbourhood for case in cases],
        [case.lane for case in cases],
        [case.due_at for case in cases],
        [case.opened_at for case in cases],
        [case.contact_id for case in cases],
        [case.person_id for case in cases],
        [case.channel for case in cases],
        [case.account for case in cases],
        [case.language for case in cases],
        [case.trace_id for case in cases],
        [case.kind for case in cases],
        [case.urgency for case in cases],
        [case.head_id for case in cases],
        [case.outcome for case in cases],
        [case.changed_version for case in cases],
    )


async def lock_cases(connection: Connection, ids: Collection[UUID], *, followers: bool = False) -> dict[UUID, Case]:
    """The cases as they stand, locked in one order so that replicas cannot block each other for good.

    With `followers` those that belong to their incidents too. They are read after the others are locked: whoever adds
    a report holds the case that leads, so that none comes in between unseen.
    """
    cases = await _lock(connection, "id = ANY($1)", ids)
    return cases | await _lock(connection, "head_id = ANY($1)", ids) if followers and cases else cases


async def _lock(connection: Connection, which: str, ids: Collection[UUID]) -> dict[UUID, Case]:
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM case_record WHERE {which} ORDER BY id FOR UPDATE",  # noqa: S608 - one of those above
        list(ids),
    )
    return {row["id"]: _case(row) for row in rows}


async def page_of_cases(connection: Connection, after: UUID, at_most: int) -> dict[UUID, Case]:
    """The cases as they stand that come after that id, in the order of ids; not locked."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM case_record WHERE id > $1 ORDER BY id LIMIT $2",  # noqa: S608 - names of our own
        after,
        at_most,
    )
    return {UUID(int=row["id"].int): _case(row) for row in rows}


def _case(row: asyncpg.Record) -> Case:
    return Case(
        **{
            **dict(row),
            "state": CaseState(row["state"]),
            "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
            "owner_kind": OwnerKind(row["owner_kind"]),
            "channel": Channel(row["channel"]),
            "kind": CaseKind(row["kind"]) if row["kind"] else None,
        }
    )


async def save_cases(connection: Connection, cases: Sequence[Case]) -> None:
    """Write cases that moved."""
    await connection.execute(
        """
        UPDATE case_record
        SET version = moved.version, state = moved.state, outcome = moved.outcome, owner = moved.owner,
            owner_kind = moved.owner_kind, assignment_id = moved.assignment_id, topic = moved.topic,
            neighbourhood = moved.neighbourhood, due_at = moved.due_at, returns = moved.returns,
            head_id = moved.head_id, changed_version = moved.changed_version, reopened = moved.reopened,
            reopened_at = moved.reopened_at, asked_at = moved.asked_at, next_look_at = now(),
            waits_since = CASE WHEN case_record.asked_at = moved.asked_at THEN waits_since
                               WHEN moved.asked_at IS NOT NULL THEN greatest(moved.asked_at, now()) END
        FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],
                    $9::text[], $10::timestamptz[], $11::int[], $12::uuid[], $13::int[], $14::int[],
                    $15::timestamptz[], $16::timestamptz[])
             AS moved (id, version, state, outcome, owner, owner_kind, assignment_id, topic, neighbourhood, due_at,
                       returns, head_id, changed_version, reopened, reopened_at, asked_at)
        WHERE case_record.id = moved.id
        """,
        [case.id for case in cases],
        [case.version for case in cases],
        [case.state for case in cases],
        [case.outcome for case in cases],
        [case.owner for case in cases],
        [case.owner_kind for case in cases],
        [case.assignment_id for case in cases],
        [case.topic for case in cases],
        [case.neighbourhood for case in cases],
        [case.due_at for case in cases],
        [case.returns for case in cases],
        [case.head_id for case in cases],
        [case.changed_version for case in cases],
        [case.reopened for case in cases],
        [case.reopened_at for case in cases],
        [case.asked_at for case in cases],
    )


async def add_history(connection: Connection, events: Sequence[CaseEvent | CaseOpened]) -> None:
    """Append the steps of cases."""
    await connection.execute(
        """
        INSERT INTO case_history (case_id, version, type, occurred_at, event)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::bytea[])
        """,
        [event.case_id for event in events],
        [event.version for event in events],
        [event.type for event in events],
        [event.occurred_at for event in events],
        [event.model_dump_json(exclude_none=True).encode() for event in events],
    )


async def heads_of(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """The cases whose incidents these belong to."""
    rows = await connection.fetch(
        "SELECT DISTINCT head_id FROM case_record WHERE id = ANY($1) AND head_id IS NOT NULL", list(ids)
    )
    return {row["head_id"] for row in rows}


async def opened(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, CaseOpened]:
    """What the citizen said, for the next owner: the first step of each case."""
    if not ids:
        return {}
    rows = await connection.fetch(
        "SELECT case_id, event FROM case_history WHERE case_id = ANY($1) AND version = 1", list(ids)
    )
    return {row["case_id"]: CaseOpened.read(row["event"]) for row in rows}


async def reopened(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, CaseReopened]:
    """How each of these cases was reopened last."""
    if not ids:
        return {}
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (case_id) case_id, event
        FROM case_history
        WHERE case_id = ANY($1) AND type = $2
        ORDER BY case_id, version DESC
        """,
        list(ids),
        CaseReopened.type_name(),
    )
    return {row["case_id"]: CaseReopened.read(row["event"]) for row in rows}


async def assignments(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, CaseAssigned]:
    """All assignments of these cases, by their ids."""
    rows = await connection.fetch(
        "SELECT event FROM case_history WHERE case_id = ANY($1) AND type = $2", list(ids), CaseAssigned.type_name()
    )
    found = (CaseAssigned.read(row["event"]) for row in rows)
    return {fact.assignment_id: fact for fact in found}


async def first_decisions(
    connection: Connection, since: datetime, at_most: int
) -> Sequence[tuple[CaseOpened, CaseAssigned]]:
    """What was said and first decided of the cases opened since, the newest first."""
    rows = await connection.fetch(
        """
        SELECT opened.event AS opened, assigned.event AS assigned
        FROM case_history AS opened
        JOIN case_history AS assigned ON assigned.case_id = opened.case_id AND assigned.version = 2
        WHERE opened.version = 1 AND opened.occurred_at >= $1 AND assigned.type = $2
        ORDER BY opened.occurred_at DESC
        LIMIT $3
        """,
        since,
        CaseAssigned.type_name(),
        at_most,
    )
    return [(CaseOpened.read(row["opened"]), CaseAssigned.read(row["assigned"])) for row in rows]


async def ask_for_reopening(connection: Connection, asked: Mapping[UUID, ReopeningAsked]) -> None:
    """Keep what citizens said, by the task in which a person decides on it."""
    if not asked:
        return
    await connection.execute(
        """
        INSERT INTO reopening_request (task_id, case_id, asked_at, event)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bytea[])
        """,
        list(asked),
        [event.case_id for event in asked.values()],
        [event.occurred_at for event in asked.values()],
        [event.model_dump_json(exclude_none=True).encode() for event in asked.values()],
    )


async def take_reopenings(connection: Connection, tasks: Collection[UUID]) -> Mapping[UUID, ReopeningAsked]:
    """What citizens said, by task; it is forgotten here, since the first decision counts."""
    rows = await connection.fetch(
        "DELETE FROM reopening_request WHERE task_id = ANY($1) RETURNING task_id, event", list(tasks)
    )
    return {row["task_id"]: ReopeningAsked.read(row["event"]) for row in rows}


async def lock_silent(connection: Connection, asked_before: datetime, at_most: int) -> list[UUID]:
    """Cases that wait for their citizens since before then, the longest first; those another replica holds are not.

    Counted from when we were told of the question, if that was later than it was asked.
    """
    rows = await connection.fetch(
        """
        SELECT id FROM case_record
        WHERE waits_since <= $1
        ORDER BY waits_since
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        asked_before,
        at_most,
    )
    return [row["id"] for row in rows]
