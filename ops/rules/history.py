"""The router's history, read in a stream: any number of cases in the memory of a few."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from shared.contracts import CaseOpened, Message

ROWS_AT_A_TIME: Final = 500


async def cases_opened(connection: asyncpg.Connection, since: datetime) -> AsyncIterator[CaseOpened]:
    """What citizens said, the oldest first."""
    async with connection.transaction(readonly=True):
        rows = connection.cursor(
            """
            SELECT event
            FROM case_history
            WHERE version = 1 AND occurred_at >= $1
            ORDER BY occurred_at, case_id
            """,
            since,
            prefetch=ROWS_AT_A_TIME,
        )
        async for row in rows:
            yield CaseOpened.read(row["event"])


async def lives(
    connection: asyncpg.Connection, since: datetime, *kinds: type[Message]
) -> AsyncIterator[tuple[UUID, list[Message]]]:
    """The steps of these kinds of every case that was opened since, case by case, each in its order."""
    case: UUID | None = None
    steps: list[Message] = []
    async with connection.transaction(readonly=True):
        rows = connection.cursor(
            """
            SELECT step.case_id, step.type, step.event
            FROM case_history AS step
            JOIN case_history AS opened ON opened.case_id = step.case_id AND opened.version = 1
            WHERE opened.occurred_at >= $1 AND step.type = ANY($2)
            ORDER BY step.case_id, step.version
            """,
            since,
            [kind.type_name() for kind in kinds],
            prefetch=ROWS_AT_A_TIME,
        )
        async for row in rows:
            if row["case_id"] != case:
                if case is not None:
                    yield case, steps
                case, steps = row["case_id"], []
            steps.append(Message.registry[row["type"]].read(row["event"]))
    if case is not None:
        yield case, steps
