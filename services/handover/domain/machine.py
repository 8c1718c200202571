"""The life of a hand-over (kuruma iletme): its states, and which move leads from where to where, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts import Lane


class State(StrEnum):
    """Where a hand-over stands."""

    WAITING = "waiting"  # to be sent
    SENDING = "sending"  # their server is being asked, or was when we lost sight of it
    SENT = "sent"  # their server has it
    REMINDED = "reminded"
    ANSWERED_BY_LINK = "answered_by_link"
    ANSWERED_BY_MAIL = "answered_by_mail"
    ANSWERED_BY_API = "answered_by_api"
    SILENT = "silent"  # no answer, whatever they were reminded
    UNDELIVERABLE = "undeliverable"
    ENDED = "ended"  # not by their doing: withdrawn by the citizen, or moved to somebody else


class Move(StrEnum):
    """What happens to a hand-over."""

    TRY = "try"
    POSTPONE = "postpone"  # certainly not sent: again later
    DOUBT = "doubt"  # nobody knows whether it was sent
    ARRIVE = "arrive"
    REMIND = "remind"
    PROGRESS = "progress"  # they work on it: the clock starts anew
    ASK = "ask"  # they want to know something: the clock stands still
    RESUME = "resume"  # the citizen answered, or did not: the clock starts anew
    ANSWER_BY_LINK = "answer_by_link"
    ANSWER_BY_MAIL = "answer_by_mail"
    ANSWER_BY_API = "answer_by_api"
    GIVE_UP = "give_up"
    FAIL = "fail"
    END = "end"
    ADD = "add"  # they wrote after all that: a person reads it


_S, _M = State, Move
OPEN: Final = (State.WAITING, State.SENDING, State.SENT, State.REMINDED)
THEIRS: Final = (State.SENT, State.REMINDED)  # their server has it
# An answer may come while we still doubt that ours arrived.
_FROM_ANY_OPEN: Final = {
    **{(state, _M.PROGRESS): _S.SENT for state in OPEN},
    **{(state, _M.ASK): _S.SENT for state in OPEN},
    **{(state, _M.ANSWER_BY_LINK): _S.ANSWERED_BY_LINK for state in OPEN},
    **{(state, _M.ANSWER_BY_MAIL): _S.ANSWERED_BY_MAIL for state in OPEN},
    **{(state, _M.ANSWER_BY_API): _S.ANSWERED_BY_API for state in OPEN},
    **{(state, _M.FAIL): _S.UNDELIVERABLE for state in OPEN},
    **{(state, _M.END): _S.ENDED for state in OPEN},
}
MOVES: Final[Mapping[tuple[State, Move], State]] = {
    (_S.WAITING, _M.TRY): _S.SENDING,
    (_S.SENDING, _M.TRY): _S.SENDING,
    (_S.SENDING, _M.POSTPONE): _S.WAITING,
    (_S.SENDING, _M.DOUBT): _S.SENDING,
    (_S.SENDING, _M.ARRIVE): _S.SENT,
    (_S.SENT, _M.REMIND): _S.REMINDED,
    (_S.REMINDED, _M.REMIND): _S.REMINDED,
    (_S.SENT, _M.RESUME): _S.SENT,
    (_S.REMINDED, _M.RESUME): _S.SENT,
    (_S.SENT, _M.GIVE_UP): _S.SILENT,
    (_S.REMINDED, _M.GIVE_UP): _S.SILENT,
    **_FROM_ANY_OPEN,
    **{(state, _M.ADD): state for state in State if state not in OPEN},
}


@dataclass(frozen=True, slots=True)
class HandOver:
    """One assignment on its way to an institution; its id is the assignment's.

    `counted_from`: since when they have had time; None: it is not with them, or it waits for the citizen.
    `next_at`: when to look at it again. `answers` counts what they said, so that two of their people at once are told
    of each other. `reference`: what their server calls it, or its receipt until then (`is_receipt`).
    """

    id: UUID
    case_id: UUID
    institution: str
    number: str
    lane: Lane
    trace_id: str
    opened_at: datetime
    state: State = State.WAITING
    version: int = 0
    reminders: int = 0
    answers: int = 0
    sent_at: datetime | None = None
    counted_from: datetime | None = None
    next_at: datetime | None = None
    reference: str | None = None
    is_receipt: bool = False
    seen: str | None = None  # what their server last told of it

    @property
    def is_open(self) -> bool:
        """Whether anything they say still counts."""
        return self.state in OPEN

    def may(self, move: Move) -> bool:
        """Whether the move is allowed from here."""
        return (self.state, move) in MOVES

    def moved(self, move: Move, **changes: object) -> "HandOver":
        """After the move, one step on. Raises KeyError for one that is not allowed."""
        after = MOVES[self.state, move]
        over = {} if after in OPEN else {"next_at": None, "counted_from": None}
        return replace(self, state=after, version=self.version + 1, **(changes | over))  # type: ignore[arg-type]
