"""Rolls moves up about every second; of several replicas one does, whichever comes first."""

import asyncio
from typing import Final

import structlog

from services.reporting.store.rolling import MOVES_MAX, roll
from shared.database import is_away
from shared.messaging import Service

log = structlog.get_logger()

ROLL_SECONDS: Final = 1.0
MOVES_MIN: Final = 100


class Roller:
    """Keeps what is not rolled up yet short: questions read all of it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._moves_max = MOVES_MAX

    async def run(self) -> None:
        """Roll for ever; with more to do than fits one time, at once again."""
        while True:
            if not await self.roll_once():
                await asyncio.sleep(ROLL_SECONDS)

    async def roll_once(self) -> bool:
        """Whether there may be more to do. After a failure half as many are tried, for it may have been too long."""
        tried = self._moves_max
        try:
            rolled = await roll(self._service.pool, tried)
        except Exception as error:
            if not is_away(error):
                raise
            self._moves_max = max(MOVES_MIN, tried // 2)
            log.warning("rolling_waits", moves_max=self._moves_max, reason=repr(error))
            return False
        self._moves_max = min(MOVES_MAX, tried * 2)
        return rolled == tried
