"""Intake's tables: one transaction registers a batch of contacts, their cases and the vault's new people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.intake.domain import Numbers, Registration
from shared.contracts import Channel, Effect, MessageReceived
from shared.database import Connection
from shared.vault import Vault


@dataclass(frozen=True, slots=True)
class Raw:
    """A message as it came."""

    id: UUID
    channel: Channel
    body: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """A pseudonym and, for this transaction only, who stands behind it."""

    id: UUID
    message: MessageReceived


async def keep_raw(connection: Connection, raws: Sequence[Raw], vault: Vault) -> None:
    """Store messages as they came, sealed; one that is kept already stays as it is."""
    await connection.execute(
        """
        INSERT INTO raw_message (id, channel, sealed)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
        ON CONFLICT DO NOTHING
        """,
        [raw.id for raw in raws],
        [raw.channel for raw in raws],
        [vault.seal(raw.body, raw.id) for raw in raws],
    )


async def owners_of(connection: Connection, numbers: Collection[str]) -> Mapping[str, tuple[UUID, UUID | None]]:
    """The case and the person behind each of these tracking numbers."""
    if not numbers:
        return {}
    rows = await connection.fetch("SELECT number, id, person_id FROM case_file WHERE number = ANY($1)", list(numbers))
    return {row["number"]: (row["id"], row["person_id"]) for row in rows}


async def add_contacts(
    connection: Connection, registrations: Sequence[Registration], raw_ids: Mapping[UUID, UUID]
) -> set[UUID]:
    """Store the contacts that are new, by the provider's id, and say which those are."""
    rows = sorted(registrations, key=lambda row: (row.message.channel, row.message.account, row.message.provider_id))
    fresh = await connection.fetch(
        """
        INSERT INTO contact (id, channel, account, provider_id, person_id, raw_id, occurred_at,
                             purpose, language, lane, effect)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[],
                             $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[])
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        [row.contact_id for row in rows],
        [row.message.channel for row in rows],
        [row.message.account for row in rows],
        [row.message.provider_id for row in rows],
        [row.person_id for row in rows],
        [raw_ids[row.contact_id] for row in rows],
        [row.message.occurred_at for row in rows],
        [row.message.purpose for row in rows],
        [row.message.language for row in rows],
        [row.lane for row in rows],
        [row.effect for row in rows],
    )
    return {row["id"] for row in fresh}


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
            INSERT INTO case_file (id, number, contact_id, person_id, opened_at)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[])
            """,
            [case.id for _, case in opened],
            [given[case.id] for _, case in opened],
            [row.contact_id for row, _ in opened],
            [row.person_id for row, _ in opened],
            [row.message.occurred_at for row, _ in opened],
        )
    joined = [(row.contact_id, case.case_id) for row in registrations for case in row.joins]
    if joined:
        await connection.execute(
            "INSERT INTO joined_case (contact_id, case_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
            [contact for contact, _ in joined],
            [case for _, case in joined],
        )
    return given


async def keep_web_replies(connection: Connection, replies: Sequence[tuple[UUID, str, str, str | None]]) -> None:
    """Keep replies (id, submission, text, number) for the page of the citizen who used the form."""
    await connection.executemany(
        """
        INSERT INTO web_reply (id, submission_id, text, number)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        replies,
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """What a citizen who used the form may see: the numbers of the cases, and the replies so far."""

    numbers: tuple[str, ...]
    replies: tuple[str, ...]


async def submission(pool: asyncpg.Pool, submission_id: str) -> Submission | None:
    """What became of a form, None while it is on its way. Whoever knows its id may ask: 122 random bits."""
    row = await pool.fetchrow(
        """
        SELECT contact.id,
               array(SELECT number FROM case_file WHERE contact_id = contact.id
                     UNION
                     SELECT number FROM case_file JOIN joined_case ON joined_case.case_id = case_file.id
                     WHERE joined_case.contact_id = contact.id) AS numbers,
               -- A reply's id begins with the time of the event it tells of.
               array(SELECT web_reply.text FROM web_reply
                     WHERE web_reply.submission_id = $1 ORDER BY web_reply.id) AS replies
        FROM contact
        WHERE channel = 'web' AND account = 'main' AND provider_id = $1
        """,
        submission_id,
    )
    return Submission(tuple(row["numbers"]), tuple(row["replies"])) if row else None


def _seal(vault: Vault, text: str | None, bound_to: UUID) -> bytes | None:
    return None if text is None else vault.seal(text.encode("utf-8", "replace"), bound_to)
