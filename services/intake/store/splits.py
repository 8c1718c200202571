"""Further cases of a contact: one message that a person found to concern several owners."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from services.intake.domain import Numbers
from services.intake.store.contacts import SHOWN_LETTERS_MAX
from shared.contracts import Attachment, Channel, Decided, Lane, Place
from shared.database import Connection

_NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True)
class SplitContact:
    """The contact that opened a case, with what a further case takes over from both."""

    case_id: UUID
    contact_id: UUID
    person_id: UUID | None
    channel: Channel
    account: str
    provider: str | None
    language: Literal["tr", "en"]
    lane: Lane
    occurred_at: datetime
    last_message_id: str
    place: Place
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class FurtherCase:
    """A case that is opened beside the first; `text` is masked."""

    id: UUID
    contact: SplitContact
    text: str
    decided: Decided


async def contacts_of_cases(connection: Connection, cases: Collection[UUID]) -> Mapping[UUID, SplitContact]:
    """The contacts that opened these cases, by case, with the files that came with them."""
    rows = await connection.fetch(
        """
        SELECT case_file.id AS case_id, contact.id AS contact_id, contact.person_id, contact.channel, contact.account,
               contact.provider, contact.language, contact.lane, contact.occurred_at, case_file.place,
               coalesce((SELECT provider_id FROM inbound_message
                         WHERE inbound_message.contact_id = contact.id
                         ORDER BY position DESC LIMIT 1), contact.provider_id) AS last_message_id
        FROM case_file
        JOIN contact ON contact.id = case_file.contact_id
        WHERE case_file.id = ANY($1)
        """,
        list(cases),
    )
    files = await _files(connection, {row["contact_id"] for row in rows})
    return {
        row["case_id"]: SplitContact(
            **{
                **dict(row),
                "channel": Channel(row["channel"]),
                "place": Place.model_validate_json(row["place"]) if row["place"] else _NOWHERE,
                "attachments": tuple(files.get(row["contact_id"], ())),
            }
        )
        for row in rows
    }


async def open_further(connection: Connection, cases: Sequence[FurtherCase], numbers: Numbers) -> dict[UUID, str]:
    """Open cases that are not there yet, each with its number; returns the numbers of those that are new."""
    counts = await connection.fetch("SELECT nextval('case_count') AS count FROM generate_series(1, $1)", len(cases))
    rows = await connection.fetch(
        """
        INSERT INTO case_file (id, number, contact_id, person_id, opened_at, last_contact_at, channel, account,
                               text, place, latitude, longitude, lane, split_from)
        SELECT new.id, new.number, first.contact_id, first.person_id, first.opened_at, first.last_contact_at,
               first.channel, first.account, new.text, first.place, first.latitude, first.longitude, first.lane,
               first.id
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS new (id, number, text, split_from)
        JOIN case_file AS first ON first.id = new.split_from
        ON CONFLICT (id) DO NOTHING
        RETURNING id, number
        """,
        [case.id for case in cases],
        [numbers.at(row["count"]) for row in counts],
        [case.text[:SHOWN_LETTERS_MAX] for case in cases],
        [case.contact.case_id for case in cases],
    )
    return {row["id"]: row["number"] for row in rows}


async def _files(connection: Connection, contacts: Collection[UUID]) -> dict[UUID, list[Attachment]]:
    rows = await connection.fetch(
        """
        SELECT id, contact_id, media_type
        FROM file
        WHERE contact_id = ANY($1) AND state IN ('pending', 'kept')
        ORDER BY told_at, position
        """,
        list(contacts),
    )
    found: dict[UUID, list[Attachment]] = {}
    for row in rows:
        kind = {"media_type": row["media_type"]} if row["media_type"] else {}
        found.setdefault(row["contact_id"], []).append(Attachment(id=row["id"], provider_id=str(row["id"]), **kind))
    return found
