"""Publishing that is persistent, mandatory and confirmed within a time limit, or said not to be."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import aio_pika
from aio_pika.abc import AbstractExchange
from aio_pika.exceptions import AMQPError, PublishError
from faststream.rabbit import RabbitBroker

from shared import metrics
from shared.messaging import topology

PUBLISH_TIMEOUT_SECONDS: Final = 5.0
IN_FLIGHT_MAX: Final = 256


class Unconfirmed(Exception):
    """Raised when the broker did not confirm. The message may have arrived all the same: repeat with the same id."""


class Unroutable(Unconfirmed):
    """Raised when no queue takes a message: its key is wrong, or a queue is missing."""


class Sendable(Protocol):
    """What the publisher needs to know of a message."""

    @property
    def exchange(self) -> str: ...
    @property
    def routing_key(self) -> str: ...
    @property
    def message_id(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class Publisher:
    """One connection that only publishes: a broker that blocks publishers must not stop acknowledgements.

    FastStream connects; messages go out through aio-pika's exchanges on that connection, at half the cost.
    """

    def __init__(self, broker: RabbitBroker) -> None:
        self._broker = broker
        self._opening = asyncio.Lock()
        self._exchanges: dict[str, AbstractExchange] = {}
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def publish(self, messages: Sequence[Sendable]) -> None:
        """Publish all, confirmed. Raises Unconfirmed when any was not confirmed in time or had no queue."""
        if not self._exchanges:
            await self._open()
        outcomes = await asyncio.gather(*(self._publish(message) for message in messages), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            reason = next((failure for failure in failures if isinstance(failure, PublishError)), failures[0])
            metrics.PUBLISH_FAILED.labels(reason=type(reason).__name__).inc(len(failures))
            kind = Unroutable if isinstance(reason, PublishError) else Unconfirmed
            raise kind(f"{len(failures)} of {len(messages)}: {type(reason).__name__}: {reason}") from reason

    async def _publish(self, message: Sendable) -> None:
        """One message; the time limit counts from when it may go out. A frozen broker is not noticed otherwise."""
        async with self._in_flight, asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
            body = aio_pika.Message(
                message.body,
                message_id=message.message_id,
                content_type="application/json",
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            )
            await self._exchanges[message.exchange].publish(body, message.routing_key, mandatory=True)
        metrics.PUBLISHED.labels(exchange=message.exchange).inc()

    async def _open(self) -> None:
        """All exchanges on one channel that confirms, and raises for a message no queue takes."""
        try:
            async with self._opening, asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                if self._exchanges:
                    return
                connection = self._broker._connection
                if connection is None:
                    raise ConnectionError("not connected yet")
                channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
                names = [exchange.name for exchange in topology.EXCHANGES]
                self._exchanges = {name: await channel.get_exchange(name, ensure=False) for name in names}
        except (AMQPError, OSError, TimeoutError, RuntimeError) as error:
            raise Unconfirmed(f"{type(error).__name__}: {error}") from error


def publishing_broker(url: str, app_id: str) -> RabbitBroker:
    """A FastStream broker that is only published through."""
    return RabbitBroker(url, app_id=app_id, logger=None)
