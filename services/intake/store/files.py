"""Files: what each message told of them, whose turn it is to be fetched, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.intake.domain import PhotoPlace, is_kept
from services.intake.store.contacts import Inbound
from shared.contracts import Attachment, Lane, MessageReceived
from shared.database import Connection
from shared.keeping import StoredFile
from shared.vault import Vault

NO_SOURCE = "no_source"


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file whose turn it is, ours until its lease ends. `raw_id` is the message it came with."""

    id: UUID
    raw_id: UUID
    provider: str
    account: str
    attachment: Attachment
    attempts: int


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as a page shows it: pending, kept, refused or lost, the last two with a reason."""

    id: UUID
    state: str
    reason: str | None
    media_type: str | None


async def expect_files(connection: Connection, messages: Sequence[Inbound], vault: Vault) -> None:
    """Note the files of new messages (see domain.with_file_ids): kept ones as kept, the others to be fetched."""
    rows = [
        (inbound, position, attachment, attachment.id)
        for inbound in messages
        for position, attachment in enumerate(inbound.message.attachments)
        if attachment.id
    ]
    if not rows:
        return
    states = [_first_state(inbound.message, position) for inbound, position, _, _ in rows]
    await connection.execute(
        """
        INSERT INTO file (id, contact_id, raw_id, position, provider, account, attachment_sealed,
                          state, reason, due_at, media_type)
        SELECT id, contact_id, raw_id, position, provider, account, sealed, state,
               CASE state WHEN 'lost' THEN $10 END,
               CASE state WHEN 'pending' THEN now() END,
               CASE state WHEN 'kept' THEN media_type END
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::bytea[], $8::text[],
                    $9::text[])
             AS told (id, contact_id, raw_id, position, provider, account, sealed, state, media_type)
        ON CONFLICT DO NOTHING
        """,
        [file_id for _, _, _, file_id in rows],
        [inbound.contact_id for inbound, _, _, _ in rows],
        [inbound.raw_id for inbound, _, _, _ in rows],
        [position for _, position, _, _ in rows],
        [inbound.message.provider for inbound, _, _, _ in rows],
        [inbound.message.account for inbound, _, _, _ in rows],
        [_sealed(attachment, file_id, vault) for _, _, attachment, file_id in rows],
        states,
        [attachment.media_type for _, _, attachment, _ in rows],
        NO_SOURCE,
    )


async def claim_files(
    pool: asyncpg.Pool, providers: Sequence[str], files_max: int, lease: timedelta, vault: Vault
) -> list[ClaimedFile]:
    """Files of these providers that are due, the longest due first; each is ours alone until its lease ends."""
    rows = await pool.fetch(
        """
        UPDATE file
        SET attempts = attempts + 1, due_at = now() + $3
        WHERE id IN (
            SELECT id FROM file
            WHERE state = 'pending' AND due_at <= now() AND provider = ANY($1)
            ORDER BY due_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING id, raw_id, provider, account, attachment_sealed, attempts
        """,
        list(providers),
        files_max,
        lease,
    )
    return [
        ClaimedFile(
            UUID(int=row["id"].int),
            UUID(int=row["raw_id"].int),
            row["provider"],
            row["account"],
            Attachment.model_validate_json(vault.open(row["attachment_sealed"], UUID(int=row["id"].int))),
            row["attempts"],
        )
        for row in rows
    ]


async def photo_places(connection: Connection, file_ids: Collection[UUID]) -> dict[UUID, PhotoPlace]:
    """Where those of these files were taken that are kept already and say so."""
    if not file_ids:
        return {}
    rows = await connection.fetch(
        """
        SELECT id, latitude, longitude, taken_at
        FROM file
        WHERE id = ANY($1) AND latitude IS NOT NULL
        """,
        list(file_ids),
    )
    return {UUID(int=row["id"].int): PhotoPlace(row["latitude"], row["longitude"], row["taken_at"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An open case whose citizen told no place, and the contact that opened it."""

    case_id: UUID
    contact_id: UUID
    sent_at: datetime
    lane: Lane


async def unplaced_cases(connection: Connection, file_id: UUID) -> list[Unplaced]:
    """The cases that came with this file, while nothing is known of where they are; locked till the end."""
    rows = await connection.fetch(
        """
        SELECT case_file.id, contact.id AS contact_id, contact.occurred_at, contact.lane
        FROM file
        JOIN contact ON contact.id = file.contact_id
        JOIN case_file ON case_file.contact_id = contact.id
        WHERE file.id = $1
          AND case_file.latitude IS NULL
          AND case_file.neighbourhood IS NULL
          AND coalesce(case_file.place ->> 'neighbourhood', case_file.place ->> 'street') IS NULL
          AND case_file.state <> 'closed'
        ORDER BY case_file.id
        FOR UPDATE OF case_file
        """,
        file_id,
    )
    return [
        Unplaced(UUID(int=row["id"].int), UUID(int=row["contact_id"].int), row["occurred_at"], row["lane"])
        for row in rows
    ]


async def place_cases(connection: Connection, case_ids: Collection[UUID], latitude: float, longitude: float) -> None:
    """Cases lie where a photo of theirs was taken."""
    await connection.execute(
        "UPDATE case_file SET latitude = $2, longitude = $3 WHERE id = ANY($1)", list(case_ids), latitude, longitude
    )


async def settle_file(connection: Connection, file: StoredFile) -> None:
    """A file is kept."""
    await connection.execute(
        """
        UPDATE file
        SET state = 'kept', due_at = NULL, settled_at = now(), media_type = $2, size_bytes = $3,
            width = $4, height = $5, latitude = $6, longitude = $7, taken_at = $8
        WHERE id = $1 AND state = 'pending'
        """,
        file.id,
        file.media_type,
        file.size_bytes,
        file.width,
        file.height,
        file.latitude,
        file.longitude,
        file.taken_at,
    )


async def give_up_file(pool: asyncpg.Pool, file_id: UUID, state: str, reason: str) -> None:
    """A file is refused (by us) or lost (by its provider), for ever."""
    await pool.execute(
        """
        UPDATE file
        SET state = $2, reason = $3, due_at = NULL, settled_at = now()
        WHERE id = $1 AND state = 'pending'
        """,
        file_id,
        state,
        reason,
    )


async def try_file_later(pool: asyncpg.Pool, file_id: UUID, wait: timedelta) -> None:
    """A file did not come this time."""
    await pool.execute("UPDATE file SET due_at = now() + $2 WHERE id = $1 AND state = 'pending'", file_id, wait)


async def give_up_without_source(pool: asyncpg.Pool, providers: Sequence[str], after: timedelta) -> int:
    """Files of providers that are configured no more are lost when they waited so long."""
    done = await pool.execute(
        """
        UPDATE file
        SET state = 'lost', reason = $3, due_at = NULL, settled_at = now()
        WHERE state = 'pending' AND provider <> ALL($1) AND told_at < now() - $2
        """,
        list(providers),
        after,
        NO_SOURCE,
    )
    return int(done.split()[-1])


async def raw_body(pool: asyncpg.Pool, raw_id: UUID, vault: Vault) -> bytes | str | None:
    """A message as it came: its bytes, or the key of the object that holds them; None: there is none."""
    row = await pool.fetchrow("SELECT sealed, body_key FROM raw_message WHERE id = $1", raw_id)
    if row is None:
        return None
    return str(row["body_key"]) if row["body_key"] else vault.open(row["sealed"], raw_id)


async def files_of_case(pool: asyncpg.Pool, number: str) -> list[FileState]:
    """The files a citizen sent with a case, by its tracking number, in the order they came."""
    rows = await pool.fetch(
        """
        SELECT file.id, file.state, file.reason, file.media_type
        FROM case_file
        JOIN file ON file.contact_id = case_file.contact_id
                  OR file.contact_id IN (SELECT contact_id FROM joined_case WHERE case_id = case_file.id)
        WHERE case_file.number = $1
        ORDER BY file.told_at, file.contact_id, file.position
        """,
        number,
    )
    return [FileState(UUID(int=row["id"].int), row["state"], row["reason"], row["media_type"]) for row in rows]


async def own_files_of_case(pool: asyncpg.Pool, case_id: UUID) -> list[FileState]:
    """The files that the citizen of a case sent, with it or by the tracking page; not those others told of it with."""
    rows = await pool.fetch(
        """
        SELECT id, state, reason, media_type
        FROM file
        WHERE contact_id IN (
            SELECT contact_id FROM case_file WHERE id = $1
            UNION ALL
            SELECT contact.id
            FROM joined_case
            JOIN contact ON contact.id = joined_case.contact_id
            JOIN case_file ON case_file.id = joined_case.case_id
            WHERE joined_case.case_id = $1
              AND (contact.person_id = case_file.person_id OR contact.channel = 'web' AND contact.person_id IS NULL))
        ORDER BY told_at, contact_id, position
        """,
        case_id,
    )
    return [FileState(UUID(int=row["id"].int), row["state"], row["reason"], row["media_type"]) for row in rows]


def _first_state(message: MessageReceived, position: int) -> str:
    """Kept already, or to be fetched from a provider; without one there is nowhere to fetch it."""
    if is_kept(message, position):
        return "kept"
    return "pending" if message.provider else "lost"


def _sealed(attachment: Attachment, file_id: UUID, vault: Vault) -> bytes:
    return vault.seal(attachment.model_dump_json(exclude_none=True).encode(), file_id)
