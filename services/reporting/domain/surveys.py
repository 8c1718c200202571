"""For whom an answer to a survey is counted: for who had closed the case by then, whichever is known first."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple
from uuid import UUID

from services.reporting.domain.facts import SurveyCell
from shared.contracts import CaseClosed, SurveyAnswered


class Closing(NamedTuple):
    """A case was closed, by its owner of then."""

    case_id: UUID
    version: int
    at: datetime
    owner: str


class Answer(NamedTuple):
    """What a citizen said when asked whether their case is solved."""

    event_id: UUID
    case_id: UUID
    at: datetime
    channel: str
    solved: bool


def closings_in(events: Iterable[object]) -> set[Closing]:
    """The closings that events tell of."""
    return {
        Closing(event.case_id, event.version, event.occurred_at, event.owner)
        for event in events
        if isinstance(event, CaseClosed)
    }


def answers_in(events: Iterable[object]) -> set[Answer]:
    """The answers that events tell of."""
    return {
        Answer(event.id, event.case_id, event.occurred_at, event.channel, event.solved)
        for event in events
        if isinstance(event, SurveyAnswered)
    }


def counts(answers: Iterable[Answer], closings: Iterable[Closing], zone: tzinfo) -> Counter[SurveyCell]:
    """How many answers are counted where, as far as the closings of their cases are known."""
    of_case: defaultdict[UUID, list[Closing]] = defaultdict(list)
    for closing in closings:
        of_case[closing.case_id].append(closing)
    return Counter(
        SurveyCell(
            answer.at.astimezone(zone).date(),
            _owner(answer, of_case[answer.case_id]),
            answer.channel,
            "yes" if answer.solved else "no",
        )
        for answer in answers
    )


def _owner(answer: Answer, closings: Iterable[Closing]) -> str:
    """Who closed the case last before the answer; by clocks that disagree, who closed it first; "": not known yet."""
    in_order = sorted(closings, key=lambda closing: closing.version)
    before = [closing for closing in in_order if closing.at <= answer.at]
    return before[-1].owner if before else in_order[0].owner if in_order else ""
