"""Asks the servers that do not call us how our requests stand: claim, commit, call, record."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from services.handover.domain import Choice, HandOver, Way, heard
from services.handover.domain.answering import Said
from services.handover.ground import Ground, answered
from services.handover.senders import Open311
from services.handover.senders.open311 import Standing, Status
from services.handover.store import handovers
from services.handover.store.handovers import Note
from shared.contracts import Answer
from shared.database import is_away
from shared.messaging import Service
from shared.municipality import SenderKind

log = structlog.get_logger()

ASK_MAX: Final = 16
LOOK_SECONDS: Final = 1.0
CLOSED_WITHOUT_WORDS: Final = "Kurum kaydı kapattı, ancak açıklama yazmadı."


@dataclass
class Asker:
    """Any number of them work at once, each request with one of them."""

    service: Service
    ground: Ground
    open311: Open311
    every: timedelta

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            try:
                asked = await self.ask_due()
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("asking_waits", reason=type(error).__name__)
                asked = 0
            if not asked:
                await asyncio.sleep(LOOK_SECONDS)

    async def ask_due(self) -> int:
        """Ask about some requests that are due; how many."""
        ours = {code for code, one in self.ground.institutions.items() if one.sender is SenderKind.OPEN311}
        async with self.service.pool.acquire() as connection, connection.transaction():
            due = await handovers.to_ask(connection, ours, ASK_MAX)
            now = await handovers.clock(connection)
            await handovers.ask_later(connection, {one.id: now + self.every if one.is_open else None for one in due})
        open_ones = [one for one in due if one.is_open]
        institutions = self.ground.institutions
        told = await asyncio.gather(*(self.open311.ask(institutions[one.institution], one) for one in open_ones))
        await self._record(list(zip((one.id for one in open_ones), told, strict=True)))
        return len(due)

    async def _record(self, told: Sequence[tuple[UUID, Standing]]) -> None:
        if not told:
            return
        async with self.service.pool.acquire() as connection, connection.transaction():
            now = await handovers.clock(connection)
            known = await handovers.locked(connection, {id_ for id_, _ in told})
            notes: list[Note] = []
            said: list[tuple[str, Answer]] = []
            referred: list[HandOver] = []
            for id_, standing in told:
                before = known[id_]
                handover = _known_as(before, standing)
                if words := _words(handover, standing):
                    institution = self.ground.institutions[handover.institution]
                    step = heard(handover, words, institution, self.ground.schedule, now)
                    notes.append(Note(step.handover, step.move, now, words.choice, words.text))
                    said += step.answers
                elif handover != before:
                    referred.append(handover)
            await handovers.save(connection, notes, self.ground.vault)
            await handovers.refer(connection, referred)
            parcel = await self.service.outbox.add(connection, answered(said))
        self.service.outbox.publish_soon(parcel)


def _known_as(handover: HandOver, standing: Standing) -> HandOver:
    """With the number they gave it, and what they last told of it."""
    if standing.reference:
        handover = replace(handover, reference=standing.reference, is_receipt=False)
    return replace(handover, seen=standing.notes) if standing.notes else handover


def _words(handover: HandOver, standing: Standing) -> Said | None:
    """What their record says to us; None: nothing new. An ending without words goes to a person, who finds some."""
    if not handover.is_open or standing.status is not Status.CLOSED:
        return None
    choice = Choice.ANSWERED if standing.notes else Choice.WROTE
    return Said(choice, standing.notes or CLOSED_WITHOUT_WORDS, Way.API, by="open311")
