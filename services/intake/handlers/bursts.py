"""Gathers what one sender writes within seconds, and registers it as one contact when the burst is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake import store
from services.intake.domain import Arrival
from services.intake.domain.bursts import Split, Waiting, can_wait, combine, split
from services.intake.handlers.registering import Registrar
from shared.contracts import MessageReceived
from shared.messaging import Unit

# Later in their order than whatever waits in the database.
_NEW: Final = 1 << 62


@dataclass(frozen=True)
class Bursts:
    """`window`: how long after one message the next of the same sender may still belong to it; zero: never."""

    registrar: Registrar
    window: timedelta

    async def gather(self, unit: Unit, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Keep the messages whose burst may go on; return what is to be registered now, in its order."""
        waiting, at_once = self._sort(arrivals)
        if not waiting:
            return list(arrivals)
        now = datetime.now(UTC)
        started = await store.open_bursts(unit.connection, waiting)
        splits = {person: self._split(rows, now) for person, rows in waiting.items() if person not in started}
        pending = started | {person for person, found in splits.items() if found.waiting}
        if pending:
            await store.lock_bursts(unit.connection, pending, now)
            stored = await store.waiting_messages(unit.connection, pending, self.registrar.vault)
            both = {person: [*stored.get(person, ()), *waiting[person]] for person in pending}
            splits |= {person: self._split(rows, now) for person, rows in both.items()}
            fresh = {row.id for rows in waiting.values() for row in rows}
            await self._keep(unit, {person: splits[person] for person in pending}, fresh)
        return [*at_once, *(self._arrival(run) for found in splits.values() for run in found.over)]

    async def end(self, unit: Unit, now: datetime, bursts_max: int) -> int:
        """Register some of the bursts that are over; how many."""
        due = await store.due_bursts(unit.connection, now, bursts_max)
        if due:
            stored = await store.waiting_messages(unit.connection, due, self.registrar.vault)
            splits = {person: self._split(stored.get(person, ()), now) for person in due}
            await self._keep(unit, splits, fresh=set())
            arrivals = [self._arrival(run) for found in splits.values() for run in found.over]
            await self.registrar.register(unit, arrivals)
        return len(due)

    def _sort(self, arrivals: Sequence[Arrival]) -> tuple[dict[UUID, list[Waiting]], list[Arrival]]:
        waiting: dict[UUID, list[Waiting]] = {}
        at_once: list[Arrival] = []
        now = datetime.now(UTC)
        for place, row in enumerate(arrivals):
            if row.person_id and self.window and self._waits(row.message):
                message = Waiting(row.contact_id, row.message, row.person_id, row.raw_id, now, _NEW + place)
                waiting.setdefault(row.person_id, []).append(message)
            else:
                at_once.append(row)
        return waiting, at_once

    async def _keep(self, unit: Unit, splits: Mapping[UUID, Split], fresh: set[UUID]) -> None:
        """Store what goes on waiting, and forget what is over."""
        over = [row.id for found in splits.values() for run in found.over for row in run]
        ended = [person for person, found in splits.items() if not found.waiting]
        await store.end_bursts(unit.connection, ended, over)
        due = {person: found.due_at for person, found in splits.items() if found.due_at}
        rows = [row for found in splits.values() for row in found.waiting if row.id in fresh]
        if due:
            await store.keep_waiting(unit.connection, due, rows, self.registrar.vault)

    def _waits(self, message: MessageReceived) -> bool:
        return can_wait(message) and self.registrar.rules.notices.wish(message) is None

    def _split(self, rows: Sequence[Waiting], now: datetime) -> Split:
        return split(rows, self.window, now, self.registrar.rules.alarms)

    def _arrival(self, run: Sequence[Waiting]) -> Arrival:
        return Arrival(
            message=combine(run),
            raw_id=run[0].raw_id,
            person_id=run[0].person_id,
            number_id=self.registrar.number_id(run[0].message),
            message_ids=tuple(row.message.provider_id for row in run),
            last_message_at=run[-1].message.occurred_at,
        )
