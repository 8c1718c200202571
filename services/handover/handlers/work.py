"""Work for institutions: an assignment becomes a hand-over with a letter, what follows becomes letters or ends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.handover.domain import GATHER, HandOver, LetterKind, Move, letter_id, resumed
from services.handover.domain.wording import Content
from services.handover.ground import Ground
from services.handover.store import handovers, letters
from services.handover.store.handovers import Note
from services.handover.store.letters import NewLetter
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CitizenAdded,
    CitizenSilent,
    IncidentGrew,
    Message,
)
from shared.messaging import Unit

Later = CitizenAdded | CitizenSilent | AssignmentWarned | IncidentGrew | AssignmentEnded
_KINDS: Final = {
    CitizenAdded: LetterKind.ADDITION,
    CitizenSilent: LetterKind.SILENCE,
    AssignmentWarned: LetterKind.WARNING,
    IncidentGrew: LetterKind.GROWTH,
    AssignmentEnded: LetterKind.ENDING,
}


@dataclass(frozen=True)
class Work:
    """Takes the institutions' queues; `look_soon` wakes who sends."""

    ground: Ground
    look_soon: Callable[[], None]

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """Each assignment once; what came before its assignment waits for it."""
        now = await handovers.clock(unit.connection)
        offers = [event for event in events if isinstance(event, AssignmentOffered)]
        if offers:
            taken = [(_handover(offer), offer) for offer in offers]
            await handovers.add(unit.connection, taken, self.ground.vault)
            new = [_letter(handover, offer, now, LetterKind.OFFER) for handover, offer in taken]
            await letters.add(unit.connection, new, self.ground.vault)
        if later := [event for event in events if isinstance(event, Later)]:
            await self._follow(unit, later, now)
        unit.after_commit.append(self.look_soon)

    async def _follow(self, unit: Unit, events: Sequence[Later], now: datetime) -> None:
        known = await handovers.locked(unit.connection, {event.assignment_id for event in events})
        notes: list[Note] = []
        new: list[NewLetter] = []
        for event in events:
            handover = known.get(event.assignment_id)
            if handover is None:
                unit.postpone(event, "its assignment is not here yet")
            elif handover.is_open:
                if note := self._moved(handover, event, now):
                    known[handover.id] = note.handover
                    notes.append(note)
                if handover.sent_at or not isinstance(event, AssignmentEnded):
                    new.append(_letter(handover, event, now, _KINDS[type(event)]))
        await handovers.save(unit.connection, notes, self.ground.vault)
        await letters.add(unit.connection, new, self.ground.vault)

    def _moved(self, handover: HandOver, event: Later, now: datetime) -> Note | None:
        """What the event itself makes of the hand-over; None: it is only told on."""
        match event:
            case AssignmentEnded(because=because):
                return Note(handover.moved(Move.END), Move.END, now, text=because)
            case CitizenAdded() | CitizenSilent() if handover.may(Move.RESUME) and handover.counted_from is None:
                institution = self.ground.institutions[handover.institution]
                again = resumed(handover, institution, self.ground.schedule, now, Move.RESUME)
                return Note(again, Move.RESUME, now)
            case _:
                return None


def _handover(offer: AssignmentOffered) -> HandOver:
    return HandOver(
        id=offer.assignment_id,
        case_id=offer.case_id,
        institution=offer.owner,
        number=offer.number,
        lane=offer.lane,
        trace_id=offer.trace_id,
        opened_at=offer.opened_at,
    )


def _letter(handover: HandOver, content: Content, now: datetime, kind: LetterKind) -> NewLetter:
    which = "" if kind is LetterKind.OFFER else content.id
    due_at = now + GATHER if kind is LetterKind.GROWTH else now
    return NewLetter(letter_id(handover, kind, which), handover.id, kind, handover.lane, due_at, content)
