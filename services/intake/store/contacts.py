"""Contacts: one transaction registers a batch of them, their cases and the vault's new people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain import Arrival, Numbers, Registration
from shared.contracts import Channel, Effect, MessageReceived, Place
from shared.database import Connection
from shared.vault import Vault

# Of a case's text so much is kept for the tracking page and open data; the raw message is kept whole.
SHOWN_LETTERS_MAX: Final = 1_000
ADDED_LETTERS_MAX: Final = 4_000  # of what a contact added to a case
_NOWHERE: Final = Place()


_MOVED: Final = """
    WITH moved AS (
        SELECT channel, account, provider_id, inbound_message.contact_id AS alone, told.contact_id, told.position
        FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::int[])
             AS told (channel, account, provider_id, contact_id, position)
        JOIN inbound_message USING (channel, account, provider_id))
    """
_MOVE_FILES: Final = "UPDATE file SET contact_id = moved.contact_id FROM moved WHERE file.contact_id = moved.alone"
_MOVE_MESSAGES: Final = """
    UPDATE inbound_message SET contact_id = moved.contact_id, position = moved.position
    FROM moved WHERE inbound_message.contact_id = moved.alone
    """


@dataclass(frozen=True, slots=True)
class Raw:
    """A message as it came; a large one lies in the object store under `body_key`, and `body` is not looked at."""

    id: UUID
    channel: Channel
    body: bytes
    body_key: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A citizen's message, the contact it is alone, and the raw message it came in."""

    message: MessageReceived
    contact_id: UUID
    raw_id: UUID


async def keep_raw(connection: Connection, raws: Sequence[Raw], vault: Vault) -> None:
    """Store messages as they came, sealed; one that is kept already stays as it is."""
    await connection.execute(
        """
        INSERT INTO raw_message (id, channel, sealed, body_key)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[])
        ON CONFLICT DO NOTHING
        """,
        [raw.id for raw in raws],
        [raw.channel for raw in raws],
        [None if raw.body_key else vault.seal(raw.body, raw.id) for raw in raws],
        [raw.body_key for raw in raws],
    )


async def add_messages(connection: Connection, messages: Sequence[Inbound]) -> set[UUID]:
    """Note the messages that are new, by the provider's id, and say the contacts of which those are."""
    rows = sorted(messages, key=lambda row: (row.message.channel, row.message.account, row.message.provider_id))
    fresh = await connection.fetch(
        """
        INSERT INTO inbound_message (channel, account, provider_id, contact_id, raw_id, occurred_at, kind)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::text[])
        ON CONFLICT DO NOTHING
        RETURNING contact_id
        """,
        [row.message.channel for row in rows],
        [row.message.account for row in rows],
        [row.message.provider_id for row in rows],
        [row.contact_id for row in rows],
        [row.raw_id for row in rows],
        [row.message.occurred_at for row in rows],
        [row.message.kind for row in rows],
    )
    return {row["contact_id"] for row in fresh}


async def move_messages(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    """Lead every message of a burst, and its files, to the contact of its first one, in order."""
    rows = [
        (row.message.channel, row.message.account, provider_id, row.contact_id, position)
        for row in arrivals
        for position, provider_id in enumerate(row.message_ids)
        if position
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(f"{_MOVED} {_MOVE_FILES}", *columns)
        await connection.execute(f"{_MOVED} {_MOVE_MESSAGES}", *columns)


async def add_contacts(connection: Connection, registrations: Sequence[Registration]) -> None:
    """Store contacts that are not there yet: their messages were new."""
    await connection.execute(
        """
        INSERT INTO contact (id, channel, account, provider_id, person_id, raw_id, occurred_at,
                             purpose, language, lane, effect, kind, reason, flags, provider, text)
        SELECT id, channel, account, provider_id, person_id, raw_id, occurred_at, purpose, language, lane, effect,
               kind, reason, string_to_array(flags, ' '), provider, text
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::timestamptz[],
                    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                    $15::text[], $16::text[])
             AS new (id, channel, account, provider_id, person_id, raw_id, occurred_at, purpose, language, lane, effect,
                     kind, reason, flags, provider, text)
        """,
        [row.contact_id for row in registrations],
        [row.message.channel for row in registrations],
        [row.message.account for row in registrations],
        [row.message.provider_id for row in registrations],
        [row.person_id for row in registrations],
        [row.arrival.raw_id for row in registrations],
        [row.message.occurred_at for row in registrations],
        [row.purpose for row in registrations],
        [row.message.language for row in registrations],
        [row.lane for row in registrations],
        [row.effect for row in registrations],
        [row.message.kind for row in registrations],
        [row.reason for row in registrations],
        [" ".join(row.flags) for row in registrations],
        [row.message.provider for row in registrations],
        [row.text[:ADDED_LETTERS_MAX] for row in registrations],
    )


async def change_effects(connection: Connection, registrations: Sequence[Registration]) -> None:
    """Note what held contacts do now that a person let them go on."""
    await connection.execute(
        """
        UPDATE contact
        SET effect = now.effect, purpose = now.purpose, reason = now.reason, text = now.text
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
             AS now (id, effect, purpose, reason, text)
        WHERE contact.id = now.id
        """,
        [row.contact_id for row in registrations],
        [row.effect for row in registrations],
        [row.purpose for row in registrations],
        [row.reason for row in registrations],
        [row.text[:ADDED_LETTERS_MAX] for row in registrations],
    )


async def add_people(connection: Connection, people: Sequence[Arrival], vault: Vault) -> set[UUID]:
    """Put people into the vault whom it does not know, and say which those are.

    Locks them all until the transaction ends, in one order: two contacts of one person are registered one after the
    other, whatever replica takes them.
    """
    rows = sorted(
        {row.person_id: row for row in people if row.person_id}.items(),
        key=lambda item: item[0],
    )
    if not rows:
        return set()
    told = await connection.fetch(
        """
        INSERT INTO contact_point (person_id, channel, account, address_sealed, name_sealed, number_id)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::uuid[])
        ON CONFLICT (person_id) DO UPDATE
        SET last_seen_at = now(), number_id = EXCLUDED.number_id
        RETURNING person_id, xmax = 0 AS is_new
        """,
        [person for person, _ in rows],
        [row.message.channel for _, row in rows],
        [row.message.account for _, row in rows],
        [_seal(vault, row.message.sender.address or "", person) for person, row in rows],
        [_seal(vault, row.message.sender.name, person) for person, row in rows],
        [row.number_id for _, row in rows],
    )
    return {row["person_id"] for row in told if row["is_new"]}


async def add_told_points(
    connection: Connection, points: Mapping[tuple[UUID, Channel, UUID], str], vault: Vault
) -> set[tuple[UUID, Channel, UUID]]:
    """Note the further addresses people told us, by person, channel and keyed hash; those that are new."""
    if not points:
        return set()
    ordered = sorted(points)
    rows = await connection.fetch(
        """
        INSERT INTO told_point (person_id, channel, number_id, address_sealed)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[])
        ON CONFLICT DO NOTHING
        RETURNING person_id, channel, number_id
        """,
        *map(list, zip(*ordered, strict=True)),
        [_seal(vault, points[key], key[0]) for key in ordered],
    )
    return {(row["person_id"], Channel(row["channel"]), row["number_id"]) for row in rows}


async def open_cases(
    connection: Connection, registrations: Sequence[Registration], numbers: Numbers
) -> dict[UUID, str]:
    """Give each newly opened case its tracking number; link joined ones. Returns the number of each case."""
    opened = [(row, case) for row in registrations if row.effect is Effect.OPENED for case in row.opens]
    given: dict[UUID, str] = {}
    if opened:
        counts = await connection.fetch(
            "SELECT nextval('case_count') AS count FROM generate_series(1, $1)", len(opened)
        )
        given = {case.id: numbers.at(row["count"]) for (_, case), row in zip(opened, counts, strict=True)}
        await connection.execute(
            """
            INSERT INTO case_file (id, number, contact_id, person_id, opened_at, last_contact_at, channel, account,
                                   text, place, latitude, longitude, lane, follows)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[],
                                 $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::float8[], $12::float8[],
                                 $13::text[], $14::uuid[])
            """,
            [case.id for _, case in opened],
            [given[case.id] for _, case in opened],
            [row.contact_id for row, _ in opened],
            [row.person_id for row, _ in opened],
            [row.message.occurred_at for row, _ in opened],
            [row.arrival.last_message_at for row, _ in opened],
            [row.message.channel for row, _ in opened],
            [row.message.account for row, _ in opened],
            [case.text[:SHOWN_LETTERS_MAX] for _, case in opened],
            [_told(row.message.place) for row, _ in opened],
            [row.message.place.latitude for row, _ in opened],
            [row.message.place.longitude for row, _ in opened],
            [row.lane for row, _ in opened],
            [case.follows for _, case in opened],
        )
    await _link(connection, "joined_case", [(row.contact_id, case) for row in registrations for case in row.joins])
    await _link(connection, "linked_case", [(row.contact_id, case) for row in registrations for case in row.links])
    await _note_last_contacts(connection, [row for row in registrations if row.joins])
    return given


async def _link(connection: Connection, table: str, links: Sequence[tuple[UUID, UUID]]) -> None:
    if links:
        await connection.execute(
            f"INSERT INTO {table} (contact_id, case_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",  # noqa: S608
            [contact for contact, _ in links],
            [case for _, case in links],
        )


async def _note_last_contacts(connection: Connection, joined: Sequence[Registration]) -> None:
    moments: dict[UUID, datetime] = {}
    for row in joined:
        for case in row.joins:
            moments[case] = max(row.arrival.last_message_at, moments.get(case, row.arrival.last_message_at))
    if moments:
        await connection.execute(
            """
            UPDATE case_file
            SET last_contact_at = greatest(last_contact_at, told.at)
            FROM unnest($1::uuid[], $2::timestamptz[]) AS told (id, at)
            WHERE case_file.id = told.id
            """,
            list(moments),
            list(moments.values()),
        )


def _told(place: Place) -> str | None:
    return place.model_dump_json(exclude_none=True) if place != _NOWHERE else None


def _seal(vault: Vault, text: str | None, bound_to: UUID) -> bytes | None:
    return None if text is None else vault.seal(text.encode("utf-8", "replace"), bound_to)
