"""Contacts: one transaction registers a batch of them, their cases and the vault's new people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.intake.domain import Numbers, Registration
from shared.contracts import Channel, Effect, MessageReceived, Place
from shared.database import Connection
from shared.vault import Vault

# Of a case's text so much is kept for the tracking page and open data; the raw message is kept whole.
SHOWN_LETTERS_MAX: Final = 1_000
_NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True)
class Raw:
    """A message as it came; a large one lies in the object store under `body_key`, and `body` is not looked at."""

    id: UUID
    channel: Channel
    body: bytes
    body_key: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A citizen's message, the contact it is (alone, or as the first of a burst), and the raw message it came in."""

    message: MessageReceived
    contact_id: UUID
    raw_id: UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A pseudonym and, for this transaction only, who stands behind it."""

    id: UUID
    message: MessageReceived


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


async def owners_of(connection: Connection, numbers: Collection[str]) -> Mapping[str, tuple[UUID, UUID | None]]:
    """The case and the person behind each of these tracking numbers."""
    if not numbers:
        return {}
    rows = await connection.fetch("SELECT number, id, person_id FROM case_file WHERE number = ANY($1)", list(numbers))
    return {row["number"]: (row["id"], row["person_id"]) for row in rows}


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


async def add_contacts(
    connection: Connection, registrations: Sequence[Registration], raw_ids: Mapping[UUID, UUID]
) -> None:
    """Store contacts that are not there yet: their messages were new."""
    await connection.execute(
        """
        INSERT INTO contact (id, channel, account, provider_id, person_id, raw_id, occurred_at,
                             purpose, language, lane, effect)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[],
                             $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[])
        """,
        [row.contact_id for row in registrations],
        [row.message.channel for row in registrations],
        [row.message.account for row in registrations],
        [row.message.provider_id for row in registrations],
        [row.person_id for row in registrations],
        [raw_ids[row.contact_id] for row in registrations],
        [row.message.occurred_at for row in registrations],
        [row.message.purpose for row in registrations],
        [row.message.language for row in registrations],
        [row.lane for row in registrations],
        [row.effect for row in registrations],
    )


async def add_people(connection: Connection, people: Sequence[Person], vault: Vault) -> set[UUID]:
    """Put people into the vault whom it does not know, and say which those are."""
    rows = sorted({person.id: person for person in people}.values(), key=lambda person: person.id)
    if not rows:
        return set()
    fresh = await connection.fetch(
        """
        INSERT INTO contact_point (person_id, channel, account, address_sealed, name_sealed)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
        ON CONFLICT DO NOTHING
        RETURNING person_id
        """,
        [person.id for person in rows],
        [person.message.channel for person in rows],
        [person.message.account for person in rows],
        [_seal(vault, person.message.sender.address or "", person.id) for person in rows],
        [_seal(vault, person.message.sender.name, person.id) for person in rows],
    )
    return {row["person_id"] for row in fresh}


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
            INSERT INTO case_file (id, number, contact_id, person_id, opened_at, channel, account, text, place,
                                   latitude, longitude)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[],
                                 $7::text[], $8::text[], $9::jsonb[], $10::float8[], $11::float8[])
            """,
            [case.id for _, case in opened],
            [given[case.id] for _, case in opened],
            [row.contact_id for row, _ in opened],
            [row.person_id for row, _ in opened],
            [row.message.occurred_at for row, _ in opened],
            [row.message.channel for row, _ in opened],
            [row.message.account for row, _ in opened],
            [case.text[:SHOWN_LETTERS_MAX] for _, case in opened],
            [_told(row.message.place) for row, _ in opened],
            [row.message.place.latitude for row, _ in opened],
            [row.message.place.longitude for row, _ in opened],
        )
    joined = [(row.contact_id, case.case_id) for row in registrations for case in row.joins]
    if joined:
        await connection.execute(
            "INSERT INTO joined_case (contact_id, case_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
            [contact for contact, _ in joined],
            [case for _, case in joined],
        )
    return given


def _told(place: Place) -> str | None:
    return place.model_dump_json(exclude_none=True) if place != _NOWHERE else None


def _seal(vault: Vault, text: str | None, bound_to: UUID) -> bytes | None:
    return None if text is None else vault.seal(text.encode("utf-8", "replace"), bound_to)
