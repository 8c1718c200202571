"""Publishes imported cases in envelopes, each confirmed by the broker, no faster than they are counted."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

from shared.contracts import CaseImported, pack
from shared.messaging.topology import EVENTS

KEY: Final = "imported"
COUNTED_BY: Final = "reporting.events"
# What citizens do today waits behind what is in the queue: some ten thousand rows, a few seconds.
ENVELOPES_WAITING_MAX: Final = 50
TAKEN_SECONDS_MAX: Final = 120.0
ANSWER_TIMEOUT_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 1.0
LOOK_AGAIN_SECONDS: Final = 0.1


class NotTaken(Exception):
    """Raised when the broker takes nothing, or reporting counts nothing, for `TAKEN_SECONDS_MAX`."""


class ImportPublisher:
    """Opens its connection when it needs it; after any trouble it publishes the same envelopes again."""

    def __init__(self, amqp_url: str) -> None:
        self._url = amqp_url
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None

    async def publish(self, cases: Sequence[CaseImported]) -> None:
        """Returns once all are confirmed. Safe to call again: the ids are the same. Raises NotTaken."""
        bodies = pack(cases)
        deadline = time.monotonic() + TAKEN_SECONDS_MAX
        while True:
            try:
                await self._until_there_is_room(deadline)
                return await self._publish(bodies)
            except (AMQPError, ChannelInvalidStateError, OSError, TimeoutError) as error:
                await self.close()
                if time.monotonic() > deadline:
                    raise NotTaken(f"the broker took nothing for {TAKEN_SECONDS_MAX:.0f} s: {error}") from error
            await asyncio.sleep(RETRY_SECONDS)

    async def close(self) -> None:
        """Let the connection go. Safe to call twice."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            await connection.close()

    async def _publish(self, bodies: Sequence[bytes]) -> None:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            exchange = self._exchange or await self._open()
            for body in bodies:
                message = aio_pika.Message(
                    body, content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT
                )
                await exchange.publish(message, KEY, mandatory=True)

    async def _until_there_is_room(self, deadline: float) -> None:
        while await self._waiting() > ENVELOPES_WAITING_MAX:
            if time.monotonic() > deadline:
                raise NotTaken(f"reporting counted nothing for {TAKEN_SECONDS_MAX:.0f} s: does it run?")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _waiting(self) -> int:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            await (self._open() if self._exchange is None else asyncio.sleep(0))
            assert self._channel is not None, "opened together with the exchange"
            queue = await self._channel.declare_queue(COUNTED_BY, passive=True)
            return queue.declaration_result.message_count or 0

    async def _open(self) -> AbstractExchange:
        self._connection = await aio_pika.connect(self._url, client_properties={"connection_name": "import"})
        self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        self._exchange = await self._channel.get_exchange(EVENTS, ensure=False)
        return self._exchange
