"""Who is told, where they are reached, and why they are not: the address book, parties and obstacles."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifier.domain import Address, Party, Person
from shared.contracts import AddressFailed, AddressRecorded, Channel, OptOutRecorded
from shared.database import Connection
from shared.vault import Vault

# What a wish is about, as the kind of obstacle it puts in the way.
_OF: Final = {"notices": "opted_out", "surveys": "no_surveys"}


async def add_addresses(
    connection: Connection,
    events: Sequence[AddressRecorded],
    heard: Mapping[tuple[UUID, Channel], datetime],
    vault: Vault,
) -> None:
    """Write where people are answered. A proven address gives way to a later proven one alone; `heard`: who just
    wrote from theirs, and when."""
    latest = {(event.person_id, event.channel): event for event in sorted(events, key=_newest_last)}
    rows = [latest[key] for key in sorted(latest)]
    await connection.execute(
        """
        INSERT INTO address_book (person_id, channel, provider, account, address_sealed, name_sealed, proven,
                                  recorded_at, heard_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bool[],
                             $8::timestamptz[], $9::timestamptz[])
        ON CONFLICT (person_id, channel) DO UPDATE
        SET provider = EXCLUDED.provider, account = EXCLUDED.account, address_sealed = EXCLUDED.address_sealed,
            name_sealed = coalesce(EXCLUDED.name_sealed, address_book.name_sealed), proven = EXCLUDED.proven,
            recorded_at = EXCLUDED.recorded_at, heard_at = coalesce(EXCLUDED.heard_at, address_book.heard_at)
        WHERE (EXCLUDED.proven OR NOT address_book.proven) AND EXCLUDED.recorded_at >= address_book.recorded_at
        """,
        [row.person_id for row in rows],
        [row.channel for row in rows],
        [row.provider for row in rows],
        [row.account for row in rows],
        [vault.seal(row.address.encode(), row.person_id) for row in rows],
        [vault.seal(row.name.encode(), row.person_id) if row.name else None for row in rows],
        [row.proven for row in rows],
        [row.occurred_at for row in rows],
        [heard.get((row.person_id, row.channel)) for row in rows],
    )


def _newest_last(event: AddressRecorded) -> tuple[bool, datetime]:
    return event.proven, event.occurred_at


async def people(connection: Connection, ids: Collection[UUID], vault: Vault) -> dict[UUID, Person]:
    """What is known of these people; those without any address are left out.

    Their rows stay locked until the transaction ends: two replicas never use the same moment for one recipient.
    """
    rows = await connection.fetch(
        """
        SELECT person_id, channel, provider, account, address_sealed, name_sealed, proven, heard_at, paced_until
        FROM address_book
        WHERE person_id = ANY($1)
        ORDER BY person_id, channel
        FOR NO KEY UPDATE
        """,
        list(ids),
    )
    found: dict[UUID, list[Address]] = {}
    for row in rows:
        person_id, name = row["person_id"], row["name_sealed"]
        found.setdefault(person_id, []).append(
            Address(
                channel=Channel(row["channel"]),
                provider=row["provider"],
                account=row["account"],
                address=vault.open(row["address_sealed"], person_id).decode(),
                name=vault.open(name, person_id).decode() if name else None,
                proven=row["proven"],
                heard_at=row["heard_at"],
                paced_until=row["paced_until"],
            )
        )
    opted_out, failed = await _obstacles(connection, found)
    return {
        person_id: Person(
            person_id, tuple(addresses), frozenset(opted_out.get(person_id, ())), failed.get(person_id, {})
        )
        for person_id, addresses in found.items()
    }


async def _obstacles(
    connection: Connection, ids: Collection[UUID]
) -> tuple[dict[UUID, set[Channel]], dict[UUID, dict[Channel, datetime]]]:
    opted_out: dict[UUID, set[Channel]] = {}
    failed: dict[UUID, dict[Channel, datetime]] = {}
    rows = await connection.fetch(
        """
        SELECT person_id, channel, kind, until
        FROM obstacle
        WHERE person_id = ANY($1) AND (until IS NULL OR until > now())
        """,
        list(ids),
    )
    for row in rows:
        person_id, channel = row["person_id"], Channel(row["channel"])
        if row["kind"] == "opted_out":
            opted_out.setdefault(person_id, set()).add(channel)
        elif row["kind"] == "failed":
            failed.setdefault(person_id, {})[channel] = row["until"]
    return opted_out, failed


async def note_heard(connection: Connection, heard: Mapping[tuple[UUID, Channel], datetime]) -> None:
    """These people wrote: their window is open from then on, and an address that seemed dead is not."""
    keys = sorted(heard)
    rows = ([person for person, _ in keys], [channel for _, channel in keys], [heard[key] for key in keys])
    await connection.execute(
        """
        UPDATE address_book SET heard_at = heard.at
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS heard (person_id, channel, at)
        WHERE (address_book.person_id, address_book.channel) = (heard.person_id, heard.channel)
          AND coalesce(address_book.heard_at, '-infinity') < heard.at
        """,
        *rows,
    )
    await connection.execute(
        """
        DELETE FROM obstacle
        USING unnest($1::uuid[], $2::text[]) AS heard (person_id, channel)
        WHERE (obstacle.person_id, obstacle.channel) = (heard.person_id, heard.channel) AND kind = 'failed'
        """,
        *rows[:2],
    )


async def note_paced(connection: Connection, paced: Mapping[tuple[UUID, Channel], datetime]) -> None:
    """Until when these recipients get nothing more."""
    keys = sorted(paced)
    await connection.execute(
        """
        UPDATE address_book SET paced_until = paced.until
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS paced (person_id, channel, until)
        WHERE (address_book.person_id, address_book.channel) = (paced.person_id, paced.channel)
        """,
        [person for person, _ in keys],
        [channel for _, channel in keys],
        [paced[key] for key in keys],
    )


async def count_receipts(
    connection: Connection, senders: Collection[tuple[UUID, Channel]], minutes: int
) -> dict[tuple[UUID, Channel], int]:
    """How many automatic receipts each of these senders got within the window, this one included."""
    keys = sorted(set(senders))
    rows = await connection.fetch(
        """
        UPDATE address_book
        SET receipts = CASE WHEN receipts_since > now() - make_interval(mins => $3) THEN receipts + 1 ELSE 1 END,
            receipts_since = CASE WHEN receipts_since > now() - make_interval(mins => $3) THEN receipts_since
                                  ELSE now() END
        FROM unnest($1::uuid[], $2::text[]) AS sender (person_id, channel)
        WHERE (address_book.person_id, address_book.channel) = (sender.person_id, sender.channel)
        RETURNING address_book.person_id, address_book.channel, receipts
        """,
        [person for person, _ in keys],
        [channel for _, channel in keys],
        minutes,
    )
    return {(row["person_id"], Channel(row["channel"])): row["receipts"] for row in rows}


async def note_failed(connection: Connection, events: Sequence[AddressFailed]) -> None:
    """These addresses take nothing until then; the later end counts."""
    latest = {(event.person_id, event.channel): event for event in sorted(events, key=lambda event: event.until)}
    rows = [latest[key] for key in sorted(latest)]
    await connection.execute(
        """
        INSERT INTO obstacle (person_id, channel, kind, until, reason, recorded_at)
        SELECT person_id, channel, 'failed', until, reason, recorded_at
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[])
             AS new (person_id, channel, until, reason, recorded_at)
        ON CONFLICT (person_id, channel, kind) DO UPDATE
        SET until = greatest(obstacle.until, EXCLUDED.until), reason = EXCLUDED.reason
        """,
        [row.person_id for row in rows],
        [row.channel for row in rows],
        [row.until for row in rows],
        [row.reason for row in rows],
        [row.occurred_at for row in rows],
    )


async def note_opt_outs(connection: Connection, events: Sequence[OptOutRecorded]) -> None:
    """The last wish counts, whatever order they come in: an end is kept too, as one that is over."""
    in_order = sorted(events, key=lambda event: event.occurred_at)
    latest = {(event.person_id, event.channel, _OF[event.of]): event for event in in_order}
    keys = sorted(latest)
    rows = [latest[key] for key in keys]
    await connection.execute(
        """
        INSERT INTO obstacle (person_id, channel, kind, until, recorded_at)
        SELECT person_id, channel, kind, CASE WHEN opted_out THEN NULL ELSE recorded_at END, recorded_at
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::timestamptz[])
             AS new (person_id, channel, kind, opted_out, recorded_at)
        ON CONFLICT (person_id, channel, kind) DO UPDATE
        SET until = EXCLUDED.until, recorded_at = EXCLUDED.recorded_at
        WHERE obstacle.recorded_at <= EXCLUDED.recorded_at
        """,
        [row.person_id for row in rows],
        [row.channel for row in rows],
        [kind for _, _, kind in keys],
        [row.opted_out for row in rows],
        [row.occurred_at for row in rows],
    )


async def add_parties(connection: Connection, parties: Sequence[Party]) -> None:
    """Write who is told about which cases."""
    rows = sorted(parties, key=lambda party: (party.case_id, party.contact_id))
    await connection.execute(
        """
        INSERT INTO party (case_id, contact_id, person_id, channel, provider, account, language, is_urgent, thread_id)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                             $8::bool[], $9::text[])
        ON CONFLICT DO NOTHING
        """,
        [row.case_id for row in rows],
        [row.contact_id for row in rows],
        [row.person_id for row in rows],
        [row.channel for row in rows],
        [row.provider for row in rows],
        [row.account for row in rows],
        [row.language for row in rows],
        [row.is_urgent for row in rows],
        [row.thread_id for row in rows],
    )


async def parties(connection: Connection, cases: Collection[UUID]) -> Mapping[UUID, list[Party]]:
    """Who is told about these cases: each person once, by their first contact."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (case_id, person_id)
               case_id, contact_id, person_id, channel, provider, account, language, is_urgent, thread_id
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
