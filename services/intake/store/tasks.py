"""What waits for a person: held contacts, parked payloads, callers to call back; and who is blocked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from services.intake.domain import Arrival
from shared.contracts import TaskSettled, WebhookReceived
from shared.database import Connection
from shared.vault import Vault

_ARRIVAL: TypeAdapter[Arrival] = TypeAdapter(Arrival)


@dataclass(frozen=True, slots=True)
class Parked:
    """A payload that could not be read, and how often that was tried."""

    task_id: UUID
    payload: WebhookReceived
    attempt: int
    reason: str
    detail: str


async def blocked(connection: Connection, people: Collection[UUID], at: datetime) -> set[UUID]:
    """Which of these people are blocked at that moment."""
    rows = await connection.fetch(
        "SELECT person_id FROM sender_block WHERE person_id = ANY($1) AND until > $2", list(people), at
    )
    return {row["person_id"] for row in rows}


async def block(connection: Connection, people: Mapping[UUID, tuple[str, str]], until: datetime) -> None:
    """Hold what these people (with the reason and who says so) write until then; a longer block stays."""
    await connection.execute(
        """
        INSERT INTO sender_block (person_id, reason, blocked_by, until)
        SELECT person_id, reason, blocked_by, $4 FROM unnest($1::uuid[], $2::text[], $3::text[])
               AS told (person_id, reason, blocked_by)
        ON CONFLICT (person_id) DO UPDATE
        SET until = greatest(sender_block.until, EXCLUDED.until), reason = EXCLUDED.reason,
            blocked_by = EXCLUDED.blocked_by, blocked_at = now()
        """,
        list(people),
        [reason for reason, _ in people.values()],
        [by for _, by in people.values()],
        until,
    )


async def hold(connection: Connection, rows: Sequence[tuple[UUID, Arrival, str]], vault: Vault) -> None:
    """Keep what held contacts said, by their task, with the reason."""
    await connection.execute(
        """
        INSERT INTO held_contact (task_id, contact_id, sealed, reason)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[])
        """,
        [task for task, _, _ in rows],
        [arrival.contact_id for _, arrival, _ in rows],
        [vault.seal(_ARRIVAL.dump_json(arrival), task) for task, arrival, _ in rows],
        [reason for _, _, reason in rows],
    )


async def settle_held(connection: Connection, tasks: Mapping[UUID, TaskSettled], vault: Vault) -> dict[UUID, Arrival]:
    """Note what was decided of held contacts; those nobody decided before, by task."""
    rows = await connection.fetch(
        f"UPDATE held_contact AS row {_SETTLED} RETURNING row.task_id, sealed",
        *_decisions(tasks),
    )
    return {row["task_id"]: _ARRIVAL.validate_json(vault.open(row["sealed"], row["task_id"])) for row in rows}


async def park(connection: Connection, rows: Sequence[Parked], vault: Vault) -> None:
    """Keep what stood beside payloads that could not be read."""
    await connection.execute(
        """
        INSERT INTO parked_message (task_id, raw_id, attempt, sealed, reason, detail)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bytea[], $5::text[], $6::text[])
        ON CONFLICT DO NOTHING
        """,
        [row.task_id for row in rows],
        [row.payload.id for row in rows],
        [row.attempt for row in rows],
        [vault.seal(_beside(row.payload), row.task_id) for row in rows],
        [row.reason for row in rows],
        [row.detail for row in rows],
    )


async def settle_parked(connection: Connection, tasks: Mapping[UUID, TaskSettled], vault: Vault) -> dict[UUID, Parked]:
    """Note what was decided of parked payloads; those nobody decided before, by task, with their bodies.

    A body that lies in the object store is named and not brought.
    """
    rows = await connection.fetch(
        f"""
        UPDATE parked_message AS row {_SETTLED}
        RETURNING row.task_id, raw_id, attempt, sealed, reason, detail,
                  (SELECT raw_message.sealed FROM raw_message WHERE raw_message.id = raw_id) AS body
        """,  # noqa: S608
        *_decisions(tasks),
    )
    found = {}
    for row in rows:
        payload = WebhookReceived.read(vault.open(row["sealed"], row["task_id"]))
        if row["body"] is not None:
            payload = payload.model_copy(update={"body": vault.open(row["body"], row["raw_id"])})
        found[row["task_id"]] = Parked(row["task_id"], payload, row["attempt"], row["reason"], row["detail"])
    return found


async def ask_call_back(
    connection: Connection, calls: Mapping[UUID, tuple[UUID, datetime]], again: timedelta
) -> set[UUID]:
    """Note callers (by task: the keyed hash of their number, and when) who are to be called back.

    Returns the tasks that are new: a caller who is on the list stays there once, for `again` long at least.
    """
    await connection.execute(
        """
        UPDATE call_back SET settled_at = told.at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS told (number_id, at)
        WHERE call_back.number_id = told.number_id AND settled_at IS NULL AND asked_at < told.at - $3::interval
        """,
        [number for number, _ in calls.values()],
        [at for _, at in calls.values()],
        again,
    )
    rows = await connection.fetch(
        """
        INSERT INTO call_back (task_id, number_id, asked_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
        ON CONFLICT DO NOTHING
        RETURNING task_id
        """,
        list(calls),
        [number for number, _ in calls.values()],
        [at for _, at in calls.values()],
    )
    return {row["task_id"] for row in rows}


async def settle_call_backs(connection: Connection, tasks: Collection[UUID]) -> None:
    """These callers were called back, or need not be."""
    await connection.execute(
        "UPDATE call_back SET settled_at = now() WHERE task_id = ANY($1) AND settled_at IS NULL", list(tasks)
    )


_SETTLED: Final = """
    SET settled_at = now(), decision = told.decision, settled_by = told.settled_by, note = told.note
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS told (task_id, decision, settled_by, note)
    WHERE told.task_id = row.task_id AND settled_at IS NULL
    """


def _decisions(tasks: Mapping[UUID, TaskSettled]) -> list[list[object]]:
    settled = tasks.values()
    return [
        list(tasks),
        [task.decision for task in settled],
        [task.by for task in settled],
        [task.note for task in settled],
    ]


def _beside(payload: WebhookReceived) -> bytes:
    return payload.model_copy(update={"body": b""}).model_dump_json(exclude_none=True).encode()
