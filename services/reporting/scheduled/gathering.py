"""What a report tells of, asked of the figures: the period, the one before, and what is late now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from services.reporting.domain.asking import Axis, Clock, Counts, Overdue, Question, Row, Spread
from services.reporting.domain.schedule import Period

CENTRE_AXES: Final = (Axis.OWNER, Axis.NEIGHBOURHOOD, Axis.TOPIC, Axis.CHANNEL)
OWNER_AXES: Final = (Axis.TOPIC, Axis.NEIGHBOURHOOD, Axis.OUTCOME)


class Asked(Protocol):
    """Whoever counts."""

    async def ask(self, question: Question) -> list[Row]:
        """How many cases, by the axes asked by."""
        ...

    async def spread(self, question: Question, clock: Clock) -> list[Spread]:
        """How long it took."""
        ...

    async def overdue(self, question: Question) -> list[Overdue]:
        """Open cases that are late now."""
        ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Of the cases opened in the period; `overdue` is of all open ones. `scope`: an owner's code, None: all cases.

    The rows of every axis add up to `counts`. A spread is None when nothing was timed.
    """

    scope: str | None
    period: Period
    counts: Counts
    before: Counts
    answer: Spread | None
    closing: Spread | None
    overdue: Overdue
    by: Mapping[Axis, list[Row]]
    days: list[Row]


async def gather(figures: Asked, scope: str | None, period: Period) -> Gathered:
    """All that a report says, each asked by at most one axis and its owner."""
    where = {Axis.OWNER: scope} if scope else {}
    whole = Question(period.first, period.last, where=where)
    rows = {
        axis: await figures.ask(Question(period.first, period.last, (axis,), where))
        for axis in (OWNER_AXES if scope else CENTRE_AXES)
    }
    late = await figures.overdue(Question(where=where))
    return Gathered(
        scope,
        period,
        _sum(await figures.ask(whole)),
        _sum(await figures.ask(Question(period.before.first, period.before.last, where=where))),
        next(iter(await figures.spread(whole, Clock.ANSWER)), None),
        next(iter(await figures.spread(whole, Clock.CLOSING)), None),
        Overdue((), sum(row.target for row in late), sum(row.legal for row in late)),
        rows,
        await figures.ask(Question(period.first, period.last, (Axis.DAY,), where)),
    )


def _sum(rows: list[Row]) -> Counts:
    return sum((row.counts for row in rows), Counts())
