"""The outbox: what a transaction wants published is written in it, and published until the broker confirms."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from shared import metrics
from shared.contracts import Message, pack
from shared.database import Connection, is_away
from shared.ids import new_id
from shared.messaging.publisher import Publisher, Unconfirmed, Unroutable

log = structlog.get_logger()

SWEEP_SECONDS: Final = 1.0
SWEEP_PARCELS_MAX: Final = 20
# Younger parcels may still be in the hands of the process that wrote them.
SWEEP_AFTER_SECONDS: Final = 6.0
# A parcel that no queue takes is tried again so much later: what is in it besides goes out each time.
UNROUTABLE_PAUSE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way to the broker; the same `message_id` on every attempt."""

    exchange: str
    routing_key: str
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything one transaction wants published, in order."""

    id: UUID
    messages: tuple[Outgoing, ...]


def envelopes(exchange: str, routing_key: str, events: Sequence[Message]) -> list[Outgoing]:
    """Events for one destination as few messages as the envelope's limit allows."""
    return [Outgoing(exchange, routing_key, str(new_id()), body) for body in pack(events)]


def single(exchange: str, routing_key: str, message: Message) -> Outgoing:
    """One bare message, for consumers that are not ours."""
    return Outgoing(exchange, routing_key, str(message.id), message.model_dump_json(exclude_none=True).encode())


class Outbox:
    """Writes parcels within a transaction, publishes them after it; a sweeper publishes what a crash left."""

    def __init__(self, pool: asyncpg.Pool, publisher: Publisher) -> None:
        self._pool = pool
        self._publisher = publisher
        self._unroutable: dict[UUID, float] = {}  # when to try again
        self._in_hand: set[UUID] = set()
        self._beside: set[asyncio.Task[bool]] = set()

    async def add(self, connection: Connection, messages: Iterable[Outgoing]) -> Parcel | None:
        """Write a parcel in the caller's transaction. None when there is nothing to publish."""
        parcel = Parcel(new_id(), tuple(messages))
        if not parcel.messages:
            return None
        await connection.execute(
            """
            INSERT INTO outbox (id, exchanges, routing_keys, message_ids, bodies)
            VALUES ($1, $2, $3, $4, $5)
            """,
            parcel.id,
            [message.exchange for message in parcel.messages],
            [message.routing_key for message in parcel.messages],
            [message.message_id for message in parcel.messages],
            [message.body for message in parcel.messages],
        )
        return parcel

    async def publish(self, parcel: Parcel) -> bool:
        """Publish a committed parcel and mark it. False: it stays for the sweeper. Safe to call twice."""
        self._in_hand.add(parcel.id)
        try:
            await self._publisher.publish(parcel.messages)
            await self._mark([parcel.id])
        except Unconfirmed as error:
            log.warning("parcel_waits", parcel=str(parcel.id), reason=str(error))
            return False
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("parcel_unmarked", parcel=str(parcel.id), reason=str(error))
            return False
        finally:
            self._in_hand.discard(parcel.id)
        return True

    def publish_soon(self, parcel: Parcel | None) -> None:
        """Publish a committed parcel beside the answer to a person, who need not wait for the broker."""
        if parcel is not None:
            task = asyncio.create_task(self.publish(parcel))
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)

    async def _mark(self, ids: list[UUID]) -> None:
        # A lost mark only means publishing again, so this commit need not wait for the disk.
        await self._pool.execute(
            """
            WITH lazy AS (SELECT set_config('synchronous_commit', 'off', true))
            UPDATE outbox SET published_at = now()
            FROM lazy
            WHERE id = ANY($1)
            """,
            ids,
        )

    async def sweep_forever(self) -> None:
        """Publish what other hands left behind, oldest first, for ever."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                while await self._sweep() == SWEEP_PARCELS_MAX:
                    pass
            except Exception as error:
                if not is_away(error):
                    log.exception("sweep_failed")
                else:
                    log.warning("sweep_waits", reason=str(error))

    async def _sweep(self) -> int:
        """Publish some parcels that were left; how many were looked at, 0 when the broker is away."""
        now = time.monotonic()
        self._unroutable = {parcel: at for parcel, at in self._unroutable.items() if at > now}
        async with self._pool.acquire() as connection, connection.transaction():
            oldest = await connection.fetchval(
                "SELECT extract(epoch FROM now() - min(created_at))::float8 FROM outbox WHERE published_at IS NULL"
            )
            metrics.OUTBOX_OLDEST.set(oldest or 0)
            rows = await connection.fetch(
                """
                SELECT id, exchanges, routing_keys, message_ids, bodies
                FROM outbox
                WHERE published_at IS NULL
                  AND created_at < now() - make_interval(secs => $1)
                  AND id <> ALL($3::uuid[])
                ORDER BY created_at
                LIMIT $2
                FOR UPDATE SKIP LOCKED
                """,
                SWEEP_AFTER_SECONDS,
                SWEEP_PARCELS_MAX,
                [*self._unroutable, *self._in_hand],
            )
            for row in rows:
                columns = (row["exchanges"], row["routing_keys"], row["message_ids"], row["bodies"])
                try:
                    await self._publisher.publish([Outgoing(*parts) for parts in zip(*columns, strict=True)])
                except Unroutable as error:
                    log.error("parcel_unroutable", parcel=str(row["id"]), reason=str(error))
                    self._unroutable[row["id"]] = now + UNROUTABLE_PAUSE_SECONDS
                    continue
                except Unconfirmed as error:
                    log.warning("sweep_waits", reason=str(error))
                    return 0
                await connection.execute("UPDATE outbox SET published_at = now() WHERE id = $1", row["id"])
            if rows:
                log.info("swept", parcels=len(rows))
            return len(rows)
