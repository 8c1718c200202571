"""Answers in their order: by time where time is asked by, else the largest first."""

from collections.abc import Iterable, Mapping

from services.reporting.domain import sketch
from services.reporting.domain.asking import Axis, ExactSpread, Question, Row, Spread


def in_order(question: Question, rows: Iterable[Row]) -> list[Row]:
    """The rows that count any case."""
    counted = (row for row in rows if row.counts.cases)
    return sorted(counted, key=lambda row: (_when(question, row.values), -row.counts.cases, row.values))


def spreads(question: Question, bins: Mapping[tuple[str, ...], Mapping[int, int]]) -> list[Spread]:
    """What the bins of each group tell; a group without any case has no duration."""
    found = (
        Spread(values, sum(group.values()), sketch.median(group), sketch.p90(group))
        for values, group in bins.items()
        if sum(group.values())
    )
    return sorted(found, key=lambda row: (_when(question, row.values), -row.cases, row.values))


def exact_spreads(question: Question, found: Iterable[ExactSpread]) -> list[ExactSpread]:
    """As `spreads` orders them."""
    return sorted(found, key=lambda row: (_when(question, row.values), -row.cases, row.values))


def _when(question: Question, values: tuple[str, ...]) -> tuple[int | str, ...]:
    """The values of the time axes, in the order of time."""
    asked = zip(question.by, values, strict=True)
    return tuple(
        int(value) if axis is Axis.HOUR else value for axis, value in asked if axis.is_time or axis is Axis.HOUR
    )
