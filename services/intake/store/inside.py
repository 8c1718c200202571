"""What the case page asks of intake: what was told of a case, of its citizen and its place, and who they are."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

import asyncpg

from shared.contracts import CaseNumber, Channel, Purpose
from shared.contracts.inside import CONTACTS_MAX, EARLIER_MAX, KnownPerson, ToldContact, ToldEarlier, ToldFile
from shared.vault import Vault

NEAR_METRES: Final = 60.0  # a house and its neighbours
_METRES_PER_DEGREE: Final = 111_320.0


async def number_of(pool: asyncpg.Pool, case_id: UUID) -> str | None:
    """The tracking number of a case; None: there is no such case."""
    number = await pool.fetchval("SELECT number FROM case_file WHERE id = $1", case_id)
    return None if number is None else str(number)


async def told_contacts(pool: asyncpg.Pool, case_id: UUID) -> list[ToldContact]:
    """The contacts of a case in order of time, with their files; the latest where there are too many."""
    rows = await pool.fetch(
        """
        WITH told AS (
            SELECT contact_id, 'opened' AS effect FROM case_file WHERE id = $1
            UNION SELECT contact_id, 'joined' FROM joined_case WHERE case_id = $1
            UNION SELECT contact_id, 'linked' FROM linked_case WHERE case_id = $1)
        SELECT contact.id AS contact_id, contact.occurred_at AS at, contact.channel, told.effect, contact.kind,
               contact.purpose, contact.text,
               told.effect = 'opened' OR contact.person_id IS NOT DISTINCT FROM case_file.person_id
               OR contact.channel = 'web' AND contact.person_id IS NULL AS own
        FROM told
        JOIN contact ON contact.id = told.contact_id
        JOIN case_file ON case_file.id = $1
        ORDER BY contact.occurred_at DESC, (told.effect = 'opened'), contact.id DESC
        LIMIT $2
        """,
        case_id,
        CONTACTS_MAX,
    )
    files = await _files(pool, [row["contact_id"] for row in rows])
    return [
        ToldContact(
            **{
                **dict(row),
                "channel": Channel(row["channel"]),
                "purpose": Purpose(row["purpose"]),
                "files": tuple(files.get(row["contact_id"], ())),
            }
        )
        for row in reversed(rows)
    ]


async def cases_of_person(pool: asyncpg.Pool, case_id: UUID) -> list[ToldEarlier]:
    """The other cases of a case's citizen, by whatever channel of the same number or address; the newest first."""
    rows = await pool.fetch(
        """
        WITH own AS (
            SELECT person_id FROM case_file WHERE id = $1 AND person_id IS NOT NULL
        ), everybody AS (
            SELECT person_id FROM own
            UNION
            SELECT other.person_id
            FROM own
            JOIN contact_point AS this USING (person_id)
            JOIN contact_point AS other ON other.number_id = this.number_id)
        SELECT id AS case_id, number, opened_at, state <> 'closed' AS is_open, owner, topic
        FROM case_file
        WHERE person_id IN (SELECT person_id FROM everybody) AND id <> $1
        ORDER BY opened_at DESC, id
        LIMIT $2
        """,
        case_id,
        EARLIER_MAX,
    )
    return [ToldEarlier(**dict(row)) for row in rows]


async def cases_of_place(pool: asyncpg.Pool, case_id: UUID) -> list[ToldEarlier]:
    """Other cases within `NEAR_METRES` of a case, open or closed, the nearest first; none where no point is known."""
    rows = await pool.fetch(
        """
        WITH this AS (SELECT latitude, longitude, cos(radians(latitude)) AS narrowed FROM case_file WHERE id = $1),
        near AS (
            SELECT other.id AS case_id, number, opened_at, state <> 'closed' AS is_open, owner, topic,
                   sqrt(((other.latitude - this.latitude) * $4::float8) ^ 2
                        + ((other.longitude - this.longitude) * $4 * this.narrowed) ^ 2) AS metres
            FROM this
            JOIN case_file AS other
              ON other.latitude BETWEEN this.latitude - $3::float8 / $4 AND this.latitude + $3 / $4
             AND other.longitude BETWEEN this.longitude - $3 / ($4 * this.narrowed)
                                     AND this.longitude + $3 / ($4 * this.narrowed)
            WHERE other.id <> $1)
        SELECT * FROM near WHERE metres <= $3 ORDER BY metres, opened_at DESC LIMIT $2
        """,
        case_id,
        EARLIER_MAX,
        NEAR_METRES,
        _METRES_PER_DEGREE,
    )
    return [ToldEarlier(**dict(row)) for row in rows]


async def split_from(pool: asyncpg.Pool, case_id: UUID) -> CaseNumber | None:
    """The case of the same message that this one was split from; None: it was not split."""
    row = await pool.fetchrow(
        """
        SELECT first.id AS case_id, first.number
        FROM case_file AS this
        JOIN case_file AS first ON first.id = this.split_from
        WHERE this.id = $1
        """,
        case_id,
    )
    return CaseNumber(**dict(row)) if row else None


async def people_behind(pool: asyncpg.Pool, case_id: UUID, vault: Vault) -> list[KnownPerson]:
    """Everybody who told of a case, with every address we know of them; the citizen of the case first."""
    rows = await pool.fetch(
        """
        WITH people AS (
            SELECT person_id, true AS own FROM case_file WHERE id = $1
            UNION
            SELECT contact.person_id, contact.person_id = case_file.person_id
            FROM joined_case
            JOIN contact ON contact.id = joined_case.contact_id
            JOIN case_file ON case_file.id = $1
            WHERE joined_case.case_id = $1 AND contact.person_id IS NOT NULL),
        addresses AS (
            SELECT person_id, channel, address_sealed, name_sealed, false AS told FROM contact_point
            UNION ALL
            SELECT person_id, channel, address_sealed, NULL, true FROM told_point)
        SELECT person_id, channel, address_sealed, name_sealed, told, bool_or(own) AS own
        FROM people JOIN addresses USING (person_id)
        GROUP BY person_id, channel, address_sealed, name_sealed, told
        ORDER BY bool_or(own) DESC, person_id, told, channel
        LIMIT $2
        """,
        case_id,
        CONTACTS_MAX,
    )
    return [_person(row, vault) for row in rows]


def _person(row: asyncpg.Record, vault: Vault) -> KnownPerson:
    person_id, channel = UUID(int=row["person_id"].int), Channel(row["channel"])
    hides_address = channel is Channel.WEB and not row["told"]
    return KnownPerson(
        person_id=person_id,
        channel=channel,
        name=_opened(row["name_sealed"], person_id, vault),
        address=None if hides_address else _opened(row["address_sealed"], person_id, vault),
        told=row["told"],
        own=row["own"],
    )


def _opened(sealed: bytes | None, person_id: UUID, vault: Vault) -> str | None:
    return vault.open(sealed, person_id).decode() or None if sealed else None


async def _files(pool: asyncpg.Pool, contacts: Collection[UUID]) -> dict[UUID, list[ToldFile]]:
    rows = await pool.fetch(
        """
        SELECT id, contact_id, media_type, reason
        FROM file
        WHERE contact_id = ANY($1)
        ORDER BY told_at, position, id
        """,
        list(contacts),
    )
    found: dict[UUID, list[ToldFile]] = {}
    for row in rows:
        told = ToldFile(id=row["id"], media_type=row["media_type"], reason=row["reason"])
        found.setdefault(row["contact_id"], []).append(told)
    return found
