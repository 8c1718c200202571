"""The chart of the days: what it draws, and what its title says."""

from datetime import date, timedelta

import pytest

from services.reporting.domain.trend import DAYS_MAX, Day, trend

FIRST = date(2026, 1, 1)


def some_days(*cases: int, first: date = FIRST) -> list[Day]:
    return [Day(first + timedelta(days=at), count, 0) for at, count in enumerate(cases) if count]


def test_nothing_known_draws_nothing() -> None:
    assert trend([]) is None


def test_a_day_without_records_is_shown_as_missing() -> None:
    drawn = trend(some_days(3, 0, 2))

    assert drawn is not None
    assert ([day.cases for day in drawn.days], drawn.missing) == ([3, 0, 2], 1)


def test_years_apart_are_not_one_line() -> None:
    drawn = trend([*some_days(*[5] * 30), *some_days(2, first=date(2026, 11, 23))])

    assert drawn is not None
    assert (len(drawn.days), drawn.elsewhere) == (30, 2)


def test_a_long_stretch_is_cut_to_its_last_year_and_the_rest_is_told() -> None:
    drawn = trend(some_days(*[1] * (DAYS_MAX + 10)))

    assert drawn is not None
    assert (len(drawn.days), drawn.elsewhere) == (DAYS_MAX, 10)


@pytest.mark.parametrize(
    ("cases", "direction"),
    [([10] * 14, "same"), ([10] * 7 + [12] * 7, "more"), ([10] * 7 + [8] * 7, "fewer"), ([10] * 13, "unknown")],
)
def test_the_title_compares_the_last_week_with_the_one_before(cases: list[int], direction: str) -> None:
    drawn = trend(some_days(*cases))

    assert drawn is not None
    assert drawn.finding.direction == direction


@pytest.mark.parametrize(("most", "top"), [(1, 1), (2, 2), (3, 4), (37, 40), (41, 50), (97, 100), (350, 400)])
def test_the_axis_ends_at_a_round_number_above_the_highest_bar(most: int, top: int) -> None:
    drawn = trend(some_days(most))

    assert drawn is not None
    assert drawn.top == top
