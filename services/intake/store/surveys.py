"""Whether closed cases are solved, as their citizens say: asked by the notifier, answered once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.intake.domain import Survey
from shared.contracts import NoticeRecorded
from shared.database import Connection


async def note_surveys(connection: Connection, notices: Sequence[NoticeRecorded]) -> None:
    """Note which surveys were sent, and to whom; safe to call twice."""
    rows = {notice.case_id: notice for notice in reversed(notices) if notice.case_id}
    await connection.execute(
        """
        INSERT INTO survey (case_id, person_id, number_id, asked_at)
        SELECT told.case_id, contact.person_id, contact_point.number_id, told.at
        FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS told (case_id, contact_id, at)
        JOIN case_file ON case_file.id = told.case_id
        JOIN contact ON contact.id = told.contact_id
        LEFT JOIN contact_point ON contact_point.person_id = contact.person_id
        ON CONFLICT (case_id) DO UPDATE
        SET person_id = EXCLUDED.person_id, number_id = EXCLUDED.number_id, asked_at = EXCLUDED.asked_at
        WHERE survey.asked_at IS NULL
        """,
        sorted(rows),
        [rows[case].contact_id for case in sorted(rows)],
        [rows[case].occurred_at for case in sorted(rows)],
    )


async def surveys_of(
    connection: Connection,
    people: Collection[UUID],
    number_ids: Collection[UUID],
    cases: Collection[UUID],
    since: datetime,
) -> tuple[Mapping[UUID, Survey], Mapping[UUID, Survey]]:
    """The last survey sent to each of these people or numbers since then, and those of these cases."""
    rows = await connection.fetch(
        """
        SELECT person_id AS asked_of, case_id, asked_at, solved
        FROM survey
        WHERE person_id = ANY($1) AND asked_at >= $4
        UNION ALL
        SELECT number_id, case_id, asked_at, solved
        FROM survey
        WHERE number_id = ANY($2) AND asked_at >= $4
        UNION ALL
        SELECT NULL, case_id, coalesce(asked_at, answered_at), solved FROM survey WHERE case_id = ANY($3)
        ORDER BY asked_at
        """,
        list(people),
        list(number_ids),
        list(cases),
        since,
    )
    found = [(row["asked_of"], Survey(row["case_id"], row["asked_at"], row["solved"])) for row in rows]
    by_asked = {asked_of: survey for asked_of, survey in found if asked_of is not None}
    return by_asked, {survey.case_id: survey for asked_of, survey in found if asked_of is None}


async def answer_surveys(connection: Connection, answers: Sequence[tuple[UUID, UUID, bool, datetime]]) -> set[UUID]:
    """Note answers (case, contact, solved, when) where there is none yet, the first of each case; the contacts whose
    answers are counted."""
    first = {row[0]: row for row in reversed(answers)}
    rows = [first[case] for case in sorted(first)]
    if not rows:
        return set()
    counted = await connection.fetch(
        """
        INSERT INTO survey (case_id, contact_id, solved, answered_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::timestamptz[])
        ON CONFLICT (case_id) DO UPDATE
        SET contact_id = EXCLUDED.contact_id, solved = EXCLUDED.solved, answered_at = EXCLUDED.answered_at
        WHERE survey.answered_at IS NULL
        RETURNING contact_id
        """,
        [case for case, _, _, _ in rows],
        [contact for _, contact, _, _ in rows],
        [solved for _, _, solved, _ in rows],
        [at for _, _, _, at in rows],
    )
    return {row["contact_id"] for row in counted}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came after a case was closed: its citizen's answer, and the number of the case that goes on about it."""

    solved: bool | None
    followed_by: str | None


async def aftermath(pool: asyncpg.Pool, case_id: UUID) -> Aftermath:
    """What came after the case, for its tracking page."""
    row = await pool.fetchrow(
        """
        SELECT (SELECT solved FROM survey WHERE case_id = $1) AS solved,
               (SELECT number FROM case_file WHERE follows = $1 ORDER BY opened_at DESC LIMIT 1) AS followed_by
        """,
        case_id,
    )
    return Aftermath(row["solved"], row["followed_by"]) if row else Aftermath(None, None)
