"""Hand-overs with their history, and what is due about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.handover.domain import Choice, HandOver, Move, State
from shared.contracts import AssignmentOffered
from shared.database import Connection
from shared.vault import Vault

DUE_MAX: Final = 100
_COLUMNS: Final = """
    id, case_id, institution, number, lane, trace_id, opened_at, state, version, reminders, answers, sent_at,
    counted_from, next_at, reference, is_receipt, seen
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A step of the history: the hand-over after it, and what was said, if anything was."""

    handover: HandOver
    move: Move
    at: datetime
    choice: Choice | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PastStep:
    """A step as it was written."""

    at: datetime
    move: Move
    state: State
    choice: Choice | None
    text: str | None


async def clock(connection: Connection) -> datetime:
    """The database's time, which all replicas share."""
    return await connection.fetchval("SELECT now()")  # type: ignore[no-any-return]


async def add(connection: Connection, taken: Sequence[tuple[HandOver, AssignmentOffered]], vault: Vault) -> None:
    """Write hand-overs that are not here yet."""
    await connection.execute(
        """
        INSERT INTO handover (id, case_id, institution, number, lane, trace_id, opened_at, state, version, reminders,
                              answers, is_receipt, offer_sealed)
        SELECT id, case_id, institution, number, lane, trace_id, opened_at, 'waiting', 0, 0, 0, false, offer_sealed
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                    $8::bytea[])
          AS given (id, case_id, institution, number, lane, trace_id, opened_at, offer_sealed)
        ON CONFLICT (id) DO NOTHING
        """,
        [handover.id for handover, _ in taken],
        [handover.case_id for handover, _ in taken],
        [handover.institution for handover, _ in taken],
        [handover.number for handover, _ in taken],
        [handover.lane for handover, _ in taken],
        [handover.trace_id for handover, _ in taken],
        [handover.opened_at for handover, _ in taken],
        [vault.seal(offer.model_dump_json(exclude_none=True).encode(), handover.id) for handover, offer in taken],
    )


async def locked(connection: Connection, ids: Collection[UUID]) -> dict[UUID, HandOver]:
    """The hand-overs of these ids, held until the transaction ends."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM handover WHERE id = ANY($1) ORDER BY id FOR UPDATE",  # noqa: S608
        list(ids),
    )
    return {handover.id: handover for handover in map(_handover, rows)}


async def save(connection: Connection, notes: Sequence[Note], vault: Vault) -> None:
    """Write the steps in their order, and each hand-over as it stands after its last."""
    if not notes:
        return
    latest = {note.handover.id: note.handover for note in notes}
    await connection.execute(
        """
        UPDATE handover
        SET state = given.state, version = given.version, reminders = given.reminders, answers = given.answers,
            sent_at = given.sent_at, counted_from = given.counted_from, next_at = given.next_at,
            reference = given.reference, is_receipt = given.is_receipt, seen = given.seen
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[],
                    $8::timestamptz[], $9::text[], $10::boolean[], $11::text[])
          AS given (id, state, version, reminders, answers, sent_at, counted_from, next_at, reference, is_receipt, seen)
        WHERE handover.id = given.id
        """,
        [row.id for row in latest.values()],
        [row.state for row in latest.values()],
        [row.version for row in latest.values()],
        [row.reminders for row in latest.values()],
        [row.answers for row in latest.values()],
        [row.sent_at for row in latest.values()],
        [row.counted_from for row in latest.values()],
        [row.next_at for row in latest.values()],
        [row.reference for row in latest.values()],
        [row.is_receipt for row in latest.values()],
        [row.seen for row in latest.values()],
    )
    await connection.execute(
        """
        INSERT INTO handover_step (handover_id, version, at, move, state, choice, note_sealed)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bytea[])
        """,
        [note.handover.id for note in notes],
        [note.handover.version for note in notes],
        [note.at for note in notes],
        [note.move for note in notes],
        [note.handover.state for note in notes],
        [note.choice for note in notes],
        [vault.seal(note.text.encode(), note.handover.id) if note.text else None for note in notes],
    )


async def due(connection: Connection, institutions: Collection[str]) -> list[HandOver]:
    """Those whose time is up, held until the transaction ends; other replicas take others."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM handover
        WHERE next_at <= now() AND institution = ANY($1)
        ORDER BY next_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,  # noqa: S608
        list(institutions),
        DUE_MAX,
    )
    return [_handover(row) for row in rows]


async def found(pool: asyncpg.Pool, handover_id: UUID) -> HandOver | None:
    """One hand-over as it stands."""
    row = await pool.fetchrow(f"SELECT {_COLUMNS} FROM handover WHERE id = $1", handover_id)  # noqa: S608
    return _handover(row) if row else None


async def offers(
    connection: Connection | asyncpg.Pool, ids: Collection[UUID], vault: Vault
) -> dict[UUID, AssignmentOffered]:
    """The cases as they were offered."""
    rows = await connection.fetch("SELECT id, offer_sealed FROM handover WHERE id = ANY($1)", list(ids))
    opened = {UUID(int=row["id"].int): row["offer_sealed"] for row in rows}
    return {id_: AssignmentOffered.read(vault.open(sealed, id_)) for id_, sealed in opened.items()}


async def history(pool: asyncpg.Pool, handover_id: UUID, vault: Vault) -> list[PastStep]:
    """Every step, in order."""
    rows = await pool.fetch(
        "SELECT at, move, state, choice, note_sealed FROM handover_step WHERE handover_id = $1 ORDER BY version",
        handover_id,
    )
    return [
        PastStep(
            row["at"],
            Move(row["move"]),
            State(row["state"]),
            Choice(row["choice"]) if row["choice"] else None,
            vault.open(row["note_sealed"], handover_id).decode() if row["note_sealed"] else None,
        )
        for row in rows
    ]


async def is_told_first(connection: Connection, institution: str, message_id: UUID) -> bool:
    """Note a message of an institution's program; False when it was told before."""
    done = await connection.fetchval(
        "INSERT INTO told (institution, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
        institution,
        message_id,
    )
    return bool(done)


async def ask_later(connection: Connection, when: Mapping[UUID, datetime | None]) -> None:
    """When to ask these servers next; None: never again."""
    await connection.execute(
        """
        UPDATE handover SET ask_at = given.ask_at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS given (id, ask_at)
        WHERE handover.id = given.id
        """,
        list(when),
        list(when.values()),
    )


async def refer(connection: Connection, changed: Sequence[HandOver]) -> None:
    """What their servers call these hand-overs, and last told of them: no step, for nothing happened."""
    await connection.execute(
        """
        UPDATE handover SET reference = given.reference, is_receipt = given.is_receipt, seen = given.seen
        FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[]) AS given (id, reference, is_receipt, seen)
        WHERE handover.id = given.id
        """,
        [row.id for row in changed],
        [row.reference for row in changed],
        [row.is_receipt for row in changed],
        [row.seen for row in changed],
    )


async def to_ask(connection: Connection, institutions: Collection[str], most: int) -> list[HandOver]:
    """Those whose server is to be asked now, held until the transaction ends."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM handover
        WHERE ask_at <= now() AND institution = ANY($1)
        ORDER BY ask_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,  # noqa: S608
        list(institutions),
        most,
    )
    return [_handover(row) for row in rows]


def _handover(row: asyncpg.Record) -> HandOver:
    ids = {name: UUID(int=row[name].int) for name in ("id", "case_id")}
    return HandOver(**{**dict(row), **ids, "state": State(row["state"])})
