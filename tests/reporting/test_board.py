"""What the dashboard says about counted figures: values in, words' worth out."""

from datetime import UTC, date, datetime

import pytest

from services.reporting.board.address import view_of
from services.reporting.board.cases import Standing, parts
from services.reporting.domain.asking import Axis, Counts, Question, Row
from services.reporting.domain.board import (
    Change,
    Period,
    ages,
    by_now,
    change,
    course,
    lines,
    mean,
    period_of,
    usual_days,
)
from shared.contracts import CaseState

TODAY = date(2026, 11, 25)


def a_row(value: str, cases: int, closed: int = 0) -> Row:
    return Row((value,), Counts(cases=cases, closed=closed))


@pytest.mark.parametrize(
    ("code", "first", "last", "period"),
    [
        ("", None, None, Period("son30", date(2026, 10, 27), TODAY)),
        ("nonsense", None, None, Period("son30", date(2026, 10, 27), TODAY)),
        ("bugun", None, None, Period("bugun", TODAY, TODAY)),
        ("tumu", None, None, Period("tumu", None, None)),
        ("tumu", date(2026, 1, 1), None, Period("secilen", date(2026, 1, 1), TODAY)),
    ],
)
def test_a_period_is_the_chosen_days_or_what_its_code_says(
    code: str, first: date | None, last: date | None, period: Period
) -> None:
    assert period_of(code, first, last, TODAY) == period


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    before = Period("secilen", date(2026, 11, 19), TODAY).before()

    assert before is not None
    assert (before.first, before.last) == (date(2026, 11, 12), date(2026, 11, 18))
    assert Period("tumu", None, None).before() is None


def test_usual_is_the_same_weekday_of_four_weeks() -> None:
    assert usual_days(TODAY) == [date(2026, 11, day) for day in (18, 11, 4)] + [date(2026, 10, 28)]


@pytest.mark.parametrize(
    ("now", "before", "answer"),
    [
        (104, 100, Change(100, "same", 0.04)),
        (150, 100, Change(100, "more", 0.5)),
        (0, 100, Change(100, "fewer", 1.0)),
        (5, 0, None),
        (5, None, None),
    ],
)
def test_a_change_has_a_direction_only_when_it_is_worth_a_word(
    now: float, before: float | None, answer: Change | None
) -> None:
    found = change(now, before)

    assert found == (answer and Change(answer.before, answer.direction, pytest.approx(answer.share)))


def test_a_usual_day_counts_up_to_this_hour_alone() -> None:
    hours = [a_row("48", 5), a_row("57", 8), a_row("70", 100)]  # Wednesday at 0, 9 and 22

    assert by_now(hours, datetime(2026, 11, 25, 9, 30, tzinfo=UTC)) == 9


def test_days_nothing_is_known_of_are_left_out_of_a_mean() -> None:
    assert mean([4, None, 8]) == 6
    assert mean([None]) is None


def test_open_cases_are_grouped_by_the_days_they_have_been_open() -> None:
    days = [a_row("2026-11-25", 5, 1), a_row("2026-11-24", 1), a_row("2026-11-22", 2), a_row("2020-01-01", 9, 2)]

    assert ages(days, TODAY) == [5, 2, 0, 0, 0, 7]


def test_a_trend_keeps_missing_days_in_their_place_and_the_period_before_beside() -> None:
    period = Period("secilen", date(2026, 11, 23), TODAY)

    found = course(period, [a_row("2026-11-23", 4), a_row("2026-11-25", 6)], [a_row("2026-11-21", 9)])

    assert [mark.counts and mark.counts.cases for mark in found.marks] == [4, None, 6]
    assert [mark.before for mark in found.marks] == [None, 9, None]
    assert (found.days, found.missing, found.elsewhere) == (1, 1, 0)


def test_a_long_period_is_drawn_by_the_week_and_loses_no_case() -> None:
    period = Period("secilen", date(2026, 1, 1), date(2026, 11, 25))
    days = [a_row("2026-01-01", 3), a_row("2026-01-07", 4), a_row("2026-01-08", 5), a_row("2026-11-25", 6)]

    found = course(period, days, [])

    known = [mark.counts.cases for mark in found.marks if mark.counts]
    assert found.days == 7
    assert known == [7, 5, 6]


def test_what_was_there_before_and_is_no_more_stays_in_the_table() -> None:
    found = lines([a_row("phone", 4)], [a_row("phone", 2), a_row("sms", 7)])

    assert [(line.value, line.counts.cases, line.before) for line in found] == [("phone", 4, 2), ("sms", 0, 7)]
    assert [line.before for line in lines([a_row("phone", 4)], None)] == [None]


def test_an_address_says_a_view_and_a_view_its_address() -> None:
    view = view_of({"owner": "zabita", "neighbourhood": "-", "from": "2026-11-01", "to": "2026-11-09"}, TODAY)

    assert view.question(Axis.CHANNEL) == Question(
        date(2026, 11, 1), date(2026, 11, 9), (Axis.CHANNEL,), {Axis.OWNER: "zabita", Axis.NEIGHBOURHOOD: ""}
    )
    assert view.link("/") == "/?from=2026-11-01&to=2026-11-09&owner=zabita&neighbourhood=-"
    assert view.link("/cases", owner=None, durum="open").endswith("&neighbourhood=-&durum=open")


@pytest.mark.parametrize("query", [{"from": "yesterday"}, {"day": "2026-01-01"}, {"password": "x"}, {"owner": ""}])
def test_what_an_address_cannot_mean_is_left_out(query: dict[str, str]) -> None:
    assert view_of(query, TODAY) == view_of({}, TODAY)


def test_days_in_the_wrong_order_are_turned_round() -> None:
    view = view_of({"from": "2026-11-09", "to": "2026-11-01"}, TODAY)

    assert (view.period.first, view.period.last) == (date(2026, 11, 1), date(2026, 11, 9))


def test_open_cases_are_asked_for_by_every_state_but_closed() -> None:
    states = [part.where[Axis.STATE] for part in parts(Question(), Standing.OPEN)]

    assert set(states) == set(CaseState) - {CaseState.CLOSED}
    assert parts(Question(), Standing.ALL) == [Question()]
    assert parts(Question(where={Axis.STATE: "closed"}), Standing.LATE) == []
    assert [part.where for part in parts(Question(where={Axis.STATE: "routed"}), Standing.OPEN)] == [
        {Axis.STATE: "routed"}
    ]
