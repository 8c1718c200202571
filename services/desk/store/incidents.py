"""The further reports of a problem, and which other cases came of the same message."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.desk.domain import Report
from shared.database import Connection


@dataclass(frozen=True, slots=True)
class Related:
    """Another case of the same message. `assignment_id`: its item in the work list, None: it has none here."""

    case_id: UUID
    number: str
    owner: str
    topic: str | None
    is_open: bool
    assignment_id: UUID | None


async def add_reports(connection: Connection, reports: Sequence[Report]) -> set[UUID]:
    """Note reports that are not here yet; returns the cases that were new."""
    rows = await connection.fetch(
        """
        INSERT INTO incident_report (assignment_id, case_id, number, text, at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
        ON CONFLICT DO NOTHING
        RETURNING case_id
        """,
        [report.assignment_id for report in reports],
        [report.case_id for report in reports],
        [report.number for report in reports],
        [report.text for report in reports],
        [report.at for report in reports],
    )
    return {row["case_id"] for row in rows}


async def separate(connection: Connection, assignment_id: UUID, case_id: UUID) -> bool:
    """A report is another problem; False: it was no report of this one, or is none any more."""
    row = await connection.fetchrow(
        """
        UPDATE incident_report SET separated = true
        WHERE assignment_id = $1 AND case_id = $2 AND NOT separated
        RETURNING case_id
        """,
        assignment_id,
        case_id,
    )
    return row is not None


async def reports_of(pool: asyncpg.Pool, assignments: Collection[UUID], limit: int) -> list[Report]:
    """The newest reports that these items have besides their own case, without those that were separated."""
    rows = await pool.fetch(
        """
        SELECT assignment_id, case_id, number, text, at, separated
        FROM incident_report
        WHERE assignment_id = ANY($1) AND NOT separated
        ORDER BY at DESC, case_id
        LIMIT $2
        """,
        list(assignments),
        limit,
    )
    return [Report(**dict(row)) for row in rows]


async def related(pool: asyncpg.Pool, case_id: UUID) -> list[Related]:
    """The other cases that came of the same message, in the order of their numbers."""
    rows = await pool.fetch(
        """
        SELECT other.case_id, other.number, other.owner, other.topic, other.is_open,
               (SELECT assignment_id FROM work_item
                WHERE work_item.case_id = other.case_id
                ORDER BY offered_at DESC LIMIT 1) AS assignment_id
        FROM known_case AS this
        JOIN known_case AS other ON other.contact_id = this.contact_id AND other.case_id <> this.case_id
        WHERE this.case_id = $1
        ORDER BY other.number
        """,
        case_id,
    )
    return [Related(**dict(row)) for row in rows]


async def open_number(connection: Connection, case_id: UUID) -> str | None:
    """The number of an open case, whoever holds it; None: it is closed, or nobody here ever heard of it."""
    number = await connection.fetchval("SELECT number FROM known_case WHERE case_id = $1 AND is_open", case_id)
    return None if number is None else str(number)


async def open_case(pool: asyncpg.Pool, number: str) -> UUID | None:
    """The open case of a tracking number, with or without its hyphens; None: there is none."""
    digits = "".join(letter for letter in number if letter.isdecimal())
    hyphened = "-".join(digits[at : at + 3] for at in range(0, len(digits), 3))
    case_id = await pool.fetchval("SELECT case_id FROM known_case WHERE number = $1 AND is_open", hyphened)
    return UUID(int=case_id.int) if case_id else None


async def closed_among(pool: asyncpg.Pool, cases: Collection[UUID]) -> set[UUID]:
    """Which of these cases were closed since."""
    rows = await pool.fetch("SELECT case_id FROM known_case WHERE case_id = ANY($1) AND NOT is_open", list(cases))
    return {row["case_id"] for row in rows}
