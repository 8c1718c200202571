"""What goes to an institution besides the case itself, and what its sender's answer makes of the hand-over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.handover.domain.machine import THEIRS, HandOver, Move, State
from services.handover.domain.schedule import Schedule
from shared.ids import derived_id
from shared.mailing import Outcome
from shared.municipality import Institution

# Waits before the next attempt; after the last the letter is given up. Two days in all: a mail server may be away.
RETRY_SECONDS: Final = (30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
# So long reports of the same problem gather, so that forty of them are one letter.
GATHER: Final = timedelta(minutes=15)


class LetterKind(StrEnum):
    """What a letter says."""

    OFFER = "offer"
    REMINDER = "reminder"
    ADDITION = "addition"  # the citizen wrote again
    SILENCE = "silence"  # the citizen did not answer their question
    WARNING = "warning"  # it is due soon, or late
    GROWTH = "growth"  # more people report the same
    ENDING = "ending"  # it is over: nothing is to be done any more


# What may go out when they do not have the case (any more).
_ALLOWED: Final[Mapping[LetterKind, frozenset[State]]] = {
    LetterKind.OFFER: frozenset({State.WAITING, State.SENDING}),
    LetterKind.ENDING: frozenset({State.ENDED}),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to be told to an institution; its id is the same however often it is sent."""

    id: UUID
    handover_id: UUID
    kind: LetterKind
    attempts: int = 0
    is_doubted: bool = False  # a send of it was begun, and nobody knows how it ended


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one send. `reference`: what their server calls the case, `is_receipt`: it is not that yet."""

    outcome: Outcome
    error: str | None = None
    reference: str | None = None
    is_receipt: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """What a send leaves: the hand-over, and when to try the letter again (None: it is done with)."""

    handover: HandOver
    move: Move | None
    again_at: datetime | None = None
    is_delivered: bool = False


def letter_id(handover: HandOver, kind: LetterKind, which: object = "") -> UUID:
    """The same letter has the same id, whoever writes it and how often."""
    return derived_id(handover.opened_at, "handover.letter", handover.id, kind, which)


def may_go(letter: Letter, handover: HandOver) -> bool:
    """Whether the letter still makes sense."""
    return handover.state in _ALLOWED.get(letter.kind, frozenset(THEIRS))


def after_send(
    letter: Letter, handover: HandOver, sent: Sent, institution: Institution, schedule: Schedule, now: datetime
) -> After:
    """What the outcome of the letter's latest attempt makes of it.

    The case itself decides over the hand-over. Of the other letters only a refusal for good does: then nobody is
    there any more. An unknown outcome is tried again as the very same mail, which their server may know by its id.
    """
    if sent.outcome is Outcome.ACCEPTED:
        return _arrived(letter, handover, sent, institution, schedule, now)
    is_given_up = sent.outcome is Outcome.NEVER or letter.attempts > len(RETRY_SECONDS)
    if is_given_up:
        fails = handover.may(Move.FAIL)
        return After(handover.moved(Move.FAIL) if fails else handover, Move.FAIL if fails else None)
    again_at = now + timedelta(seconds=RETRY_SECONDS[max(letter.attempts - 1, 0)])
    move = Move.DOUBT if sent.outcome is Outcome.UNKNOWN else Move.POSTPONE
    if letter.kind is LetterKind.OFFER and handover.may(move):
        return After(handover.moved(move), move, again_at)
    return After(handover, None, again_at)


def _arrived(
    letter: Letter, handover: HandOver, sent: Sent, institution: Institution, schedule: Schedule, now: datetime
) -> After:
    if letter.kind is not LetterKind.OFFER or not handover.may(Move.ARRIVE):
        return After(handover, None, is_delivered=True)
    arrived = handover.moved(
        Move.ARRIVE,
        sent_at=now,
        counted_from=now,
        next_at=schedule.next_look(handover, institution, now),
        reference=sent.reference,
        is_receipt=sent.is_receipt,
    )
    return After(arrived, Move.ARRIVE, is_delivered=True)


def look_again(handover: HandOver, institution: Institution, schedule: Schedule) -> tuple[HandOver, Move]:
    """What is due now that they did not answer until `next_at`: a reminder, or the end of our waiting."""
    since = handover.counted_from
    if since is None or handover.reminders >= len(institution.chase_days):
        return handover.moved(Move.GIVE_UP), Move.GIVE_UP
    reminded = handover.moved(Move.REMIND, reminders=handover.reminders + 1)
    return _with_look(reminded, institution, schedule, since), Move.REMIND


def resumed(handover: HandOver, institution: Institution, schedule: Schedule, now: datetime, move: Move) -> HandOver:
    """They have the whole time again: they said that they work on it, or have what they asked for."""
    fresh = handover.moved(move, reminders=0, counted_from=now, sent_at=handover.sent_at or now)
    return _with_look(fresh, institution, schedule, now)


def _with_look(handover: HandOver, institution: Institution, schedule: Schedule, since: datetime) -> HandOver:
    return replace(handover, next_at=schedule.next_look(handover, institution, since))
