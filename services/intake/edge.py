"""Makes a message safe before it is answered: confirmed on the intake queue, or else committed to the outbox."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog

from services.intake.bodies import put_away
from services.intake.channels import BothAway
from shared import metrics
from shared.contracts import Lane, Message
from shared.contracts.base import ENVELOPE_EVENTS_MAX
from shared.database import is_away
from shared.messaging import Outgoing, Service, Unconfirmed, envelopes
from shared.messaging.topology import INTAKE
from shared.objects import ObjectStore

log = structlog.get_logger()

WAITING_MAX: Final = 5_000
# After a publish without a confirm the outbox takes everything for so long, before the broker is asked again.
BROKER_PAUSE_SECONDS: Final = 2.0


class Edge:
    """Collects what arrives while the last batch is being confirmed, and sends that as the next one.

    No message waits on purpose: under load batches grow by themselves, at rest each goes alone.
    """

    def __init__(self, service: Service, objects: ObjectStore) -> None:
        self._service = service
        self._objects = objects
        self._waiting: dict[Lane, list[tuple[Message, asyncio.Future[None]]]] = {"urgent": [], "routine": []}
        self._senders: dict[Lane, asyncio.Task[None]] = {}
        self._broker_trusted_from = 0.0

    async def accept(self, message: Message, lane: Lane) -> None:
        """Return when the message is safe. Raises BothAway when it is not, also when too many wait."""
        waiting = self._waiting[lane]
        if len(waiting) >= WAITING_MAX:
            raise BothAway
        message = await self._without_large_body(message)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append((message, done))
        sender = self._senders.get(lane)
        if sender is None or sender.done():
            self._senders[lane] = asyncio.create_task(self._send(lane))
        await done

    async def _without_large_body(self, message: Message) -> Message:
        try:
            return await put_away(self._objects, message)
        except OSError as error:
            log.warning("object_store_away", error=type(error).__name__)
            raise BothAway from error

    async def tell(self, outgoing: Sequence[Outgoing]) -> None:
        """Return when what another service must know is safe. Raises BothAway."""
        await self._publish(outgoing, count=len(outgoing))

    async def _send(self, lane: Lane) -> None:
        waiting = self._waiting[lane]
        while waiting:
            batch, waiting[:ENVELOPE_EVENTS_MAX] = waiting[:ENVELOPE_EVENTS_MAX], []
            error: Exception | None = None
            try:
                await self._make_safe([message for message, _ in batch], lane)
            except Exception as problem:
                error = problem
            for _, done in batch:
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    async def _make_safe(self, messages: Sequence[Message], lane: Lane) -> None:
        await self._publish(envelopes(INTAKE, lane, messages), count=len(messages))

    async def _publish(self, outgoing: Sequence[Outgoing], count: int) -> None:
        if time.monotonic() >= self._broker_trusted_from:
            try:
                await self._service.publisher.publish(outgoing)
                metrics.ACCEPTED.labels(where="broker").inc(count)
                return
            except Unconfirmed as error:
                self._broker_trusted_from = time.monotonic() + BROKER_PAUSE_SECONDS
                log.warning("edge_uses_outbox", reason=str(error))
        await self._to_outbox(outgoing)
        metrics.ACCEPTED.labels(where="outbox").inc(count)

    async def _to_outbox(self, outgoing: Sequence[Outgoing]) -> None:
        """The same message ids: what the broker took without saying so takes effect once all the same."""
        try:
            async with self._service.pool.acquire() as connection, connection.transaction():
                await self._service.outbox.add(connection, outgoing)
        except Exception as error:
            if is_away(error):
                raise BothAway from error
            raise
