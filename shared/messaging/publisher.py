"""Publishing that is persistent, mandatory and confirmed within a time limit, or said not to be."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from aio_pika.exceptions import AMQPError, PublishError
from faststream.exceptions import FastStreamException
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange

from shared import metrics
from shared.messaging import topology

log = structlog.get_logger()

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
    """One connection that only publishes: a broker that blocks publishers must not stop acknowledgements."""

    def __init__(self, broker: RabbitBroker) -> None:
        self._broker = broker
        self._exchanges = {
            exchange.name: RabbitExchange(exchange.name, type=ExchangeType(exchange.kind.value), declare=False)
            for exchange in topology.EXCHANGES
        }
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def publish(self, messages: Sequence[Sendable]) -> None:
        """Publish all, confirmed. Raises Unconfirmed when any was not confirmed in time or had no queue."""
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                if len(messages) == 1:
                    await self._publish(messages[0])
                else:
                    async with asyncio.TaskGroup() as group:
                        for message in messages:
                            group.create_task(self._publish(message))
        except (AMQPError, FastStreamException, OSError, TimeoutError, RuntimeError, BaseExceptionGroup) as error:
            reason = _cause(error)
            metrics.PUBLISH_FAILED.labels(reason=type(reason).__name__).inc()
            kind = Unroutable if isinstance(reason, PublishError) else Unconfirmed
            raise kind(f"{type(reason).__name__}: {reason}") from error

    async def _publish(self, message: Sendable) -> None:
        async with self._in_flight:
            await self._broker.publish(
                message.body,
                exchange=self._exchanges[message.exchange],
                routing_key=message.routing_key,
                message_id=message.message_id,
                content_type="application/json",
                persist=True,
                mandatory=True,
                timeout=PUBLISH_TIMEOUT_SECONDS,
            )
        metrics.PUBLISHED.labels(exchange=message.exchange).inc()


def publishing_broker(url: str, app_id: str) -> RabbitBroker:
    """A FastStream broker whose default channel confirms, and raises for a message no queue takes."""
    return RabbitBroker(
        url,
        default_channel=Channel(publisher_confirms=True, on_return_raises=True),
        app_id=app_id,
        logger=None,
    )


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
