"""What a caller asked before, on whatever channel the same number wrote or called."""

from collections.abc import Collection
from uuid import UUID

from shared.contracts import CaseState, Channel, EarlierCase
from shared.database import Connection

HISTORY_CASES_MAX = 20


async def histories(connection: Connection, number_ids: Collection[UUID]) -> dict[UUID, list[EarlierCase]]:
    """The cases of everybody behind each of these numbers, those still open first, then the newest."""
    rows = await connection.fetch(
        """
        SELECT asked.number_id, found.*
        FROM unnest($1::uuid[]) AS asked (number_id)
        CROSS JOIN LATERAL (
            SELECT case_file.id, case_file.number, case_file.channel, case_file.opened_at, case_file.state
            FROM contact_point JOIN case_file ON case_file.person_id = contact_point.person_id
            WHERE contact_point.number_id = asked.number_id
            ORDER BY case_file.state = 'closed', case_file.opened_at DESC
            LIMIT $2) AS found
        """,
        list(number_ids),
        HISTORY_CASES_MAX,
    )
    found: dict[UUID, list[EarlierCase]] = {}
    for row in rows:
        case = EarlierCase(
            case_id=row["id"],
            number=row["number"],
            channel=Channel(row["channel"]),
            opened_at=row["opened_at"],
            is_open=row["state"] != CaseState.CLOSED,
        )
        found.setdefault(row["number_id"], []).append(case)
    return {number: sorted(cases, key=lambda case: case.opened_at, reverse=True) for number, cases in found.items()}
