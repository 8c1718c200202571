"""What the public page sums up: published counts only, and "at least" where some are hidden."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from services.reporting.domain.open_summary import Known, summarise
from services.reporting.domain.opened import Level, Line, Measure, OpenMonth

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
INHABITANTS: Final = {"61": 10_000, "62": 2_000, "63": 0}


def a_line(level: Level, cases: int | None, on_time: int | None = 0, late: int | None = 0, **of: str) -> Line:
    split: Mapping[Measure, int | None] = {Measure.ON_TIME: on_time, Measure.LATE: late, Measure.OTHER: 0}
    counts = {Measure.CASES: cases, **(split if level in (Level.MONTH, Level.TOPIC) else {})}
    return Line(level, of.get("neighbourhood"), of.get("topic"), counts)


def a_month(month: date, *lines: Line) -> OpenMonth:
    return OpenMonth(month, date(2026, 7, 20), 5, lines)


def test_nothing_published_is_nothing_to_show() -> None:
    assert summarise([], None, INHABITANTS) is None


def test_months_sum_and_their_share_on_time_is_of_those_that_were_due() -> None:
    months = [a_month(MAY, a_line(Level.MONTH, 40, 20, 10)), a_month(JUNE, a_line(Level.MONTH, 60, 30, 0))]

    found = summarise(months, None, INHABITANTS)
    assert found is not None
    assert (found.total.known, found.total.on_time) == (Known(100, True), 50 / 60)
    assert [(bar.month, bar.cases, bar.on_time) for bar in found.trend] == [(MAY, 40, 20 / 30), (JUNE, 60, 1.0)]


def test_a_sum_with_a_hidden_count_is_at_least_so_many() -> None:
    months = [
        a_month(MAY, a_line(Level.TOPIC, 40, 20, 10, topic="yol")),
        a_month(JUNE, a_line(Level.TOPIC, None, None, None, topic="yol")),
    ]

    found = summarise(months, None, INHABITANTS)
    assert found is not None
    [topic] = found.topics
    assert (topic.code, topic.known, topic.on_time) == ("yol", Known(40, False), 20 / 30)


def test_one_month_is_shown_within_the_trend_of_all() -> None:
    months = [a_month(MAY, a_line(Level.MONTH, 40)), a_month(JUNE, a_line(Level.MONTH, 60))]

    found = summarise(months, MAY, INHABITANTS)
    assert found is not None
    assert (found.months, found.total.known.cases, len(found.trend)) == ((MAY,), 40, 2)


def test_a_month_that_is_not_published_shows_all_of_them() -> None:
    found = summarise([a_month(MAY, a_line(Level.MONTH, 40))], date(2020, 1, 1), INHABITANTS)

    assert found is not None
    assert found.months == (MAY,)


def test_the_map_tells_by_inhabitants_and_leaves_out_where_nobody_lives() -> None:
    lines = [
        a_line(Level.NEIGHBOURHOOD, 50, neighbourhood="61"),
        a_line(Level.NEIGHBOURHOOD, 20, neighbourhood="62"),
        a_line(Level.NEIGHBOURHOOD, 9, neighbourhood="63"),
    ]

    found = summarise([a_month(MAY, *lines)], None, INHABITANTS)
    assert found is not None
    rates = {ground.code: ground.per_thousand for ground in found.neighbourhoods}
    assert rates == {"61": 5.0, "62": 10.0, "63": None}
    shades = {ground.code: ground.shade or 0 for ground in found.neighbourhoods}
    assert shades["62"] > shades["61"] > shades["63"]


def test_a_neighbourhood_that_is_hidden_has_no_shade() -> None:
    found = summarise([a_month(MAY, a_line(Level.NEIGHBOURHOOD, None, neighbourhood="61"))], None, INHABITANTS)

    assert found is not None
    hidden = next(ground for ground in found.neighbourhoods if ground.code == "61")
    assert (hidden.known, hidden.shade) == (Known(0, False), None)
