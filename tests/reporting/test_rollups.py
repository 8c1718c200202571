"""Periods as whole years, months and days: each day once, and no more spans than there must be."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.rollups import KEPT, Grain, Span, cover, kept_for

days = st.dates(date(2010, 1, 1), date(2026, 12, 31))


@given(days, days, st.sampled_from([(), (Axis.DAY,), (Axis.MONTH,)]))
def test_each_day_of_a_period_is_in_one_span(first: date, last: date, by: tuple[Axis, ...]) -> None:
    covered = Counter(
        span.first + timedelta(days=number)
        for span in cover(Question(first, last, by))
        for number in range((span.last - span.first).days + 1)
    )

    assert covered == Counter(first + timedelta(days=number) for number in range((last - first).days + 1))


@given(days, days)
def test_a_period_has_five_spans_at_most_and_each_is_of_whole_months_or_years(first: date, last: date) -> None:
    spans = cover(Question(first, last))

    assert len(spans) <= 5
    for span in spans:
        after = span.last + timedelta(days=1)
        assert span.grain is Grain.DAY or (span.first.day, after.day) == (1, 1)
        assert span.grain is not Grain.YEAR or (span.first.month, after.month) == (1, 1)


def test_an_open_end_is_the_end_of_time() -> None:
    assert cover(Question()) == [Span(Grain.YEAR, date.min, date.max)]
    assert cover(Question(last=date(2026, 2, 3))) == [
        Span(Grain.YEAR, date.min, date(2025, 12, 31)),
        Span(Grain.MONTH, date(2026, 1, 1), date(2026, 1, 31)),
        Span(Grain.DAY, date(2026, 2, 1), date(2026, 2, 3)),
    ]


def test_every_set_of_axes_has_a_key_of_its_own() -> None:
    assert len({kept.key for kept in KEPT}) == len(KEPT)


def test_three_axes_at_once_are_not_kept() -> None:
    question = Question(by=(Axis.OWNER, Axis.TOPIC), where={Axis.OWNER: "zabita"})

    assert kept_for(question) in KEPT
    assert kept_for(Question(by=question.by, where={Axis.CHANNEL: "sms"})) is None
