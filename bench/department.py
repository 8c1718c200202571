"""All departments and institutions as one bare consumer, a process of its own: takes assignments, answers none."""

import asyncio
import json
import os
import sys
from typing import Final

import aio_pika
import uvloop
from aio_pika.abc import AbstractIncomingMessage

from ops.deploy import owner_codes
from shared.messaging.topology import owner_queues
from shared.settings import Settings

PREFETCH: Final = 1000
ACKNOWLEDGE_EVERY: Final = 100
ACKNOWLEDGE_SECONDS: Final = 0.05


class Departments:
    """Counts distinct cases: what is delivered again is the same work."""

    def __init__(self, milestones: list[int]) -> None:
        self._milestones = milestones
        self._cases: set[str] = set()
        self._last: AbstractIncomingMessage | None = None
        self._unacknowledged = 0

    async def take(self, message: AbstractIncomingMessage) -> None:
        self._cases.add(json.loads(message.body)["case_id"])
        self._last = message
        self._unacknowledged += 1
        if self._unacknowledged >= ACKNOWLEDGE_EVERY:
            await self._acknowledge()
        while self._milestones and len(self._cases) >= self._milestones[0]:
            await self._acknowledge()
            print(f"reached {self._milestones.pop(0)}", flush=True)

    async def acknowledge_forever(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_SECONDS)
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        if self._last is not None:
            last, self._last, self._unacknowledged = self._last, None, 0
            await last.ack(multiple=True)


async def main(*milestones: str) -> None:
    """Consume until stdin closes; say each milestone, in cases since the start."""
    departments = Departments([int(milestone) for milestone in milestones])
    connection = await aio_pika.connect_robust(os.environ["RABBITMQ_URL"])
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=PREFETCH, global_=False)
    for queue in owner_queues(owner_codes(Settings.model_fields["ilkim_municipality"].default)):
        handle = await channel.get_queue(queue.name)
        await handle.consume(departments.take)
    print("ready", flush=True)
    acknowledging = asyncio.create_task(departments.acknowledge_forever())
    await asyncio.to_thread(sys.stdin.read)
    acknowledging.cancel()
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
