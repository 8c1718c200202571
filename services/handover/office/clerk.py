"""Claims letters, commits, calls the institution, records what it said: no transaction is open while it is called."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from services.handover.domain import (
    HandOver,
    Letter,
    LetterKind,
    Move,
    Parcel,
    Sent,
    accepted,
    after_send,
    given_up,
    letter_id,
    look_again,
    may_go,
    unreachable,
)
from services.handover.ground import Ground, answered
from services.handover.senders import Sender
from services.handover.store import handovers, letters
from services.handover.store.handovers import Note
from services.handover.store.letters import Claimed, NewLetter
from shared import metrics
from shared.contracts import Answer, AssignmentOffered
from shared.database import Connection, is_away
from shared.mailing import Outcome
from shared.messaging import Service
from shared.municipality import SenderKind
from shared.tokens import HandOverTokens

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0


@dataclass
class Clerk:
    """Any number of them work at once, each letter with one of them."""

    service: Service
    ground: Ground
    senders: Mapping[SenderKind, Sender]
    tokens: HandOverTokens
    public_url: str
    _due: asyncio.Event = field(default_factory=asyncio.Event)

    def look_soon(self) -> None:
        """Something became due."""
        self._due.set()

    async def run(self) -> None:
        """Send, remind and wait no longer, for ever."""
        while True:
            self._due.clear()
            try:
                worked = await self.send_due() + await self.look_due()
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("office_waits", reason=type(error).__name__)
                worked = 0
            if not worked:
                await self._wait()

    async def close(self) -> None:
        """Let go of every sender's connections."""
        for sender in self.senders.values():
            await sender.close()

    async def send_due(self) -> int:
        """Send some letters that are due; how many."""
        parcels = await self._claim()
        if parcels:
            sent = await asyncio.gather(*(self._send(parcel) for parcel in parcels))
            await self._record(list(zip(parcels, sent, strict=True)))
        return len(parcels)

    async def look_due(self) -> int:
        """Remind those whose time is up, or give them up; how many."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            now = await handovers.clock(connection)
            due = await handovers.due(connection, self.ground.institutions)
            offers = await handovers.offers(connection, [one.id for one in due], self.ground.vault)
            notes: list[Note] = []
            reminders: list[NewLetter] = []
            said: list[tuple[str, Answer]] = []
            for one in due:
                after, move = look_again(one, self.ground.institutions[one.institution], self.ground.schedule)
                notes.append(Note(after, move, now))
                if move is Move.GIVE_UP:
                    said.append(given_up(after, now))
                    log.warning("institution_silent", institution=one.institution, reminders=one.reminders)
                else:
                    which = letter_id(one, LetterKind.REMINDER, after.version)
                    content = offers[one.id]
                    reminders.append(NewLetter(which, one.id, LetterKind.REMINDER, one.lane, now, content))
            await handovers.save(connection, notes, self.ground.vault)
            await letters.add(connection, reminders, self.ground.vault)
            parcel = await self.service.outbox.add(connection, answered(said))
        self.service.outbox.publish_soon(parcel)
        return len(due)

    async def _claim(self) -> list[Parcel]:
        """Letters for us to send, each hand-over marked; those that make no sense any more are dropped."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            now = await handovers.clock(connection)
            claimed = await letters.claim(connection, self.ground.institutions, self.ground.vault)
            ids = {one.letter.handover_id for one in claimed}
            known = await handovers.locked(connection, ids) if ids else {}
            offers = await handovers.offers(connection, ids, self.ground.vault) if ids else {}
            notes: list[Note] = []
            outcomes: list[letters.Outcome] = []
            parcels: list[Parcel] = []
            for one in claimed:
                handover = known[one.letter.handover_id]
                if not self._goes(one.letter, handover):
                    outcomes.append(letters.Outcome(one.letter.id, "dropped"))
                    continue
                if one.letter.kind is LetterKind.OFFER:
                    handover = known[handover.id] = handover.moved(Move.TRY)
                    notes.append(Note(handover, Move.TRY, now))
                parcels.append(self._parcel(one, handover, offers, now))
            await handovers.save(connection, notes, self.ground.vault)
            await letters.record(connection, outcomes)
        return parcels

    def _goes(self, letter: Letter, handover: HandOver) -> bool:
        """Whether it still makes sense, and can be said that way at all."""
        by_open311 = self.ground.institutions[handover.institution].sender is SenderKind.OPEN311
        return may_go(letter, handover) and (letter.kind is LetterKind.OFFER or not by_open311)

    def _parcel(
        self, one: Claimed, handover: HandOver, offers: Mapping[UUID, AssignmentOffered], now: datetime
    ) -> Parcel:
        institution = self.ground.institutions[handover.institution]
        return Parcel(
            letter=one.letter,
            handover=handover,
            institution=institution,
            offer=offers[handover.id],
            content=one.content,
            link=f"{self.public_url}/kurum/{self.tokens.link(handover.id)}",
            mail_token=self.tokens.reply(handover.id),
            answer_by=self.ground.schedule.answer_by(institution, handover.counted_from or now),
        )

    async def _send(self, parcel: Parcel) -> Sent:
        sender = self.senders[parcel.institution.sender]
        try:
            sent = await sender.send(parcel)
        except Exception as error:  # a sender promises not to raise; should one break it, nobody knows
            log.exception("sender_failed", institution=parcel.institution.code)
            sent = Sent(Outcome.UNKNOWN, type(error).__name__)
        metrics.HANDED_OVER.labels(institution=parcel.institution.code, outcome=sent.outcome).inc()
        return sent

    async def _record(self, sends: Sequence[tuple[Parcel, Sent]]) -> None:
        """Write what became of each letter and its hand-over, and tell the router."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            now = await handovers.clock(connection)
            known = await handovers.locked(connection, {parcel.handover.id for parcel, _ in sends})
            notes: list[Note] = []
            outcomes: list[letters.Outcome] = []
            said: list[tuple[str, Answer]] = []
            for parcel, sent in sends:
                before, letter = known[parcel.handover.id], parcel.letter
                after = after_send(letter, before, sent, parcel.institution, self.ground.schedule, now)
                known[before.id] = after.handover
                if after.move:
                    notes.append(Note(after.handover, after.move, now, text=sent.error))
                if after.move is Move.ARRIVE:
                    said.append(accepted(after.handover, now))
                elif after.move is Move.FAIL:
                    said.append(unreachable(after.handover, sent.error, now))
                state = "waiting" if after.again_at else "delivered" if after.is_delivered else "failed"
                doubted = letter.is_doubted or sent.outcome is Outcome.UNKNOWN
                outcomes.append(letters.Outcome(letter.id, state, after.again_at, doubted, sent.error))
            await handovers.save(connection, notes, self.ground.vault)
            await letters.record(connection, outcomes)
            await self._ask_later(connection, notes, now)
            parcel_out = await self.service.outbox.add(connection, answered(said))
        self.service.outbox.publish_soon(parcel_out)

    async def _ask_later(self, connection: Connection, notes: Sequence[Note], now: datetime) -> None:
        """Servers that do not call us are asked from now on."""
        arrived = [
            note.handover
            for note in notes
            if note.move is Move.ARRIVE
            and self.ground.institutions[note.handover.institution].sender is SenderKind.OPEN311
        ]
        if arrived:
            await handovers.ask_later(connection, {handover.id: now for handover in arrived})

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._due.wait()
        except TimeoutError:
            return
