"""What the watcher reads and writes: which cases to look at, their steps, what was told, whose receipts stay away."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router import store
from services.router.domain.life import Case
from services.router.domain.watch import Reached, Reminder
from shared.clocks import Step
from shared.contracts import CaseAssigned, CaseReturned, CaseState
from shared.database import Connection


@dataclass(frozen=True, slots=True)
class Life:
    """The steps of a case, and since when its present assignment is watched: since its owner was told of it."""

    steps: tuple[Step, ...]
    assigned_at: datetime


async def lock_due(connection: Connection, now: datetime, at_most: int) -> list[Case]:
    """The cases to look at now, locked; those another replica holds are passed over."""
    rows = await connection.fetch(
        """
        SELECT id
        FROM case_record
        WHERE next_look_at <= $1
        ORDER BY next_look_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        now,
        at_most,
    )
    return list((await store.lock_cases(connection, [row["id"] for row in rows])).values()) if rows else []


async def lives(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, Life]:
    """The steps of these cases. No step is taken for later than it was written: owners' clocks are not ours."""
    rows = await connection.fetch(
        """
        SELECT case_id, version, type, least(occurred_at, written_at) AS at,
               greatest(written_at, (SELECT max(watch_began.at) FROM watch_began)) AS watched_at,
               convert_from(event, 'UTF8')::json ->> 'state' AS state
        FROM case_history
        WHERE case_id = ANY($1)
        ORDER BY case_id, version
        """,
        list(ids),
    )
    steps: dict[UUID, list[Step]] = {}
    assigned: dict[UUID, datetime] = {}
    for row in rows:
        state = CaseState(row["state"]) if row["state"] else CaseState.RECEIVED
        steps.setdefault(row["case_id"], []).append(Step(row["version"], row["at"], state))
        if row["type"] == CaseAssigned.type_name():
            assigned[row["case_id"]] = row["watched_at"]
    return {case_id: Life(tuple(found), assigned.get(case_id, found[0].at)) for case_id, found in steps.items()}


async def look_again(connection: Connection, moments: Mapping[UUID, datetime | None]) -> None:
    """When each of these cases is looked at again."""
    await connection.execute(
        """
        UPDATE case_record SET next_look_at = look.at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS look (case_id, at)
        WHERE case_record.id = look.case_id
        """,
        list(moments),
        list(moments.values()),
    )


async def told(
    connection: Connection, assignments: Collection[UUID]
) -> Mapping[UUID, frozenset[tuple[str, str, datetime]]]:
    """What was told of the clocks of these assignments."""
    rows = await connection.fetch(
        "SELECT assignment_id, clock, step, due_at FROM clock_told WHERE assignment_id = ANY($1)", list(assignments)
    )
    found: dict[UUID, set[tuple[str, str, datetime]]] = {}
    for row in rows:
        found.setdefault(row["assignment_id"], set()).add((row["clock"], row["step"], row["due_at"]))
    return {assignment: frozenset(keys) for assignment, keys in found.items()}


async def note_told(connection: Connection, rows: Sequence[tuple[Case, Reached]], now: datetime) -> None:
    """These steps are told."""
    await connection.execute(
        """
        INSERT INTO clock_told (assignment_id, case_id, clock, step, due_at, told_at)
        SELECT *, $6::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
        ON CONFLICT DO NOTHING
        """,
        [case.assignment_id for case, _ in rows],
        [case.id for case, _ in rows],
        [reached.step.clock for _, reached in rows],
        [reached.step.code for _, reached in rows],
        [reached.due_at for _, reached in rows],
        now,
    )


async def lock_receipts(connection: Connection) -> None:
    """Until the transaction ends nobody else puts in again, or tells of owners; taken only when there is a need to."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('ilkim-receipts'))")


async def reminders(connection: Connection, cases: Collection[UUID]) -> Mapping[UUID, Reminder]:
    """By assignment, how often these cases were put into their owners' queues again."""
    rows = await connection.fetch(
        "SELECT assignment_id, times, last_at FROM receipt_reminder WHERE case_id = ANY($1)", list(cases)
    )
    return {row["assignment_id"]: Reminder(row["times"], row["last_at"]) for row in rows}


async def note_reminders(connection: Connection, cases: Sequence[Case], now: datetime) -> None:
    """These are put in again now, or a person is told of them: once more."""
    await connection.execute(
        """
        INSERT INTO receipt_reminder (assignment_id, case_id, owner, times, last_at)
        SELECT *, 1, $4::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::text[])
        ON CONFLICT (assignment_id) DO UPDATE SET times = receipt_reminder.times + 1, last_at = EXCLUDED.last_at
        """,
        [case.assignment_id for case in cases],
        [case.id for case in cases],
        [case.owner for case in cases],
        now,
    )


async def forget_reminders(connection: Connection, assignments: Collection[UUID]) -> None:
    """Nobody waits for the receipts of these any more."""
    await connection.execute("DELETE FROM receipt_reminder WHERE assignment_id = ANY($1)", list(assignments))


async def reminded_since(connection: Connection, owners: Collection[str], since: datetime) -> Mapping[str, int]:
    """How many cases of each owner were put in again since."""
    rows = await connection.fetch(
        """
        SELECT owner, count(*) AS times
        FROM receipt_reminder
        WHERE owner = ANY($1) AND last_at > $2
        GROUP BY owner
        """,
        list(owners),
        since,
    )
    return {row["owner"]: row["times"] for row in rows}


async def silent(connection: Connection, owners: Collection[str]) -> set[str]:
    """Those of the owners that a person was told of."""
    rows = await connection.fetch("SELECT owner FROM silent_owner WHERE owner = ANY($1)", list(owners))
    return {row["owner"] for row in rows}


async def note_silent(connection: Connection, owner: str, task_id: UUID, now: datetime) -> None:
    """A person is told of this owner now."""
    await connection.execute(
        "INSERT INTO silent_owner (owner, task_id, told_at) VALUES ($1, $2, $3)", owner, task_id, now
    )


async def end_silence(connection: Connection, owners: Collection[str], now: datetime) -> set[str]:
    """Receipts of these owners come again; says whose silence a person was told of.

    What else they were put in again for is counted from the beginning: they have time to take it.
    """
    rows = await connection.fetch("DELETE FROM silent_owner WHERE owner = ANY($1) RETURNING owner", list(owners))
    ended = {row["owner"] for row in rows}
    if ended:
        await connection.execute(
            "UPDATE receipt_reminder SET times = 1, last_at = $2 WHERE owner = ANY($1)", list(ended), now
        )
    return ended


async def waiting(connection: Connection, owner: str) -> int:
    """How many cases this owner has given no receipt for. Reads all open cases: asked once for an outage."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM case_record WHERE owner = $1 AND state = 'routed'", owner
    )
    return count


async def returned_before(connection: Connection, ids: Collection[UUID]) -> Mapping[tuple[UUID, int], CaseReturned]:
    """How these cases were given back, by case and by the step that followed."""
    rows = await connection.fetch(
        "SELECT event FROM case_history WHERE case_id = ANY($1) AND type = $2", list(ids), CaseReturned.type_name()
    )
    found = (CaseReturned.read(row["event"]) for row in rows)
    return {(fact.case_id, fact.version + 1): fact for fact in found}


async def tellers(connection: Connection, heads: Collection[UUID]) -> Mapping[UUID, tuple[UUID, ...]]:
    """Who told of the incidents these cases lead, a report each."""
    rows = await connection.fetch(
        """
        SELECT coalesce(head_id, id) AS head, coalesce(person_id, id) AS teller
        FROM case_record
        WHERE id = ANY($1) OR head_id = ANY($1)
        """,
        list(heads),
    )
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["head"], []).append(row["teller"])
    return {head: tuple(people) for head, people in found.items()}


async def duty_calls(connection: Connection, assignments: Collection[UUID]) -> Mapping[UUID, tuple[datetime, ...]]:
    """When somebody on duty was called for these assignments, in order."""
    rows = await connection.fetch(
        "SELECT assignment_id, called_at FROM duty_call WHERE assignment_id = ANY($1) ORDER BY assignment_id, place",
        list(assignments),
    )
    found: dict[UUID, list[datetime]] = {}
    for row in rows:
        found.setdefault(row["assignment_id"], []).append(row["called_at"])
    return {assignment: tuple(moments) for assignment, moments in found.items()}


async def note_duty_calls(connection: Connection, calls: Sequence[tuple[Case, int]], now: datetime) -> None:
    """Somebody is called for these cases, as the so-manyth."""
    await connection.execute(
        """
        INSERT INTO duty_call (assignment_id, case_id, place, called_at)
        SELECT *, $4::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::int[])
        """,
        [case.assignment_id for case, _ in calls],
        [case.id for case, _ in calls],
        [place for _, place in calls],
        now,
    )
