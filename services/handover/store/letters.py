"""Letters on their way: claimed by one replica at a time, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.handover.domain import Letter, LetterKind
from services.handover.domain.wording import CONTENT, Content
from shared.contracts import IncidentGrew, Lane
from shared.database import Connection
from shared.vault import Vault

CLAIM_MAX: Final = 16
# Longer than a sender may take: then whoever claimed it has died.
LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be written."""

    id: UUID
    handover_id: UUID
    kind: LetterKind
    lane: Lane
    due_at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter this process sends now; nobody else does until its lease is over."""

    letter: Letter
    content: Content


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter. `again_at` None: it is done with."""

    id: UUID
    state: str
    again_at: datetime | None = None
    is_doubted: bool = False
    error: str | None = None


async def add(connection: Connection, letters: Sequence[NewLetter], vault: Vault) -> None:
    """Write letters that are not here yet; of growths of one hand-over the highest waits alone."""
    grown = [letter for letter in letters if letter.kind is LetterKind.GROWTH]
    rest = [letter for letter in letters if letter.kind is not LetterKind.GROWTH]
    highest = {letter.handover_id: letter for letter in sorted(grown, key=_reports)}
    await _insert(connection, rest, vault, "ON CONFLICT (id) DO NOTHING")
    await _insert(
        connection,
        list(highest.values()),
        vault,
        """
        ON CONFLICT (handover_id) WHERE kind = 'growth' AND state = 'waiting'
        DO UPDATE SET reports = EXCLUDED.reports, content_sealed = EXCLUDED.content_sealed
        WHERE letter.reports < EXCLUDED.reports
        """,
    )


async def _insert(connection: Connection, letters: Sequence[NewLetter], vault: Vault, conflict: str) -> None:
    if not letters:
        return
    await connection.execute(
        f"""
        INSERT INTO letter (id, handover_id, kind, state, lane, due_at, reports, content_sealed)
        SELECT id, handover_id, kind, 'waiting', lane, due_at, nullif(reports, 0), content_sealed
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $7::bytea[])
          AS given (id, handover_id, kind, lane, due_at, reports, content_sealed)
        {conflict}
        """,  # noqa: S608
        [letter.id for letter in letters],
        [letter.handover_id for letter in letters],
        [letter.kind for letter in letters],
        [letter.lane for letter in letters],
        [letter.due_at for letter in letters],
        [_reports(letter) for letter in letters],
        [vault.seal(CONTENT.dump_json(letter.content, exclude_none=True), letter.handover_id) for letter in letters],
    )


async def claim(connection: Connection, institutions: Collection[str], vault: Vault) -> list[Claimed]:
    """The next letters, urgent first. One whose sender died while sending comes back doubted."""
    rows = await connection.fetch(
        """
        WITH next AS (
            SELECT letter.id
            FROM letter JOIN handover ON handover.id = letter.handover_id
            WHERE letter.state IN ('waiting', 'sending')
              AND letter.due_at <= now()
              AND handover.institution = ANY($1)
              -- What comes after the case itself waits until they have it.
              AND (letter.kind = 'offer' OR handover.state NOT IN ('waiting', 'sending'))
            ORDER BY (letter.lane = 'routine'), letter.due_at
            LIMIT $2
            FOR UPDATE OF letter SKIP LOCKED
        )
        UPDATE letter
        SET is_doubted = is_doubted OR state = 'sending', state = 'sending', attempts = attempts + 1,
            due_at = now() + $3
        FROM next
        WHERE letter.id = next.id
        RETURNING letter.id, handover_id, kind, attempts, is_doubted, content_sealed
        """,
        list(institutions),
        CLAIM_MAX,
        LEASE,
    )
    return [
        Claimed(
            Letter(
                UUID(int=row["id"].int),
                handover_id := UUID(int=row["handover_id"].int),
                LetterKind(row["kind"]),
                row["attempts"],
                row["is_doubted"],
            ),
            CONTENT.validate_json(vault.open(row["content_sealed"], handover_id)),
        )
        for row in rows
    ]


async def record(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Write what became of letters that this process sends. `error` is codes alone."""
    await connection.execute(
        """
        UPDATE letter
        SET state = given.state, due_at = coalesce(given.again_at, letter.due_at), is_doubted = given.is_doubted,
            error = given.error
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::text[])
          AS given (id, state, again_at, is_doubted, error)
        WHERE letter.id = given.id
        """,
        [row.id for row in outcomes],
        [row.state for row in outcomes],
        [row.again_at for row in outcomes],
        [row.is_doubted for row in outcomes],
        [row.error for row in outcomes],
    )


def _reports(letter: NewLetter) -> int:
    return letter.content.reports if isinstance(letter.content, IncidentGrew) else 0
