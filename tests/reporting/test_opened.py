"""What is published of a month: its sums close, its small counts cannot be worked out, tips are not in it."""

from collections import Counter
from datetime import date
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain.asking import Counts, Overdue, Row
from services.reporting.domain.opened import (
    PARTS,
    Level,
    Line,
    Measure,
    Month,
    OpenMonth,
    Place,
    counted,
    ended_months,
    pipes_of,
    publish,
)
from tests.reporting.test_suppression import possible

JUNE, TODAY, LEAST = date(2026, 6, 1), date(2026, 7, 20), 5
GROUP_OF: Final = {"cop": "temizlik", "supurme": "temizlik", "cukur": "yol"}


@st.composite
def months(draw: st.DrawFn) -> Month:
    """A month of up to five neighbourhoods and four topics."""
    places = [Place(f"6{n}", f"konu-{t}") for n in range(5) for t in range(4)]
    sizes = st.one_of(st.integers(1, 4), st.integers(5, 40))
    cells = draw(st.dictionaries(st.sampled_from(places), sizes, min_size=1))
    topics: Counter[str] = Counter()
    for place, cases in cells.items():
        topics[place.topic] += cases
    parts = {}
    for topic, cases in topics.items():
        first = draw(st.integers(0, cases))
        second = draw(st.integers(0, cases - first))
        split = zip(PARTS, (first, second, cases - first - second), strict=True)
        parts |= {(topic, part): count for part, count in split}
    return Month(JUNE, cells, parts)


@settings(max_examples=80, deadline=None)
@given(months())
def test_neither_places_nor_shares_nor_totals_together_give_a_hidden_count_away(month: Month) -> None:
    pipes = pipes_of(month)
    names = {name_of(line, measure) for line, measure in hidden_counts(publish(month, LEAST, TODAY))}

    ranges = possible(pipes, frozenset(pipe.name for pipe in pipes if pipe.name in names))
    assert len(ranges) == len(names)
    for name, (low, high) in ranges.items():
        assert high - low >= LEAST - 1 - 1e-6, f"{name} lies between {low} and {high}"


@settings(max_examples=80, deadline=None)
@given(months())
def test_no_count_from_one_to_four_is_published(month: Month) -> None:
    lines = publish(month, LEAST, TODAY).lines

    assert not [line for line in lines for count in line.counts.values() if count is not None and 0 < count < LEAST]


def hidden_counts(opened: OpenMonth) -> list[tuple[Line, Measure]]:
    return [(line, measure) for line in opened.lines for measure, count in line.counts.items() if count is None]


def name_of(line: Line, measure: Measure) -> tuple[object, ...]:
    """What a count of the open data is called among the pipes."""
    match line.level, measure:
        case Level.CELL, _:
            return ("cell", Place(line.neighbourhood or "", line.topic or ""))
        case Level.NEIGHBOURHOOD, _:
            return ("neighbourhood", line.neighbourhood)
        case Level.TOPIC, Measure.CASES:
            return ("topic", line.topic)
        case Level.TOPIC, _:
            return ("part", line.topic, measure)
        case _, Measure.CASES:
            return ("total",)
        case _:
            return ("all", measure)


def a_row(neighbourhood: str, topic: str, cases: int, on_time: int = 0, late: int = 0) -> Row:
    return Row((neighbourhood, topic), Counts(cases=cases, closed=on_time + late, on_time=on_time, late=late))


def test_what_can_be_shown_is_shown_and_sums() -> None:
    rows = [a_row("61", "cop", 30, 20, 5), a_row("61", "supurme", 10, 5, 5), a_row("62", "cukur", 20, 8, 6)]
    month = counted(JUNE, rows, [], [Overdue(("cukur",), 6, 0)], [], GROUP_OF)

    lines = {(line.level, line.neighbourhood, line.topic): dict(line.counts) for line in publish(month, 5, TODAY).lines}
    total = {Measure.CASES: 60, Measure.ON_TIME: 33, Measure.LATE: 22, Measure.OTHER: 5}
    assert lines[Level.MONTH, None, None] == total
    assert lines[Level.NEIGHBOURHOOD, "61", None] == {Measure.CASES: 40}
    assert lines[Level.CELL, "61", "temizlik"] == {Measure.CASES: 40}
    assert lines[Level.TOPIC, None, "yol"] == {
        Measure.CASES: 20,
        Measure.ON_TIME: 8,
        Measure.LATE: 12,
        Measure.OTHER: 0,
    }


def test_tips_are_in_no_count() -> None:
    everything = [a_row("61", "cop", 30, 20), a_row("62", "cukur", 7, 7)]
    tips = [a_row("61", "cop", 10, 6), a_row("62", "cukur", 7, 7)]
    month = counted(JUNE, everything, tips, [Overdue(("cop",), 9, 0)], [Overdue(("cop",), 4, 0)], GROUP_OF)

    assert month.cells == {Place("61", "temizlik"): 20}
    assert month.parts == {
        ("temizlik", Measure.ON_TIME): 14,
        ("temizlik", Measure.LATE): 5,
        ("temizlik", Measure.OTHER): 1,
    }


def test_a_topic_of_another_configuration_is_counted_as_not_known() -> None:
    month = counted(JUNE, [a_row("61", "uzay", 9)], [], [], [], GROUP_OF)

    assert month.cells == {Place("61", ""): 9}


def test_only_months_that_ended_long_enough_ago_are_published() -> None:
    all_of_them = [date(2026, 7, 1), date(2026, 6, 1), date(2025, 12, 1)]

    assert ended_months(all_of_them, date(2026, 7, 15), 15) == [date(2025, 12, 1)]
    assert ended_months(all_of_them, date(2026, 7, 16), 15) == [date(2025, 12, 1), date(2026, 6, 1)]


def test_a_month_without_cases_publishes_noughts() -> None:
    [line] = publish(Month(JUNE, {}, {}), LEAST, TODAY).lines

    assert set(line.counts.values()) == {0}
