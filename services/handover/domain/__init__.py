"""The hand-over's decisions: its machine, when who is reminded, and what an answer means. Pure."""

from services.handover.domain.answering import (
    CLOSING,
    Choice,
    Said,
    Step,
    Way,
    accepted,
    given_up,
    heard,
    late_word,
    move_of,
    unreachable,
)
from services.handover.domain.letters import (
    GATHER,
    After,
    Letter,
    LetterKind,
    Sent,
    after_send,
    letter_id,
    look_again,
    may_go,
    resumed,
)
from services.handover.domain.machine import MOVES, OPEN, THEIRS, HandOver, Move, State
from services.handover.domain.schedule import Schedule
from services.handover.domain.wording import Correspondence, Parcel, Wording

__all__ = [
    "CLOSING",
    "GATHER",
    "MOVES",
    "OPEN",
    "THEIRS",
    "After",
    "Choice",
    "Correspondence",
    "HandOver",
    "Letter",
    "LetterKind",
    "Move",
    "Parcel",
    "Said",
    "Schedule",
    "Sent",
    "State",
    "Step",
    "Way",
    "Wording",
    "accepted",
    "after_send",
    "given_up",
    "heard",
    "late_word",
    "letter_id",
    "look_again",
    "may_go",
    "move_of",
    "resumed",
    "unreachable",
]
