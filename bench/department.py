"""Departments with software of their own, as one bare consumer: takes their assignments, answers none."""

import asyncio
import json
import os
import sys
from typing import Final

import aio_pika
import uvloop
from aio_pika.abc import AbstractIncomingMessage

from shared import municipality
from shared.messaging.topology import owner_queues
from shared.municipality import Municipality
from shared.settings import Settings

DEFAULT_FOLDER: Final = Settings.model_fields["ilkim_municipality"].default
PREFETCH: Final = 1000
ACKNOWLEDGE_EVERY: Final = 100
ACKNOWLEDGE_SECONDS: Final = 0.05


class Departments:
    """Counts distinct cases: what is delivered again is the same work, a further report of an incident is a case."""

    def __init__(self) -> None:
        self.cases: set[str] = set()
        self._last: AbstractIncomingMessage | None = None
        self._unacknowledged = 0

    async def take(self, message: AbstractIncomingMessage) -> None:
        told = json.loads(message.body)
        self.cases.add(told.get("joined_case_id") or told["case_id"])
        self._last = message
        self._unacknowledged += 1
        if self._unacknowledged >= ACKNOWLEDGE_EVERY:
            await self._acknowledge()

    async def acknowledge_forever(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_SECONDS)
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        if self._last is not None:
            last, self._last, self._unacknowledged = self._last, None, 0
            await last.ack(multiple=True)


def with_software(place: Municipality) -> list[str]:
    """Owners that read their queues with programs of their own; the others work at the desk."""
    at_desk = {place.solution_centre.code, *(department.code for department in place.departments if department.desk)}
    return [owner.code for owner in (*place.departments, *place.institutions) if owner.code not in at_desk]


async def main() -> None:
    """Consume until stdin closes; answer each line with the number of cases so far."""
    departments = Departments()
    connection = await aio_pika.connect_robust(os.environ["RABBITMQ_URL"])
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=PREFETCH, global_=False)
    for queue in owner_queues(with_software(municipality.load(DEFAULT_FOLDER))):
        handle = await channel.get_queue(queue.name)
        await handle.consume(departments.take)
    print("ready", flush=True)
    acknowledging = asyncio.create_task(departments.acknowledge_forever())
    while await asyncio.to_thread(sys.stdin.readline):
        print(f"taken {len(departments.cases)}", flush=True)
    acknowledging.cancel()
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main())
