"""The notifier's tables: address book, parties, and replies with their status."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.notifier.domain import Notice, Party
from shared.contracts import AddressRecorded, Channel, NoticeStatus
from shared.database import Connection
from shared.vault import Vault


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person is answered."""

    address: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A reply as it stands."""

    id: UUID
    status: NoticeStatus
    attempts: int
    event: str
    channel: Channel
    case_id: UUID | None
    contact_id: UUID
    trace_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a reply; `look_again` None: it is settled as far as we are concerned."""

    id: UUID
    status: NoticeStatus
    attempts: int
    provider_id: str | None = None
    error: str | None = None
    look_again: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A reply taken out of the waiting room to be sent (again)."""

    id: UUID
    account: str
    channel: Channel
    person_id: UUID
    text: str
    attempts: int


async def add_addresses(connection: Connection, events: Sequence[AddressRecorded], vault: Vault) -> None:
    """Write where people are answered; the first word of a person stays."""
    rows = sorted({event.person_id: event for event in events}.values(), key=lambda event: event.person_id)
    await connection.execute(
        """
        INSERT INTO address_book (person_id, channel, account, address_sealed, name_sealed)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
        ON CONFLICT DO NOTHING
        """,
        [row.person_id for row in rows],
        [row.channel for row in rows],
        [row.account for row in rows],
        [vault.seal(row.address.encode(), row.person_id) for row in rows],
        [vault.seal(row.name.encode(), row.person_id) if row.name else None for row in rows],
    )


async def addresses(
    source: Connection | asyncpg.Pool, people: Collection[UUID], vault: Vault
) -> Mapping[UUID, Address]:
    """Where these people are answered, as far as we know."""
    rows = await source.fetch(
        "SELECT person_id, address_sealed, name_sealed FROM address_book WHERE person_id = ANY($1)", list(people)
    )
    return {
        row["person_id"]: Address(
            vault.open(row["address_sealed"], row["person_id"]).decode(),
            vault.open(row["name_sealed"], row["person_id"]).decode() if row["name_sealed"] else None,
        )
        for row in rows
    }


async def add_parties(connection: Connection, parties: Sequence[Party]) -> None:
    """Write who is told about which cases."""
    rows = sorted(parties, key=lambda party: (party.case_id, party.contact_id))
    await connection.execute(
        """
        INSERT INTO party (case_id, contact_id, person_id, channel, account, language)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
        ON CONFLICT DO NOTHING
        """,
        [row.case_id for row in rows],
        [row.contact_id for row in rows],
        [row.person_id for row in rows],
        [row.channel for row in rows],
        [row.account for row in rows],
        [row.language for row in rows],
    )


async def parties(connection: Connection, cases: Collection[UUID]) -> Mapping[UUID, list[Party]]:
    """Who is told about these cases: each person once, by their first contact."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (case_id, person_id) case_id, contact_id, person_id, channel, account, language
        FROM party
        WHERE case_id = ANY($1)
        ORDER BY case_id, person_id, contact_id
        """,
        list(cases),
    )
    found: dict[UUID, list[Party]] = {}
    for row in rows:
        found.setdefault(row["case_id"], []).append(Party(**{**dict(row), "channel": Channel(row["channel"])}))
    return found


async def add_notices(
    connection: Connection, notices: Sequence[tuple[Notice, NoticeStatus]], lease: timedelta
) -> set[UUID]:
    """Write replies with their first status; those being sent are leased. Says which are new."""
    rows = sorted(notices, key=lambda row: row[0].id)
    fresh = await connection.fetch(
        """
        INSERT INTO notice (id, event, person_id, contact_id, case_id, channel, account, language, number, text,
                            template, template_version, trace_id, occurred_at, status, attempts, look_again_at)
        SELECT id, event, person_id, contact_id, case_id, channel, account, language, number, text, template,
               template_version, trace_id, occurred_at, status,
               CASE status WHEN 'no_address' THEN 0 ELSE 1 END,
               CASE status WHEN 'sending' THEN now() + $16 END
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                    $9::text[], $10::text[], $11::text[], $12::int[], $13::text[], $14::timestamptz[], $15::text[])
             AS new (id, event, person_id, contact_id, case_id, channel, account, language, number, text, template,
                     template_version, trace_id, occurred_at, status)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        [row.id for row, _ in rows],
        [row.event for row, _ in rows],
        [row.person_id for row, _ in rows],
        [row.contact_id for row, _ in rows],
        [row.case_id for row, _ in rows],
        [row.channel for row, _ in rows],
        [row.account for row, _ in rows],
        [row.language for row, _ in rows],
        [row.number for row, _ in rows],
        [row.text for row, _ in rows],
        [row.template for row, _ in rows],
        [row.template_version for row, _ in rows],
        [row.trace_id for row, _ in rows],
        [row.occurred_at for row, _ in rows],
        [status for _, status in rows],
        lease,
    )
    return {row["id"] for row in fresh}


async def lock_notices(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Replies as they stand, locked in one order."""
    rows = await connection.fetch(
        """
        SELECT id, status, attempts, event, channel, case_id, contact_id, trace_id
        FROM notice
        WHERE id = ANY($1)
        ORDER BY id
        FOR UPDATE
        """,
        list(ids),
    )
    return {
        row["id"]: Standing(
            row["id"],
            NoticeStatus(row["status"]),
            row["attempts"],
            row["event"],
            Channel(row["channel"]),
            row["case_id"],
            row["contact_id"],
            row["trace_id"],
        )
        for row in rows
    }


async def save_changes(connection: Connection, changes: Sequence[Change]) -> None:
    """Write what became of replies."""
    await connection.execute(
        """
        UPDATE notice
        SET status = change.status,
            attempts = change.attempts,
            provider_id = coalesce(change.provider_id, notice.provider_id),
            error = coalesce(change.error, notice.error),
            look_again_at = now() + change.look_again,
            updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::interval[])
             AS change (id, status, attempts, provider_id, error, look_again)
        WHERE notice.id = change.id
        """,
        [change.id for change in changes],
        [change.status for change in changes],
        [change.attempts for change in changes],
        [change.provider_id for change in changes],
        [change.error for change in changes],
        [change.look_again for change in changes],
    )


async def lock_overdue(connection: Connection, limit: int) -> list[tuple[Standing, bool, Due | None]]:
    """Replies whose time to be looked at has come, whether they expired, and what to send if they are sent again."""
    rows = await connection.fetch(
        """
        SELECT id, status, attempts, event, channel, case_id, contact_id, trace_id, account, person_id, text,
               created_at < now() - interval '1 day' AS is_expired
        FROM notice
        WHERE look_again_at <= now()
        ORDER BY look_again_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [
        (
            Standing(
                row["id"],
                NoticeStatus(row["status"]),
                row["attempts"],
                row["event"],
                Channel(row["channel"]),
                row["case_id"],
                row["contact_id"],
                row["trace_id"],
            ),
            row["is_expired"],
            Due(
                row["id"],
                row["account"],
                Channel(row["channel"]),
                row["person_id"],
                row["text"],
                row["attempts"],
            )
            if row["person_id"]
            else None,
        )
        for row in rows
    ]


async def renew_leases(pool: asyncpg.Pool, ids: Collection[UUID], lease: timedelta) -> set[UUID]:
    """Keep replies leased that this process is still about to send. Says which still are ours."""
    rows = await pool.fetch(
        """
        UPDATE notice SET look_again_at = now() + $2
        WHERE id = ANY($1) AND status = 'sending' AND look_again_at > now()
        RETURNING id
        """,
        list(ids),
        lease,
    )
    return {row["id"] for row in rows}


async def give_back(pool: asyncpg.Pool, ids: Collection[UUID]) -> None:
    """End the lease of replies that were certainly not sent."""
    await pool.execute(
        """
        UPDATE notice SET status = 'waiting', attempts = attempts - 1, look_again_at = now()
        WHERE id = ANY($1) AND status = 'sending'
        """,
        list(ids),
    )
