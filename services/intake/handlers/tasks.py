"""What people decided of intake's tasks: held contacts go on or end, parked payloads are read again, messages split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from services.intake import store
from services.intake.bodies import fetched
from services.intake.domain import Arrival
from services.intake.handlers.parking import Unreadable, park, read_one
from services.intake.handlers.receiving import Intake
from services.intake.handlers.splitting import split
from services.intake.store import Parked
from shared.contracts import Message, TaskDecision, TaskSettled
from shared.messaging import Unit

T = TypeVar("T")


@dataclass(frozen=True)
class Tasks:
    """`block_days`: for how long a sender stays blocked."""

    intake: Intake
    block_days: int

    async def settle(self, unit: Unit, events: Sequence[Message]) -> None:
        """Do what was decided; a task that was settled before stays as it is."""
        tasks = {event.task_id: event for event in reversed(events) if isinstance(event, TaskSettled)}
        if not tasks:
            return
        vault = self.intake.registrar.vault
        held = await store.settle_held(unit.connection, tasks, vault)
        parked = await store.settle_parked(unit.connection, tasks, vault)
        await store.settle_call_backs(unit.connection, tasks)
        await split(unit, tasks.values(), self.intake.registrar.numbers)
        await self._block(unit, tasks, held)
        await self.intake.registrar.register(unit, _released(tasks, held), was_held=True)
        await self._read_again(unit, _released(tasks, parked))

    async def _block(self, unit: Unit, tasks: dict[UUID, TaskSettled], held: dict[UUID, Arrival]) -> None:
        people = {
            arrival.person_id: (tasks[task].note[:200] or "held", tasks[task].by)
            for task, arrival in held.items()
            if arrival.person_id and tasks[task].decision is TaskDecision.BLOCK
        }
        if people:
            await store.block(unit.connection, people, datetime.now(UTC) + timedelta(days=self.block_days))

    async def _read_again(self, unit: Unit, rows: Sequence[Parked]) -> None:
        """One after the other, since each may fail in its own way; there are few."""
        for row in rows:
            for payload in await fetched(self.intake.objects, unit, [row.payload]):
                reading = read_one(payload)
                if isinstance(reading, Unreadable):
                    await park(unit, [reading], self.intake.registrar.vault, attempt=row.attempt + 1)
                else:
                    await self.intake.take_readings(unit, [(payload, reading)])


def _released(tasks: Mapping[UUID, TaskSettled], waiting: Mapping[UUID, T]) -> list[T]:
    return [row for task, row in waiting.items() if tasks[task].decision is TaskDecision.RELEASE]
