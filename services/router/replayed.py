"""Finds cases that are not what their history tells; reads all of it, page by page, and changes nothing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from services.router import store
from services.router.domain.replaying import Broken, replay
from shared.contracts import CaseEvent, CaseOpened, Message
from shared.database import Connection

PAGE_MAX: Final = 500
_FIRST: Final = UUID(int=0)


async def unlike_their_histories(connection: Connection) -> AsyncIterator[UUID]:
    """The cases whose row is not the fold of their history, in the order of their ids."""
    after = _FIRST
    while cases := await store.page_of_cases(connection, after, PAGE_MAX):
        histories = await _histories(connection, list(cases))
        for case_id, case in cases.items():
            try:
                is_alike = replay(*histories[case_id]) == case
            except (Broken, KeyError):
                is_alike = False
            if not is_alike:
                yield case_id
        after = max(cases)


async def _histories(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, tuple[CaseOpened, list[CaseEvent]]]:
    rows = await connection.fetch(
        "SELECT case_id, type, event FROM case_history WHERE case_id = ANY($1) ORDER BY case_id, version", ids
    )
    found: dict[UUID, tuple[CaseOpened, list[CaseEvent]]] = {}
    for case_id, group in groupby(rows, key=lambda row: row["case_id"]):
        steps = [Message.registry[row["type"]].read(row["event"]) for row in group]
        told = [step for step in steps[1:] if isinstance(step, CaseEvent)]
        if isinstance(steps[0], CaseOpened):
            found[case_id] = (steps[0], told)
    return found
