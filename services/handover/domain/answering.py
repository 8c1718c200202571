"""What an institution says, by link, mail or its own program, and which answer of an owner that is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.handover.domain.letters import resumed
from services.handover.domain.machine import HandOver, Move
from services.handover.domain.schedule import Schedule
from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentProgressed,
    AssignmentReturned,
    Channel,
    CitizenAsked,
    InstitutionWrote,
    Outcome,
    ReturnReason,
    TaskKind,
    TaskRequested,
)
from shared.ids import derived_id
from shared.municipality import Institution
from shared.text import clean

WORDS_LETTERS_MAX: Final = 4_000
NO_WORDS: Final = "(Yanıtta yazı yok.)"


class Way(StrEnum):
    """By which way they answered."""

    LINK = "link"
    MAIL = "mail"
    API = "api"


class Choice(StrEnum):
    """What they say."""

    SOLVED = "solved"
    ANSWERED = "answered"
    REJECTED = "rejected"  # it cannot be done, for a reason
    WORKING = "working"
    ASKING = "asking"
    NOT_OURS = "not_ours"
    WROTE = "wrote"  # in words that a person has to read


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `text` is for the citizen (solved, answered, rejected, asking), else for us; `whose`: a proposal."""

    choice: Choice
    text: str
    way: Way
    whose: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A hand-over after a move, and what is answered to the router, each answer with its word."""

    handover: HandOver
    move: Move
    answers: tuple[tuple[str, Answer], ...] = ()


CLOSING: Final[Mapping[Choice, Outcome]] = {
    Choice.SOLVED: Outcome.SOLVED,
    Choice.ANSWERED: Outcome.ANSWERED,
    Choice.REJECTED: Outcome.REJECTED,
}
_ENDING: Final[Mapping[Way, Move]] = {
    Way.LINK: Move.ANSWER_BY_LINK,
    Way.MAIL: Move.ANSWER_BY_MAIL,
    Way.API: Move.ANSWER_BY_API,
}


def move_of(said: Said) -> Move:
    """Which move an answer is."""
    return {Choice.WORKING: Move.PROGRESS, Choice.ASKING: Move.ASK}.get(said.choice, _ENDING[said.way])


def heard(handover: HandOver, said: Said, institution: Institution, schedule: Schedule, now: datetime) -> Step:
    """What an answer makes of an open hand-over. The first one is their receipt too, if we doubted that they have it.

    Raises KeyError when nothing they say counts any more.
    """
    move = move_of(said)
    match move:
        case Move.PROGRESS:
            after = resumed(handover, institution, schedule, now, move)
        case Move.ASK:
            after = handover.moved(move, counted_from=None, next_at=None)
        case _:
            after = handover.moved(move)
    after = replace(after, answers=handover.answers + 1, sent_at=handover.sent_at or now)
    receipt = () if handover.sent_at else (accepted(handover, now),)
    return Step(after, move, (*receipt, _answer(after, said, now)))


def accepted(handover: HandOver, now: datetime) -> tuple[str, Answer]:
    """Their server has it."""
    return "accepted", AssignmentAccepted(**_of(handover, "accepted", now, "handover"))


def given_up(handover: HandOver, now: datetime) -> tuple[str, Answer]:
    """They did not answer: a person at the solution centre decides."""
    reason = f"Kurum yanıt vermedi; {handover.reminders} kez hatırlatıldı."
    content = {"reason": reason, "because": ReturnReason.NO_ANSWER}
    return "returned", AssignmentReturned(**_of(handover, "silent", now, "handover"), **content)


def unreachable(handover: HandOver, error: str | None, now: datetime) -> tuple[str, Answer]:
    """They cannot be reached: a person at the solution centre decides. `error` is codes alone."""
    reason = f"Kuruma ulaştırılamadı ({error})." if error else "Kuruma ulaştırılamadı."
    content = {"reason": reason, "because": ReturnReason.UNDELIVERABLE}
    return "returned", AssignmentReturned(**_of(handover, "undeliverable", now, "handover"), **content)


def _answer(handover: HandOver, said: Said, now: datetime) -> tuple[str, Answer]:
    by = said.by or said.way.value
    text = clean(said.text).strip()[:WORDS_LETTERS_MAX] or NO_WORDS
    match said.choice:
        case Choice.WORKING:
            return "progressed", AssignmentProgressed(**_of(handover, "progressed", now, by), note=text)
        case Choice.ASKING:
            return "asked", CitizenAsked(**_of(handover, "asked", now, by), question=text)
        case Choice.NOT_OURS:
            return "returned", AssignmentReturned(
                **_of(handover, "returned", now, by), reason=text, proposal=said.whose or None
            )
        case Choice.WROTE:
            content = {"reason": text, "because": ReturnReason.ANSWERED}
            return "returned", AssignmentReturned(**_of(handover, "wrote", now, by), **content)
        case _:
            content = {"outcome": CLOSING[said.choice], "answer": text}
            return "closed", AssignmentClosed(**_of(handover, "closed", now, by), **content)


def _of(handover: HandOver, what: str, now: datetime, by: str) -> dict[str, object]:
    """What every answer says. The id follows from the step, so that the same step is the same answer."""
    return {
        "id": answer_id(handover, what),
        "occurred_at": now,
        "trace_id": handover.trace_id,
        "assignment_id": handover.id,
        "case_id": handover.case_id,
        "owner": handover.institution,
        "by": by[:100],
    }


def answer_id(handover: HandOver, what: str) -> UUID:
    """An acceptance has one id for ever, every other answer one for its step."""
    step = 0 if what == "accepted" else handover.version
    return derived_id(handover.opened_at, "handover.answer", handover.id, what, step)


def late_word(handover: HandOver, mail: InstitutionWrote, text: str) -> TaskRequested:
    """What they wrote about a case that is not with them any more, for a person to read.

    Asked in the router's name, who has the case: how it is settled changes nothing here.
    """
    return TaskRequested(
        id=derived_id(mail.occurred_at, "late word", mail.id),
        occurred_at=mail.occurred_at,
        trace_id=handover.trace_id,
        kind=TaskKind.WROTE,
        source="router",
        lane=handover.lane,
        channel=Channel.EMAIL,
        case_id=handover.case_id,
        number=handover.number,
        reason="after_the_end",
        detail=handover.institution,
        text=text or NO_WORDS,
    )
