"""Reads what the dashboard shows, once for all its readers: the database is asked for a view once in so long."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from services.reporting.board.address import View
from services.reporting.domain.asking import Axis, Clock, Counts, Question, Row, Spread
from services.reporting.domain.board import (
    Course,
    Line,
    Period,
    ages,
    by_now,
    course,
    lines,
    mean,
    total,
    usual_days,
)
from services.reporting.figures import Figures
from shared.contracts import OwnerKind
from shared.municipality import Municipality

TODAY_FRESH_SECONDS: Final = 1.0
PERIOD_FRESH_SECONDS: Final = 10.0
USUAL_FRESH_SECONDS: Final = 600.0  # days long gone; a late event or a rebuild may still change them
VIEWS_KEPT_MAX: Final = 64
HOURS_OF_DAY: Final = 24
# The axes whose tables a view has; owners are shown as departments and as institutions.
TABLES: Final = (
    Axis.CHANNEL,
    Axis.OWNER,
    Axis.NEIGHBOURHOOD,
    Axis.TOPIC,
    Axis.URGENCY,
    Axis.STATE,
    Axis.OUTCOME,
    Axis.KIND,
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Usual:
    """The same weekday of the four weeks before, on the average; None: nothing is known of them."""

    contacts: float | None  # of a whole day
    days: tuple[tuple[Row, ...], ...]  # of each day its rows by hour
    answer_hours: float | None

    def cases_by(self, clock: datetime) -> float | None:
        """Cases up to this time of day."""
        return mean(by_now(rows, clock) for rows in self.days if rows)


@dataclass(frozen=True, slots=True)
class Today:
    """The day at a glance. `contacts` None: they cannot be told apart by these filters. Late are all that are open."""

    up_to: datetime | None
    contacts: int | None
    counts: Counts
    late: int
    late_by_law: int
    answer_hours: float | None
    usual: Usual


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """What citizens said when asked whether their case is solved."""

    owner: str
    solved: int
    not_solved: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A period from every side; `before` None: it has no period before."""

    counts: Counts
    before: Counts | None
    contacts: int | None
    contacts_before: int | None
    spreads: dict[Clock, Spread | None]
    spreads_before: dict[Clock, Spread | None]
    tables: dict[Axis, tuple[Line, ...]]
    late: dict[str, int]  # by owner, of this period's open cases
    course: Course
    ages: tuple[int, ...]
    hours: tuple[int, ...]  # by hour of the week
    surveys: tuple[Satisfaction, ...]

    def owners(self, place: Municipality, *, institutions: bool) -> tuple[Line, ...]:
        """The table of departments and of the centre, or that of institutions."""
        kinds = {owner.code: owner.kind for owner in place.owners}
        return tuple(
            line for line in self.tables[Axis.OWNER] if (kinds.get(line.value) is OwnerKind.INSTITUTION) is institutions
        )


class Kept(Generic[T]):
    """Answers by key, each as old as `seconds` at most; whoever asks for one being read waits for that reading."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: OrderedDict[Any, tuple[float, T]] = OrderedDict()
        self._reading: dict[Any, asyncio.Task[T]] = {}

    async def get(self, key: Any, read: Callable[[], Awaitable[T]]) -> T:
        """The answer for a key, read anew when it is too old."""
        known = self._known.get(key)
        if known and time.monotonic() - known[0] < self._seconds:
            return known[1]
        if key not in self._reading:
            task = self._reading[key] = asyncio.ensure_future(read())
            task.add_done_callback(lambda _: self._reading.pop(key))
        answer = await asyncio.shield(self._reading[key])
        self._known[key] = (time.monotonic(), answer)
        self._known.move_to_end(key)
        while len(self._known) > VIEWS_KEPT_MAX:
            self._known.popitem(last=False)
        return answer


class Reader:
    """The one reader of the database behind the dashboard; its questions go one after the other."""

    def __init__(self, figures: Figures, place: Municipality) -> None:
        self._figures = figures
        self._zone = place.zone
        self._today = Kept[Today](TODAY_FRESH_SECONDS)
        self._usual = Kept[Usual](USUAL_FRESH_SECONDS)
        self._whole = Kept[Whole](PERIOD_FRESH_SECONDS)
        self._alone = asyncio.Lock()

    async def today(self, view: View, today: date) -> Today:
        """The day at a glance, a second old at most."""
        return await self._today.get((view.where, today), lambda: self._read_today(view, today))

    async def whole(self, view: View, today: date) -> Whole:
        """The period from every side, ten seconds old at most."""
        return await self._whole.get((view.period, view.where, today), lambda: self._read_whole(view, today))

    async def _read_today(self, view: View, today: date) -> Today:
        usual = await self._usual.get((view.where, today), lambda: self._read_usual(view, today))
        async with self._alone:
            up_to = await self._figures.complete_up_to()  # first: what is read after it is at least as new
            late = await self._figures.overdue(view.ever())
            return Today(
                up_to,
                await self._contacts(view, Period("", today, today)),
                total(await self._figures.ask(view.on(today))),
                sum(row.target for row in late),
                sum(row.legal for row in late),
                await self._median(view.on(today)),
                usual,
            )

    async def _read_usual(self, view: View, today: date) -> Usual:
        async with self._alone:
            days = usual_days(today)
            contacts = [await self._contacts(view, Period("", day, day)) for day in days]
            hours = [tuple(await self._figures.ask(view.on(day, Axis.HOUR))) for day in days]
            medians = [await self._median(view.on(day)) for day in days]
        return Usual(mean(count for count in contacts if count), tuple(hours), mean(medians))

    async def _read_whole(self, view: View, today: date) -> Whole:
        before = view.period.before()
        async with self._alone:
            tables = {axis: await self._lines(view, axis, before) for axis in TABLES}
            days = await self._figures.ask(view.question(Axis.DAY))
            days_before = await self._figures.ask(view.question(Axis.DAY, period=before)) if before else []
            hours = await self._figures.ask(view.question(Axis.HOUR))
            by_hour = {int(row.values[0]): row.counts.cases for row in hours}
            late = await self._figures.overdue(view.question(Axis.OWNER))
            return Whole(
                total(days),
                total(days_before) if before else None,
                await self._contacts(view, view.period),
                await self._contacts(view, before) if before else None,
                await self._spreads(view, view.period),
                await self._spreads(view, before) if before else {},
                tables,
                {row.values[0]: row.target for row in late},
                course(view.period, days, days_before),
                tuple(ages(days, today)),
                tuple(by_hour.get(hour, 0) for hour in range(7 * HOURS_OF_DAY)),
                await self._surveys(view),
            )

    async def _lines(self, view: View, axis: Axis, before: Period | None) -> tuple[Line, ...]:
        now = await self._figures.ask(view.question(axis))
        return lines(now, await self._figures.ask(view.question(axis, period=before)) if before else None)

    async def _contacts(self, view: View, period: Period) -> int | None:
        where = dict(view.where)
        if where.keys() - {Axis.CHANNEL}:
            return None
        rows = (await self._figures.overview(period.first, period.last))["contacts"]
        wanted = where.get(Axis.CHANNEL)
        return sum(int(row["contacts"]) for row in rows if wanted in (None, row["channel"]))

    async def _median(self, question: Question) -> float | None:
        spread = _only(await self._figures.spread(question, Clock.ANSWER))
        return spread.median_hours if spread else None

    async def _spreads(self, view: View, period: Period) -> dict[Clock, Spread | None]:
        question = view.question(period=period)
        return {clock: _only(await self._figures.spread(question, clock)) for clock in Clock}

    async def _surveys(self, view: View) -> tuple[Satisfaction, ...]:
        where = dict(view.where)
        if where.keys() - {Axis.OWNER}:
            return ()
        rows = await self._figures.surveys(view.period.first, view.period.last)
        wanted = where.get(Axis.OWNER)
        said = [Satisfaction(row["owner"], row["solved"], row["not_solved"]) for row in rows]
        chosen = [row for row in said if wanted in (None, row.owner)]
        return tuple(sorted(chosen, key=lambda row: (-row.solved - row.not_solved, row.owner)))


def _only(spreads: Sequence[Spread]) -> Spread | None:
    return spreads[0] if spreads and spreads[0].cases else None
