"""Batch consumption: deliveries in, one transaction for all of them, acknowledged after its commit."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.message import RabbitMessage
from faststream.rabbit.schemas import QueueType
from pydantic import ValidationError
from pydantic_core import to_json

from shared import metrics
from shared.contracts import Message, unpack
from shared.database import Connection, is_away
from shared.ids import new_id
from shared.messaging.outbox import Outbox, Outgoing, Parcel
from shared.messaging.outcomes import Never
from shared.text import clean

log = structlog.get_logger()

EVENTS_MAX: Final = 500
PREFETCH: Final = 64
# Waits before the next attempt of one failed event, times a random 0.5-1.5; after the last it is shelved.
RETRY_SECONDS: Final = (2, 10, 60, 600, 3600, 6 * 3600, 12 * 3600)
RETRY_POLL_SECONDS: Final = 1.0
RETRY_BATCH_MAX: Final = 50
AWAY_SECONDS_MAX: Final = 5.0
# After so many tries with a database that answers others, it is the batch that is at fault.
AWAY_TRIES_MAX: Final = 8
REASON_MAX: Final = 2000
_SHELVE: Final = (
    "INSERT INTO dead_letter (id, consumer, event_id, body, reason, attempts) VALUES ($1, $2, $3, $4, $5, $6)"
)

_WAIT: Final = """
    INSERT INTO retry (consumer, event_id, body, attempts, due_at, last_error)
    VALUES ($1, $2, $3, $4, now() + $5, $6)
    ON CONFLICT (consumer, event_id) DO UPDATE
    SET attempts = EXCLUDED.attempts, due_at = EXCLUDED.due_at, last_error = EXCLUDED.last_error
    """


@dataclass
class Unit:
    """One transaction: what the handler reads and writes through, and what it wants published after the commit."""

    connection: Connection
    consumer: str
    outgoing: list[Outgoing] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    postponed: list[tuple[Message, str]] = field(default_factory=list)

    def postpone(self, event: Message, reason: str) -> None:
        """Let one event wait for its next attempt, so that its neighbours go on; the rest of it takes no effect."""
        self.postponed.append((event, reason))

    async def shelve(self, event: Message, reason: str) -> None:
        """Put one event on the shelf within this transaction, so that its neighbours go on."""
        reason = _told(reason)
        await self.connection.execute(_SHELVE, new_id(), self.consumer, event.id, _body(event), reason, 1)
        metrics.EVENTS.labels(consumer=self.consumer, outcome="never").inc()
        log.error("shelved", consumer=self.consumer, event_id=str(event.id), reason=reason[:200])

    def publish(self, *messages: Outgoing) -> None:
        """Publish these when, and only when, the transaction commits."""
        self.outgoing.extend(messages)


Handler = Callable[[Unit, Sequence[Message]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Delivery:
    message: RabbitMessage
    events: list[Message]


class Consumer:
    """Feeds the events of some queues to a handler, in batches, each event exactly once.

    `kinds` are the messages the handler acts on; others in an envelope are passed over, or shelved where programs
    that are not ours publish (`outsiders_write`): they must not vanish there. Each queue is its own
    lane with its own prefetch, so that a long one never holds up another. `linger_seconds` makes larger batches
    where freshness within that time is enough; `gate` is awaited before each batch, e.g. for room further on.
    """

    def __init__(
        self,
        name: str,
        queues: Sequence[str],
        kinds: Sequence[type[Message]],
        handler: Handler,
        *,
        prefetch: int = PREFETCH,
        outsiders_write: bool = False,
        linger_seconds: float = 0.0,
        gate: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self._outsiders_write = outsiders_write
        self._linger_seconds = linger_seconds
        self._gate = gate
        self.queues = tuple(queues)
        self._kinds = {kind.type_name(): kind for kind in kinds}
        self._handler = handler
        self._prefetch = prefetch
        self._lanes = [asyncio.Queue[RabbitMessage]() for _ in queues]  # bounded by the prefetch
        self._publishing: set[asyncio.Task[bool]] = set()
        self._busy_lanes = 0
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    def subscribe(self, broker: RabbitBroker) -> None:
        """Register with FastStream: it delivers raw bytes, we acknowledge by hand after the commit."""
        for queue, lane in zip(self.queues, self._lanes, strict=True):
            broker.subscriber(
                RabbitQueue(queue, queue_type=QueueType.QUORUM, durable=True, declare=False),
                ack_policy=AckPolicy.MANUAL,
                channel=Channel(prefetch_count=self._prefetch),
                decoder=_whole,
                title=f"{self.name} <- {queue}",
            )(_taker(lane))

    async def run(self, pool: asyncpg.Pool, outbox: Outbox) -> None:
        """Consume for ever. Cancel to stop: what was not committed is delivered again."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._run_lane(lane, pool, outbox))
            group.create_task(self._retry_forever(pool, outbox))

    async def drain(self) -> None:
        """Take nothing more; wait until no batch is being worked on and every publish of this process ended."""
        self._draining = True
        await self._idle.wait()
        await asyncio.gather(*self._publishing, return_exceptions=True)

    async def _run_lane(self, lane: asyncio.Queue[RabbitMessage], pool: asyncpg.Pool, outbox: Outbox) -> None:
        while True:
            first = await lane.get()
            if self._draining:
                return  # unacknowledged: it is delivered again, to somebody who stays
            self._busy_lanes += 1
            self._idle.clear()
            try:
                deliveries = await self._collect(first, lane, pool)
                await self._settle([event for delivery in deliveries for event in delivery.events], pool, outbox)
                await self._acknowledge(deliveries)
            finally:
                self._busy_lanes -= 1
                if self._busy_lanes == 0:
                    self._idle.set()

    async def _collect(
        self, first: RabbitMessage, lane: asyncio.Queue[RabbitMessage], pool: asyncpg.Pool
    ) -> list[_Delivery]:
        """What is here already, up to `EVENTS_MAX` events, after lingering where nobody waits for this consumer."""
        if self._linger_seconds:
            await asyncio.sleep(self._linger_seconds)
        if self._gate is not None:
            await self._gate()
        deliveries = [await self._decode(first, pool)]
        events = len(deliveries[0].events)
        while events < EVENTS_MAX and not lane.empty():
            deliveries.append(await self._decode(lane.get_nowait(), pool))
            events += len(deliveries[-1].events)
        return deliveries

    async def _decode(self, message: RabbitMessage, pool: asyncpg.Pool) -> _Delivery:
        """The events of a delivery this consumer knows; what cannot be read is shelved, its neighbours go on."""
        try:
            parts = unpack(message.body)
        except (ValueError, RecursionError) as error:
            await self._shelve(pool, None, message.body, f"not a message: {error}", attempts=1)
            return _Delivery(message, [])
        events = []
        for part in parts:
            try:
                event = self._event(part)
            except Never as error:
                body = message.body if len(parts) == 1 else to_json(part)
                await self._shelve(pool, None, body, str(error), attempts=1)
            else:
                events += [event] if event else []
        return _Delivery(message, events)

    def _event(self, part: dict[str, Any]) -> Message | None:
        """The event, None for one to pass over. Raises Never for what no contract describes."""
        name = str(part.get("type"))
        kind = self._kinds.get(name)
        if kind is not None:
            try:
                return kind.model_validate(part)
            except ValidationError as error:
                raise Never(_explain(error)) from error
        if name not in Message.registry:
            raise Never(f"no contract is called {name!r}")
        if self._outsiders_write:
            raise Never(f"{name} does not belong here")
        return None

    async def _settle(self, events: list[Message], pool: asyncpg.Pool, outbox: Outbox) -> None:
        """Apply the events; while the database is away hold them, and split a batch that fails."""
        wait, tries = 0.1, 0
        while events:
            tries += 1
            try:
                await self._apply(events, pool, outbox)
                return
            except Exception as error:
                if is_away(error) and (tries < AWAY_TRIES_MAX or not await _answers(pool)):
                    log.warning("database_away", consumer=self.name, reason=repr(error), wait_seconds=wait)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, AWAY_SECONDS_MAX)
                elif len(events) == 1:
                    await self._set_aside(events[0], error, pool)
                    return
                else:
                    log.warning("batch_split", consumer=self.name, events=len(events), reason=repr(error))
                    for event in events:
                        await self._settle([event], pool, outbox)
                    return

    async def _apply(self, events: Sequence[Message], pool: asyncpg.Pool, outbox: Outbox) -> None:
        """One transaction: inbox, the handler's changes, outbox. Publishing starts right after the commit."""
        began = time.perf_counter()
        async with pool.acquire() as connection, connection.transaction():
            fresh = await self._take(connection, events)
            unit = Unit(connection, self.name)
            parcel = None
            if fresh:
                await self._handler(unit, fresh)
                await self._let_wait(unit, tried=0)
                parcel = await outbox.add(connection, unit.outgoing)
        self._count(fresh, len(events), time.perf_counter() - began)
        self._finish(unit, parcel, outbox)

    async def _take(self, connection: Connection, events: Sequence[Message]) -> list[Message]:
        """The events that did not take effect yet, in their order; sorted insert, so that replicas cannot deadlock."""
        rows = await connection.fetch(
            """
            INSERT INTO inbox (consumer, event_id)
            SELECT $1, unnest($2::uuid[])
            ON CONFLICT DO NOTHING
            RETURNING event_id
            """,
            self.name,
            sorted({event.id for event in events}),
        )
        left = {UUID(int=row["event_id"].int) for row in rows}
        fresh = []
        for event in events:
            if event.id in left:
                left.discard(event.id)
                fresh.append(event)
        return fresh

    def _count(self, fresh: Sequence[Message], offered: int, seconds: float) -> None:
        metrics.EVENTS.labels(consumer=self.name, outcome="done").inc(len(fresh))
        metrics.EVENTS.labels(consumer=self.name, outcome="repeated").inc(offered - len(fresh))
        metrics.BATCH_EVENTS.labels(consumer=self.name).observe(offered)
        metrics.BATCH_SECONDS.labels(consumer=self.name).observe(seconds)
        log.debug("batch", consumer=self.name, fresh=len(fresh), repeated=offered - len(fresh), seconds=seconds)

    def _finish(self, unit: Unit, parcel: Parcel | None, outbox: Outbox) -> None:
        for action in unit.after_commit:
            action()
        if parcel is not None:
            task = asyncio.create_task(outbox.publish(parcel))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)

    async def _acknowledge(self, deliveries: Sequence[_Delivery]) -> None:
        for delivery in deliveries:
            try:
                await delivery.message.raw_message.ack()
            except Exception as error:  # the channel died: the broker delivers again, the inbox knows
                log.warning("ack_failed", consumer=self.name, reason=repr(error))

    async def _let_wait(self, unit: Unit, tried: int) -> None:
        """Take postponed events out of the inbox again and into the waiting room; after the last attempt shelve."""
        if not unit.postponed:
            return
        if tried >= len(RETRY_SECONDS):
            for event, reason in unit.postponed:
                await unit.shelve(event, f"in vain {tried + 1} times: {reason}")
            return
        ids = [event.id for event, _ in unit.postponed]
        await unit.connection.execute("DELETE FROM inbox WHERE consumer = $1 AND event_id = ANY($2)", self.name, ids)
        await unit.connection.executemany(
            _WAIT,
            [
                (self.name, event.id, _body(event), tried + 1, _delay(tried + 1), _told(reason))
                for event, reason in unit.postponed
            ],
        )
        metrics.EVENTS.labels(consumer=self.name, outcome="not_now").inc(len(ids))

    async def _set_aside(self, event: Message, error: Exception, pool: asyncpg.Pool, tried: int = 0) -> None:
        """Let one failed event wait for its next attempt, or shelve it."""
        attempts = tried + 1
        body = _body(event)
        if isinstance(error, Never) or attempts > len(RETRY_SECONDS):
            await self._shelve(pool, event.id, body, _explain(error), attempts)
            return
        await self._until_stored(pool, _WAIT, self.name, event.id, body, attempts, _delay(attempts), _explain(error))
        metrics.EVENTS.labels(consumer=self.name, outcome="not_now").inc()
        log.warning("set_aside", consumer=self.name, event_id=str(event.id), attempts=attempts, reason=_explain(error))

    async def _shelve(self, pool: asyncpg.Pool, event_id: UUID | None, body: bytes, reason: str, attempts: int) -> None:
        reason = _told(reason)
        await self._until_stored(pool, _SHELVE, new_id(), self.name, event_id, body, reason, attempts)
        metrics.EVENTS.labels(consumer=self.name, outcome="never").inc()
        log.error("shelved", consumer=self.name, event_id=str(event_id), attempts=attempts, reason=reason[:200])

    async def _until_stored(self, pool: asyncpg.Pool, statement: str, *values: object) -> None:
        wait = 0.1
        while True:
            try:
                await pool.execute(statement, *values)
                return
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(wait)
                wait = min(wait * 2, AWAY_SECONDS_MAX)

    async def _retry_forever(self, pool: asyncpg.Pool, outbox: Outbox) -> None:
        while True:
            await asyncio.sleep(RETRY_POLL_SECONDS * random.uniform(0.8, 1.2))
            try:
                rows = await pool.fetch(
                    "SELECT event_id FROM retry WHERE consumer = $1 AND due_at <= now() ORDER BY due_at LIMIT $2",
                    self.name,
                    RETRY_BATCH_MAX,
                )
                for row in rows:
                    await self._retry(row["event_id"], pool, outbox)
            except Exception as error:
                if not is_away(error):
                    log.exception("retry_failed", consumer=self.name)

    async def _retry(self, event_id: UUID, pool: asyncpg.Pool, outbox: Outbox) -> None:
        """One more attempt; several replicas may try: the row's lock lets one through."""
        row, event = None, None
        try:
            async with pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(
                    """
                    DELETE FROM retry
                    WHERE (consumer, event_id) IN (
                        SELECT consumer, event_id FROM retry
                        WHERE consumer = $1 AND event_id = $2
                        FOR UPDATE SKIP LOCKED)
                    RETURNING body, attempts
                    """,
                    self.name,
                    event_id,
                )
                if row is None:
                    return
                event = await self._read(connection, event_id, row)
                if event is None:
                    return
                fresh = await self._take(connection, [event])
                unit = Unit(connection, self.name)
                parcel = None
                if fresh:
                    await self._handler(unit, fresh)
                    await self._let_wait(unit, tried=row["attempts"])
                    parcel = await outbox.add(connection, unit.outgoing)
            self._count(fresh, 1, 0)
            self._finish(unit, parcel, outbox)
        except Exception as error:
            if is_away(error) or row is None or event is None:
                raise
            await self._set_aside(event, error, pool, tried=row["attempts"])
            if isinstance(error, Never) or row["attempts"] >= len(RETRY_SECONDS):
                await pool.execute("DELETE FROM retry WHERE consumer = $1 AND event_id = $2", self.name, event_id)

    async def _read(self, connection: Connection, event_id: UUID, row: asyncpg.Record) -> Message | None:
        """The event that waits; one that no contract knows any more is shelved, so that the others go on."""
        try:
            part = unpack(row["body"])[0]
            return self._kinds[str(part.get("type"))].model_validate(part)
        except (KeyError, ValueError) as error:
            values = (new_id(), self.name, event_id, row["body"], _explain(error), row["attempts"])
            await connection.execute(_SHELVE, *values)
            return None


async def _answers(pool: asyncpg.Pool) -> bool:
    try:
        return await pool.fetchval("SELECT true", timeout=2) is True
    except Exception:
        return False


async def _whole(message: RabbitMessage) -> RabbitMessage:
    """FastStream passes the decoded body on: the whole message, so that it can be acknowledged later."""
    return message


def _taker(lane: asyncio.Queue[RabbitMessage]) -> Callable[[RabbitMessage], Awaitable[None]]:
    async def take(message: RabbitMessage) -> None:
        lane.put_nowait(message)

    return take


def _body(event: Message) -> bytes:
    return event.model_dump_json(exclude_none=True).encode()


def _delay(attempts: int) -> timedelta:
    return timedelta(seconds=RETRY_SECONDS[attempts - 1] * random.uniform(0.5, 1.5))


def _explain(error: Exception) -> str:
    """What went wrong without the values: they may be a citizen's."""
    return _told(_words(error))


def _told(reason: str) -> str:
    """A reason as PostgreSQL takes it: a fault may quote anything."""
    return clean(reason[:REASON_MAX])[:REASON_MAX]


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors(include_input=False))
        return f"breaks its contract {error.title}: {wrong}"
    if isinstance(error, asyncpg.PostgresError):
        return f"{type(error).__name__}: {error.args[0] if error.args else ''}"
    return f"{type(error).__name__}: {error}"
