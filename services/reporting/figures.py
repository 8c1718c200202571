"""The figures: what `domain/asking.py` asks, answered."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

from services.reporting.domain.asking import CaseRow, Clock, ExactSpread, Overdue, Question, Row, Spread
from services.reporting.domain.bulletin import Printed, draw_up
from services.reporting.store import beside, cells, exact, facts, log
from shared.messaging import Service
from shared.municipality import Municipality


class Figures:
    """Answers from what is counted; every answer is one snapshot, as fresh as the last event."""

    def __init__(self, service: Service, place: Municipality) -> None:
        self._service = service
        self.place = place

    async def ask(self, question: Question) -> list[Row]:
        """How many cases, the largest first; by time where it is asked by time."""
        return await cells.ask(self._service.pool, question)

    async def spread(self, question: Question, clock: Clock) -> list[Spread]:
        """How long it took, in the order of `ask`; only what was timed."""
        return await cells.spread(self._service.pool, question, clock)

    async def exact_spread(self, question: Question, clock: Clock) -> list[ExactSpread]:
        """How long it took to the second, from every case: for a report that must be met exactly, not for a page."""
        return await exact.spread(self._service.pool, question, clock)

    async def overdue(self, question: Question) -> list[Overdue]:
        """Open cases that are late now."""
        return await facts.overdue(self._service.pool, question)

    def cases(self, question: Question, batch: int = 1000) -> AsyncIterator[list[CaseRow]]:
        """The cases themselves by their opening, `batch` at a time; close it when it is not read to its end."""
        return facts.cases(self._service.pool, question, batch)

    async def bulletin(self, first: date | None, last: date | None) -> Printed:
        """The bulletin of the cases opened between two days."""
        return draw_up(await cells.bulletin_facts(self._service.pool, first, last), self.place)

    async def surveys(self, first: date | None, last: date | None) -> list[dict[str, Any]]:
        """What citizens answered between two days when asked whether their case is solved, by who had it."""
        return await beside.surveys(self._service.pool, first, last)

    async def overview(self, first: date | None, last: date | None) -> dict[str, Any]:
        """Contacts, replies, and when the last event was counted."""
        pool = self._service.pool
        return {
            "contacts": await beside.contacts(pool, first, last),
            "notices": await beside.notices(pool),
            "last_at": await self.complete_up_to(),
        }

    async def complete_up_to(self) -> datetime | None:
        """When the last event was counted."""
        return await log.complete_up_to(self._service.pool)
