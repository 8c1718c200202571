"""Ends bursts when their time has come, in every replica of the worker: each burst once, by its row's lock."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.intake import store
from services.intake.handlers.bursts import Bursts
from shared.database import is_away
from shared.messaging import Service, Unit
from shared.messaging.outbox import Parcel

log = structlog.get_logger()

POLL_SECONDS: Final = 0.25
# A burst that cannot be registered is looked at again so much later; its neighbours go on.
PUT_OFF: Final = timedelta(minutes=1)


class Sweeper:
    """Runs beside the consumers of the worker."""

    def __init__(self, service: Service, bursts: Bursts) -> None:
        self._service = service
        self._bursts = bursts

    async def run(self) -> None:
        """For ever: what is over becomes a contact within `POLL_SECONDS`."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                while await store.is_burst_due(self._service.pool, datetime.now(UTC)):
                    if not await self._end_some(store.BURSTS_MAX):
                        break  # what is due is in other hands
            except Exception as error:
                if is_away(error):
                    log.warning("bursts_wait", reason=repr(error))
                    continue
                log.exception("bursts_failed")
                await self._one_by_one()

    async def _end_some(self, bursts_max: int) -> int:
        """One transaction; how many bursts ended in it."""
        async with self._service.pool.acquire() as connection, connection.transaction():
            unit = Unit(connection, "bursts")
            ended = await self._bursts.end(unit, datetime.now(UTC), bursts_max)
            parcel = await self._service.outbox.add(connection, unit.outgoing)
        await self._publish(parcel)
        return ended

    async def _one_by_one(self) -> None:
        """After a failure: the burst at fault waits, all others end."""
        for _ in range(store.BURSTS_MAX):
            try:
                if not await self._end_some(1):
                    return
            except Exception as error:
                if is_away(error):
                    return
                await store.put_off_first(self._service.pool, datetime.now(UTC), PUT_OFF)

    async def _publish(self, parcel: Parcel | None) -> None:
        if parcel is not None:
            await self._service.outbox.publish(parcel)
