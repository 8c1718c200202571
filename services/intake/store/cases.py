"""Cases as intake sees them: a projection of what the router tells, for follow-ups, tracking page and open data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from shared.contracts import (
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseProgressed,
    CaseReturned,
    CaseState,
    Channel,
    Effect,
    Outcome,
    OwnerKind,
    Place,
    Purpose,
)
from shared.database import Connection

NEAR_CASES_MAX: Final = 50
_METRES_PER_DEGREE: Final = 111_320.0  # of latitude; of longitude at the equator
_COLUMNS: Final = """id, number, contact_id, person_id, channel, account, text, place, latitude, longitude, version,
    state, outcome, owner, owner_kind, topic, neighbourhood, opened_at, due_at, closed_at, updated_at"""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as the router told it last. `text` is masked and cut; `owner` is None until the router decided.

    `updated_at` is when we learned of its last step.
    """

    id: UUID
    number: str
    contact_id: UUID
    person_id: UUID | None
    channel: Channel
    account: str
    text: str
    place: Place
    latitude: float | None
    longitude: float | None
    version: int
    state: CaseState
    outcome: Outcome | None
    owner: str | None
    owner_kind: OwnerKind | None
    topic: str | None
    neighbourhood: str | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.state is not CaseState.CLOSED


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step in the life of a case; `kind` is the word of its fact, e.g. `assigned`.

    `text` is what the fact says in words. Only that of `asked` and `closed` is meant for the citizen.
    """

    version: int
    at: datetime
    kind: str
    state: CaseState
    owner: str
    owner_kind: OwnerKind
    outcome: Outcome | None
    text: str


@dataclass(frozen=True, slots=True)
class CaseContact:
    """A contact that opened a case or joined it."""

    id: UUID
    channel: Channel
    occurred_at: datetime
    purpose: Purpose
    effect: Effect


@dataclass(frozen=True, slots=True)
class NearCase:
    """An open case and how far it is; `metres` is None where the neighbourhood alone was asked for."""

    case: CaseFile
    metres: float | None


async def add_steps(connection: Connection, events: Sequence[CaseEvent]) -> None:
    """Fold the router's facts, in whatever order they come; safe to call twice."""
    await connection.execute(
        """
        INSERT INTO case_step (case_id, version, at, kind, state, owner, owner_kind, outcome, text)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::text[], $9::text[])
        ON CONFLICT DO NOTHING
        """,
        [event.case_id for event in events],
        [event.version for event in events],
        [event.occurred_at for event in events],
        [_kind(event) for event in events],
        [event.state for event in events],
        [event.owner for event in events],
        [event.owner_kind for event in events],
        [event.outcome for event in events],
        [_words(event) for event in events],
    )
    last = {event.case_id: event for event in sorted(events, key=lambda event: event.version)}
    assigned = {
        event.case_id: event
        for event in sorted(events, key=lambda event: event.version)
        if isinstance(event, CaseAssigned)
    }
    await _move([last[case_id] for case_id in sorted(last)], connection)
    await _assign([assigned[case_id] for case_id in sorted(assigned)], connection)


async def case_by_number(pool: asyncpg.Pool, number: str) -> CaseFile | None:
    """The case of that tracking number."""
    row = await pool.fetchrow(f"SELECT {_COLUMNS} FROM case_file WHERE number = $1", number)  # noqa: S608
    return _case(row) if row else None


async def steps_of(pool: asyncpg.Pool, case_id: UUID) -> list[CaseStep]:
    """What happened to a case, in order; that it was opened stands in the case itself."""
    rows = await pool.fetch(
        """
        SELECT version, at, kind, state, owner, owner_kind, outcome, text
        FROM case_step
        WHERE case_id = $1
        ORDER BY version
        """,
        case_id,
    )
    return [
        CaseStep(
            row["version"],
            row["at"],
            row["kind"],
            CaseState(row["state"]),
            row["owner"],
            OwnerKind(row["owner_kind"]),
            Outcome(row["outcome"]) if row["outcome"] else None,
            row["text"],
        )
        for row in rows
    ]


async def contacts_of(pool: asyncpg.Pool, case_id: UUID) -> list[CaseContact]:
    """The contacts that opened a case or joined it, in order of time."""
    rows = await pool.fetch(
        """
        SELECT id, channel, occurred_at, purpose, effect
        FROM contact
        WHERE id IN (SELECT contact_id FROM case_file WHERE id = $1
                     UNION ALL SELECT contact_id FROM joined_case WHERE case_id = $1)
        ORDER BY occurred_at, id
        """,
        case_id,
    )
    return [_contact(row) for row in rows]


async def additions_of(pool: asyncpg.Pool, case_id: UUID) -> list[CaseContact]:
    """What the citizen of a case added to it: by the same person, or by the tracking page; not what others told."""
    rows = await pool.fetch(
        """
        SELECT contact.id, contact.channel, contact.occurred_at, contact.purpose, contact.effect
        FROM joined_case
        JOIN contact ON contact.id = joined_case.contact_id
        JOIN case_file ON case_file.id = joined_case.case_id
        WHERE joined_case.case_id = $1
          AND (contact.person_id = case_file.person_id OR contact.channel = 'web' AND contact.person_id IS NULL)
        ORDER BY contact.occurred_at, contact.id
        """,
        case_id,
    )
    return [_contact(row) for row in rows]


async def open_cases_near(
    pool: asyncpg.Pool,
    latitude: float | None = None,
    longitude: float | None = None,
    metres: float = 150.0,
    topic: str | None = None,
    neighbourhood: str | None = None,
) -> list[NearCase]:
    """Open cases, the nearest first: round a point (WGS84), or all of a neighbourhood (official id).

    With both, those within `metres` and those that lie in the neighbourhood but tell no point, after them.
    The distance is that of a flat map: right to a metre in a thousand within a town.
    """
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS},
               sqrt(((latitude - $1) * $6) ^ 2 + ((longitude - $2) * $6 * cos(radians($1))) ^ 2) AS metres
        FROM case_file
        WHERE state <> 'closed'
          AND ($4::text IS NULL OR topic = $4)
          AND (latitude BETWEEN $1::float8 - $3::float8 / $6::float8 AND $1 + $3 / $6
               AND longitude BETWEEN $2::float8 - $3 / ($6 * cos(radians($1)))
                                 AND $2 + $3 / ($6 * cos(radians($1)))
               OR neighbourhood = $5::text AND ($1 IS NULL OR latitude IS NULL))
        ORDER BY metres NULLS LAST, opened_at DESC
        LIMIT $7
        """,  # noqa: S608
        latitude,
        longitude,
        metres,
        topic,
        neighbourhood,
        _METRES_PER_DEGREE,
        NEAR_CASES_MAX,
    )
    found = [NearCase(_case(row), row["metres"]) for row in rows]
    return [near for near in found if near.metres is None or near.metres <= metres or latitude is None]


async def people_of(pool: asyncpg.Pool, case_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many people told of each case; contacts without a sender count one each."""
    rows = await pool.fetch(
        """
        SELECT told.case_id, count(DISTINCT coalesce(contact.person_id, contact.id)) AS people
        FROM (SELECT id AS case_id, contact_id FROM case_file WHERE id = ANY($1)
              UNION SELECT case_id, contact_id FROM joined_case WHERE case_id = ANY($1)) AS told
        JOIN contact ON contact.id = told.contact_id
        GROUP BY told.case_id
        """,
        list(case_ids),
    )
    return {row["case_id"]: row["people"] for row in rows}


async def _move(events: Sequence[CaseEvent], connection: Connection) -> None:
    """Take the newest step of each case where it is newer than what is known."""
    await connection.execute(
        """
        UPDATE case_file
        SET version = told.version, state = told.state, outcome = told.outcome, owner = told.owner,
            owner_kind = told.owner_kind, updated_at = now(),
            closed_at = CASE WHEN told.state = 'closed' THEN told.at END
        FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
             AS told (id, version, state, outcome, owner, owner_kind, at)
        WHERE case_file.id = told.id AND case_file.version < told.version
        """,
        [event.case_id for event in events],
        [event.version for event in events],
        [event.state for event in events],
        [event.outcome for event in events],
        [event.owner for event in events],
        [event.owner_kind for event in events],
        [event.occurred_at for event in events],
    )


async def _assign(events: Sequence[CaseAssigned], connection: Connection) -> None:
    if not events:
        return
    await connection.execute(
        """
        UPDATE case_file
        SET assigned_version = told.version, topic = told.topic, neighbourhood = told.neighbourhood,
            due_at = told.due_at, updated_at = now()
        FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[])
             AS told (id, version, topic, neighbourhood, due_at)
        WHERE case_file.id = told.id AND case_file.assigned_version < told.version
        """,
        [event.case_id for event in events],
        [event.version for event in events],
        [event.topic for event in events],
        [event.neighbourhood for event in events],
        [event.due_at for event in events],
    )


def _kind(event: CaseEvent) -> str:
    """`assigned` of `case.assigned.v1`."""
    return event.type.split(".")[1]


def _words(event: CaseEvent) -> str:
    match event:
        case CaseAsked():
            return event.question
        case CaseClosed():
            return event.answer
        case CaseReturned():
            return event.reason
        case CaseProgressed():
            return event.note
        case _:
            return ""


def _contact(row: asyncpg.Record) -> CaseContact:
    return CaseContact(
        row["id"], Channel(row["channel"]), row["occurred_at"], Purpose(row["purpose"]), Effect(row["effect"])
    )


def _case(row: asyncpg.Record) -> CaseFile:
    values = {name: row[name] for name in CaseFile.__slots__}
    return CaseFile(
        **values
        | {
            "channel": Channel(row["channel"]),
            "place": Place.model_validate_json(row["place"]) if row["place"] else Place(),
            "state": CaseState(row["state"]),
            "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
            "owner_kind": OwnerKind(row["owner_kind"]) if row["owner_kind"] else None,
        }
    )
