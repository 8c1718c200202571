"""Closings of cases and answers to surveys, by their case; whoever writes holds the lock of the case's fact."""

from collections.abc import Collection
from uuid import UUID

from services.reporting.domain.surveys import Answer, Closing
from shared.database import Connection


async def answers_of(connection: Connection, cases: Collection[UUID]) -> set[Answer]:
    """What was said of these cases until now."""
    rows = await connection.fetch(
        "SELECT event_id, case_id, at, channel, solved FROM survey_answer WHERE case_id = ANY($1)", list(cases)
    )
    return {Answer(*row) for row in rows}


async def closings_of(connection: Connection, cases: Collection[UUID]) -> set[Closing]:
    """How these cases were closed until now."""
    rows = await connection.fetch(
        "SELECT case_id, version, at, owner FROM case_closing WHERE case_id = ANY($1)", list(cases)
    )
    return {Closing(*row) for row in rows}


async def add_closings(connection: Connection, closings: Collection[Closing]) -> None:
    """Keep closings; one that is known is left as it is."""
    await connection.execute(
        """
        INSERT INTO case_closing (case_id, version, at, owner)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[])
        ON CONFLICT DO NOTHING
        """,
        *map(list, zip(*sorted(closings), strict=True)),
    )


async def add_answers(connection: Connection, answers: Collection[Answer]) -> None:
    """Keep answers."""
    await connection.execute(
        """
        INSERT INTO survey_answer (event_id, case_id, at, channel, solved)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bool[])
        """,
        *map(list, zip(*sorted(answers), strict=True)),
    )
