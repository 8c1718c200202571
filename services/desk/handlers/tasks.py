"""Tasks for people: taken in by the batch, settled once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

import structlog

from services.desk.domain import Reached, Settle, Task, TaskVerdict, judge_settling, settled, task_of
from services.desk.domain.identity import Identity
from services.desk.store import looks, scopes
from services.desk.store import tasks as task_store
from services.desk.store.tasks import Waiting
from shared.contracts import Message, TaskKind, TaskRequested
from shared.messaging import Service, Unit, single
from shared.messaging.topology import DESK
from shared.municipality import Municipality
from shared.vault import Vault

log = structlog.get_logger()


class NoSuchTask(Exception):
    """Raised when no task of that id was ever asked for."""


class TaskRefused(Exception):
    """Raised when a task is not settled so; `task` is how it stands."""

    def __init__(self, verdict: TaskVerdict, task: Task) -> None:
        super().__init__(verdict)
        self.verdict, self.task = verdict, task


class UnknownChoice(Exception):
    """Raised when a split names an owner or topic the municipality does not have, or whoever has the case already."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Tasks:
    """What waits for a person, and what people do with it."""

    service: Service
    vault: Vault
    place: Municipality

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """Put what is asked for in the list."""
        asked = [task_of(event) for event in events if isinstance(event, TaskRequested)]
        if asked:
            await task_store.add(unit.connection, asked, self.vault)

    async def settle(self, task_id: UUID, settle: Settle, by: str) -> Task:
        """Settle it once and tell who asked; the same again changes nothing.

        Raises NoSuchTask, TaskRefused, UnknownChoice.
        """
        async with self.service.pool.acquire() as connection, connection.transaction():
            task = await task_store.lock(connection, task_id)
            if task is None:
                raise NoSuchTask(task_id)
            verdict = judge_settling(task, settle, by)
            if verdict is TaskVerdict.REPEATED:
                return task
            if verdict is not None:
                raise TaskRefused(verdict, task)
            self._check(settle, task)
            task, told = settled(task, settle, by, datetime.now(UTC))
            await task_store.settle(connection, task)
            parcel = await self.service.outbox.add(connection, [single(DESK, f"settled.{task.source}", told)])
        log.info("task_settled", task_id=str(task_id), kind=task.kind, decision=settle.decision)
        self.service.outbox.publish_soon(parcel)
        return task

    def _check(self, settle: Settle, task: Task) -> None:
        """What nobody could act on is refused here, where the person can correct it."""
        for row in settle.chosen:
            if row.owner not in self._owners - {task.detail}:
                raise UnknownChoice(row.owner)
            if row.topic is not None and row.topic not in self._topics:
                raise UnknownChoice(row.topic)

    @cached_property
    def _owners(self) -> frozenset[str]:
        """Whoever can be given a case; the centre has all that nobody has."""
        everybody = (*self.place.departments, *self.place.institutions)
        return frozenset(row.code for row in everybody) - {self.place.solution_centre.code}

    @cached_property
    def _topics(self) -> frozenset[str]:
        return frozenset(topic.code for topic in self.place.topics)

    async def waiting(self, kind: TaskKind | None, limit: int, after: UUID | None = None) -> list[Task]:
        """What waits, urgent first, oldest first. Raises NoSuchTask for an `after` nobody knows."""
        mark = await self.find(after) if after else None
        return await task_store.waiting(self.service.pool, kind, limit, mark)

    async def counts(self) -> Mapping[TaskKind, Waiting]:
        """How many tasks of each kind wait."""
        return await task_store.counts(self.service.pool)

    async def find(self, task_id: UUID) -> Task:
        """A task without its address. Raises NoSuchTask."""
        task = await task_store.find(self.service.pool, task_id)
        if task is None:
            raise NoSuchTask(task_id)
        return task

    async def look(self, task_id: UUID, by: Identity) -> tuple[Task, Reached]:
        """A task with its address where it is theirs to see, and the look kept. Raises NoSuchTask."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            task = await task_store.find(connection, task_id)
            if task is None:
                raise NoSuchTask(task_id)
            if not task.has_address:
                return task, Reached()
            tips = await scopes.tips_among(connection, [task.case_id] if task.case_id else [])
            if not by.may_see_whom(is_tip=bool(tips)):
                return task, Reached(withheld=True)
            await looks.record(connection, by.name, "task", task_id)
            return task, await task_store.reached(connection, task_id, self.vault)
