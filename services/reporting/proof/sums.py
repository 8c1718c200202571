"""Whether the figures, as they are shown, close: each axis to the same total, and each value to its cases recounted."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Any, Final

from services.reporting.domain.asking import Axis, Clock, Counts, Question, Row, Spread
from services.reporting.domain.differences import Check, Difference

Ask = Callable[[Question], Awaitable[list[Row]]]
AskSpread = Callable[[Question, Clock], Awaitable[list[Spread]]]
EVERYTHING: Final = Question()
SHOWN: Final = "figures"


async def unlike(ask: Ask, recount: Ask) -> AsyncIterator[Difference]:
    """Figures that do not close. `ask` answers as pages and reports are answered, `recount` from the cases alone."""
    total = _sum(await recount(EVERYTHING))
    if difference := _received(total, await ask(Question(by=(Axis.STATE,))), await ask(Question(by=(Axis.OUTCOME,)))):
        yield difference
    for axis in Axis:
        question = Question(by=(axis,))
        shown, cases = await ask(question), await recount(question)
        if (found := _sum(shown)) != total:
            yield _difference(Check.AXES, {"axis": axis}, total, found)
        for difference in _rows_unlike(axis, shown, cases):
            yield difference


async def spreads_unlike(ask: AskSpread, recount: AskSpread) -> AsyncIterator[Difference]:
    """Times as they are shown, beside those of the cases timed again."""
    for axis in Axis:
        for clock in Clock:
            question = Question(by=(axis,))
            shown = {row.values: row for row in await ask(question, clock)}
            timed = {row.values: row for row in await recount(question, clock)}
            for values in sorted(shown.keys() | timed.keys()):
                expected, found = timed.get(values), shown.get(values)
                if expected != found:
                    key = {"axis": axis, "value": values[0], "clock": clock}
                    yield Difference(Check.RECOUNT, SHOWN, key, _times(expected), _times(found))


def _received(total: Counts, by_state: Iterable[Row], by_outcome: Iterable[Row]) -> Difference | None:
    """Every case that was received is open in a state, or closed with an outcome."""
    open_cases = sum(row.counts.open for row in by_state)
    closed_cases = sum(row.counts.closed for row in by_outcome)
    if open_cases + closed_cases == total.cases:
        return None
    found = {"open_by_state": open_cases, "closed_by_outcome": closed_cases}
    return Difference(Check.RECEIVED, SHOWN, {}, {"received": total.cases}, found)


def _rows_unlike(axis: Axis, shown: Iterable[Row], cases: Iterable[Row]) -> Iterable[Difference]:
    found = {row.values: row.counts for row in shown}
    expected = {row.values: row.counts for row in cases}
    for values in sorted(found.keys() | expected.keys()):
        wanted, told = expected.get(values, Counts()), found.get(values, Counts())
        if wanted != told:
            yield _difference(Check.RECOUNT, {"axis": axis, "value": values[0]}, wanted, told)


def _difference(check: Check, row: dict[str, Any], expected: Counts, found: Counts) -> Difference:
    """With the counts that differ alone."""
    wanted, told = asdict(expected), asdict(found)
    names = [name for name in wanted if wanted[name] != told[name]]
    return Difference(check, SHOWN, row, {name: wanted[name] for name in names}, {name: told[name] for name in names})


def _times(row: Spread | None) -> dict[str, Any] | None:
    return None if row is None else {"cases": row.cases, "median_hours": row.median_hours, "p90_hours": row.p90_hours}


def _sum(rows: Iterable[Row]) -> Counts:
    return sum((row.counts for row in rows), Counts())
