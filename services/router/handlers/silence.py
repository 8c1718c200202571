"""Cases whose citizens do not answer go on without them, and who asked hears of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.router import store, watches
from services.router.domain.moves import Moves
from services.router.domain.silence import go_on, silent
from services.router.handlers import telling
from services.router.handlers.ground import Ground
from services.router.handlers.recording import Recorder
from shared.messaging import Service, Unit

CONSUMER: Final = "router-silence"
BATCH_MAX: Final = 200


@dataclass(frozen=True)
class Listener:
    """Lets cases go on when their citizens are silent."""

    ground: Ground
    recorder: Recorder

    @property
    def days(self) -> int:
        """So long an answer is waited for."""
        return self.ground.place.conversation.question.silent_days

    async def go_on(self, unit: Unit, ids: Collection[UUID], now: datetime) -> int:
        """Let those of these cases go on whose citizens were silent too long by `now`; how many. Safe to call twice."""
        heads = await store.heads_of(unit.connection, ids)
        moves = Moves(await store.lock_cases(unit.connection, {*ids, *heads}))
        lives = await watches.lives(unit.connection, ids) if ids else {}
        for case in [moves.cases[case_id] for case_id in ids if case_id in moves.cases]:
            if case.asked_at is not None and silent(case, case.asked_at, now, self.days):
                steps = lives[case.id].steps if case.id in lives else ()
                moved, fact = go_on(case, now, self.ground.due_after_waiting(case, steps, now))
                moves.note(moved, [fact])
                unit.publish(
                    telling.silent(
                        moved, moves.cases.get(case.head_id or case.id, moved), case.asked_at, now, fact.due_at
                    )
                )
        await self.recorder.record(unit, moves)
        return len(moves.facts)

    async def look(self, service: Service, now: datetime) -> int:
        """One batch of all that wait too long, in a transaction of its own; how many went on."""
        async with service.pool.acquire() as connection, connection.transaction():
            unit = Unit(connection, CONSUMER)
            ids = await store.lock_silent(connection, now - timedelta(days=self.days), BATCH_MAX)
            count = await self.go_on(unit, ids, now) if ids else 0
            parcel = await service.outbox.add(connection, unit.outgoing)
        for told in unit.after_commit:
            told()
        if parcel:
            await service.outbox.publish(parcel)
        return count
