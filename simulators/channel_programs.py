"""Plays the channels' own programs (phone desk, SMS, mail …): takes the replies for the citizens of a plan."""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPError

from shared.contracts import Channel, ReplyRequested
from shared.messaging.topology import reply_queue

AWAY_SECONDS: Final = 1.0
# Strangers' replies are held unacknowledged; with that many, the rest waits until the program ends.
HELD_PER_QUEUE_MAX: Final = 2_000


@dataclass
class ChannelPrograms:
    """Takes replies from `reply.<channel>` until cancelled; those of strangers go back when it ends.

    `citizens` are the addresses of ours by channel; `delivered` counts the replies each channel took, every
    notice once.
    """

    amqp_url: str
    citizens: dict[Channel, Collection[str]]
    delivered: Counter[Channel] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Play until cancelled, reconnecting for ever."""
        while True:
            try:
                await self._play()
            except (AMQPError, OSError, TimeoutError):
                await asyncio.sleep(AWAY_SECONDS)

    async def _play(self) -> None:
        connection = await aio_pika.connect(self.amqp_url, client_properties={"connection_name": "channel programs"})
        async with connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=HELD_PER_QUEUE_MAX)
            for name in self.citizens:
                queue = await channel.get_queue(reply_queue(name), ensure=False)
                await queue.consume(self._take)
            await connection.closed()

    async def _take(self, message: AbstractIncomingMessage) -> None:
        reply = ReplyRequested.read(message.body)
        if reply.address not in self.citizens[reply.channel]:
            return
        await message.ack()
        if str(reply.id) not in self._seen:
            self._seen.add(str(reply.id))
            self.delivered[reply.channel] += 1
