"""Answers to surveys by values alone: counted for who had closed the case by then, in whatever order events come."""

import random
from datetime import timedelta
from zoneinfo import ZoneInfo

from services.reporting.domain.surveys import Answer, Closing, answers_in, closings_in, counts
from shared.contracts import Message
from shared.ids import new_id
from tests.builders import AT, a_case_closed, a_survey_answered
from tests.harness import System
from tests.reporting.filling import fill

ISTANBUL = ZoneInfo("Europe/Istanbul")
CASE = new_id()


def owners(answer: Answer, *closings: Closing) -> list[str]:
    return [cell.owner for cell in counts([answer], closings, ISTANBUL)]


def test_an_answer_is_counted_for_who_had_closed_the_case_by_then() -> None:
    first = Closing(CASE, 3, AT, "zabita")
    second = Closing(CASE, 6, AT + timedelta(days=2), "temizlik-isleri")

    assert owners(Answer(new_id(), CASE, AT + timedelta(days=1), "sms", False), second, first) == ["zabita"]
    assert owners(Answer(new_id(), CASE, AT + timedelta(days=3), "sms", True), second, first) == ["temizlik-isleri"]


def test_by_clocks_that_disagree_it_is_counted_for_who_closed_it_first() -> None:
    assert owners(Answer(new_id(), CASE, AT, "sms", True), Closing(CASE, 3, AT + timedelta(hours=1), "zabita")) == [
        "zabita"
    ]


def test_an_answer_without_a_closing_is_counted_for_nobody_yet() -> None:
    assert owners(Answer(new_id(), CASE, AT, "sms", True)) == [""]


async def test_the_order_in_which_answers_and_closings_come_makes_no_difference(system: System) -> None:
    events: list[Message] = []
    for number in range(20):
        case_id = new_id()
        for version, owner in ((3, "zabita"), (6, "temizlik-isleri")):
            at = AT + timedelta(days=version)
            events.append(a_case_closed(case_id=case_id, version=version, owner=owner, occurred_at=at))
        said = AT + timedelta(days=number % 9)
        events.append(a_survey_answered(case_id=case_id, occurred_at=said, solved=number % 2 == 0))
    expected = counts(answers_in(events), closings_in(events), ISTANBUL)
    random.Random(5).shuffle(events)
    await fill(system, events, 4)

    rows = await system.rows("SELECT day, owner, channel, solved, answers FROM survey_cell WHERE answers <> 0")
    assert {tuple(row.values())[:4]: row["answers"] for row in rows} == expected
