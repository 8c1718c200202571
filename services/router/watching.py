"""Watches open cases: warns before they are late, escalates step by step, calls whoever is on duty, misses receipts.

Any number of replicas may watch: a case that one looks at is passed over by the others, and what follows from a look is
written in one transaction with the messages that tell of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog

from services.router import watches
from services.router.domain.life import Case
from services.router.handlers.ground import Ground
from services.router.looking import Look
from services.router.receipts import miss_receipts
from services.router.watches import Life
from shared.database import Connection, is_away
from shared.messaging import Service

log = structlog.get_logger()

LOOK_SECONDS: Final = 5.0
CASES_MAX: Final = 200


@dataclass(frozen=True)
class Watcher:
    """Looks at the cases whose time has come. `ground` is asked at each look: the municipality may have changed."""

    service: Service
    ground: Callable[[], Ground]

    async def watch(self) -> None:
        """Look for ever; a database that is away is waited for."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                while await self.look(datetime.now(UTC)) == CASES_MAX:
                    pass
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("watch_waits", reason=str(error))

    async def look(self, now: datetime) -> int:
        """Look at some of the cases whose time has come by `now`; how many there were."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            cases = await watches.lock_due(connection, now, CASES_MAX)
            if not cases:
                return 0
            look = await self._look_at(connection, cases, now)
            parcel = await self.service.outbox.add(connection, look.outgoing)
        if parcel is not None:
            await self.service.outbox.publish(parcel)
        return len(cases)

    async def _look_at(self, connection: Connection, cases: Sequence[Case], now: datetime) -> Look:
        look = Look(self.ground(), now)
        lives = await watches.lives(connection, [case.id for case in cases])
        told = await watches.told(connection, [case.assignment_id for case in cases])
        for case in cases:
            look.warn(case, lives[case.id], told.get(case.assignment_id, frozenset()))
        await watches.note_told(connection, look.told, now)
        await miss_receipts(connection, look, cases, lives)
        await _call_duty(connection, look, cases, lives)
        await watches.look_again(connection, look.next_at)
        return look


async def _call_duty(connection: Connection, look: Look, cases: Sequence[Case], lives: Mapping[UUID, Life]) -> None:
    """Whoever is on duty hears of urgent cases that came to their department outside its office hours."""
    urgent = [case for case in cases if case.lane == "urgent"]
    called = await watches.duty_calls(connection, [case.assignment_id for case in urgent]) if urgent else {}
    calls = []
    for case in urgent:
        found = look.call_duty(case, lives[case.id].assigned_at, called.get(case.assignment_id, ()))
        calls += [(case, found.place)] if found else []
    if calls:
        await watches.note_duty_calls(connection, calls, look.now)
