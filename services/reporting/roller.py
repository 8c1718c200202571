"""Rolls moves up about every second; of several replicas one does, whichever comes first."""

import asyncio
from typing import Final

import structlog

from services.reporting.store.rolling import MOVES_MAX, roll
from shared.database import is_away
from shared.messaging import Service

log = structlog.get_logger()

ROLL_SECONDS: Final = 1.0


class Roller:
    """Keeps what is not rolled up yet short: questions read all of it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run(self) -> None:
        """Roll for ever; with more to do than fits one time, at once again."""
        while True:
            if await self._roll() != MOVES_MAX:
                await asyncio.sleep(ROLL_SECONDS)

    async def _roll(self) -> int | None:
        try:
            return await roll(self._service.pool)
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("rolling_waits", reason=repr(error))
            return None
