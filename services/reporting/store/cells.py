"""Questions answered from sums kept ready, what is not rolled up yet, and days read case by case: one statement each,
so that the answer is one moment's, exact, and as fresh as the last event."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import asyncpg

from services.reporting.domain.asking import Axis, Clock, Counts, Question, Row, Spread
from services.reporting.domain.ordering import in_order, spreads
from services.reporting.domain.rollups import BULLETIN_AXES, TOTAL, Grain, Kept, Span, cover, kept_for
from services.reporting.store import recount
from services.reporting.store.asked import ENDS, VALUES
from services.reporting.store.moves import MEASURES
from services.reporting.store.rolling import BINS

_SPANS: Final = "unnest($1::int[], $2::date[], $3::date[]) AS span (grain, first, last)"
# Every day, month and year that anything was counted in has a row of its total.
_KNOWN: Final = f"""{_SPANS}
    JOIN case_rollup AS known
      ON known.axes = {TOTAL.key} AND known.grain = span.grain AND known.start BETWEEN span.first AND span.last"""
_ROLLED: Final = "grain = known.grain AND cell.start = known.start"
_DAYS: Final = "unnest($4::date[], $5::date[]) AS span (first, last) JOIN case_fact AS cell"


async def ask(pool: asyncpg.Pool, question: Question) -> list[Row]:
    """The counts. More axes at once than are kept are counted case by case."""
    kept = kept_for(question)
    if kept is None:
        return await recount.ask(pool, question)
    asked = _Asked(question, kept, cover(question), kept.by_day)
    from_cases = [f"({condition})::int" for condition in recount.MEASURES.values()]
    statement = f"""
        SELECT {_columns(question, [f"sum({name})" for name in MEASURES])}
        FROM (
            SELECT {asked.values_of_sums}, {", ".join(f"cell.{name}" for name in MEASURES)}
            FROM {_KNOWN} JOIN case_rollup AS cell ON cell.axes = {kept.key} AND cell.{_ROLLED} {asked.where_of_sums}
            UNION ALL
            SELECT {asked.values}, {", ".join(MEASURES)}
            FROM {_SPANS} JOIN case_move AS cell ON cell.day BETWEEN span.first AND span.last {asked.where}
            {asked.beside(", ".join(from_cases))}
        ) AS found ({asked.names}, {", ".join(MEASURES)})
        {_grouped(question)}
        """  # noqa: S608 - names of our own
    rows = await pool.fetch(statement, *asked.parameters)
    width = len(question.by)
    return in_order(question, (Row(tuple(row)[:width], Counts(*(n or 0 for n in tuple(row)[width:]))) for row in rows))


async def spread(pool: asyncpg.Pool, question: Question, clock: Clock) -> list[Spread]:
    """The durations, from bins; of two axes, days beside whole months are read case by case."""
    kept = kept_for(question)
    by_day = kept is not None and kept.has_durations_by_day
    if kept is None or not kept.has_durations or (Axis.DAY in question.by and not by_day):
        return await recount.spread(pool, question, clock)
    asked = _Asked(question, kept, cover(question), by_day)
    end, column = f"({ENDS[clock]})", BINS[clock]
    statement = f"""
        SELECT {_columns(question, ["bin", "sum(cases)::int"])}
        FROM (
            SELECT {asked.values_of_sums}, held.bin, held.cases
            FROM {_KNOWN} JOIN case_bin AS cell
                 ON cell.axes = {kept.key} AND cell.clock = '{clock}' AND cell.{_ROLLED} {asked.where_of_sums}
                 CROSS JOIN LATERAL unnest(cell.bins, cell.counts) AS held (bin, cases)
            UNION ALL
            SELECT {asked.values}, {column}, cases
            FROM {_SPANS} JOIN case_move AS cell ON cell.day BETWEEN span.first AND span.last
                 AND {column} IS NOT NULL {asked.where}
            {asked.beside(f"{recount.bin_of(end)}, 1", f"AND {end} IS NOT NULL")}
        ) AS found ({asked.names}, bin, cases)
        {_grouped(question, 1)}
        HAVING sum(cases) <> 0
        """  # noqa: S608 - names of our own
    bins: defaultdict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for *values, key, count in await pool.fetch(statement, *asked.parameters):
        bins[tuple(values)][key] = count
    return spreads(question, bins)


async def bulletin_facts(
    pool: asyncpg.Pool, first: date | None, last: date | None
) -> list[tuple[dict[str, str | None], int]]:
    """The cases opened between two days (None: open-ended), as the bulletin asks about them."""
    axes = ", ".join(BULLETIN_AXES)
    rows = await pool.fetch(
        f"""
        SELECT {axes}, sum(cases)::int AS cases
        FROM (
            SELECT {", ".join(f"cell.{axis}" for axis in BULLETIN_AXES)}, cell.cases
            FROM {_KNOWN} JOIN case_cell AS cell ON cell.{_ROLLED}
            UNION ALL
            SELECT {axes}, cases
            FROM {_SPANS} JOIN case_move AS cell ON cell.day BETWEEN span.first AND span.last
        ) AS found
        GROUP BY {axes}
        HAVING sum(cases) <> 0
        """,  # noqa: S608 - names of our own
        *_arrays(cover(Question(first, last))),
    )
    return [
        ({name: value or None for name, value in dict(row).items() if name != "cases"}, row["cases"]) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as parts of a statement. Days of sets that are not kept by day are read case by case."""

    question: Question
    kept: Kept
    spans: Sequence[Span]
    rolled_by_day: bool

    @property
    def names(self) -> str:
        """How the values are called; one that is always the same where nothing is told apart."""
        return ", ".join(f"value_{place}" for place in range(len(self.question.by))) or "nothing"

    @property
    def values(self) -> str:
        """The values of a case, or of a move."""
        return ", ".join(VALUES[axis] for axis in self.question.by) or "''"

    @property
    def values_of_sums(self) -> str:
        return ", ".join(self._of_sum(axis) for axis in self.question.by) or "''"

    @property
    def where(self) -> str:
        return "".join(f" AND {VALUES[axis]} = ${place}" for place, axis in self._filters)

    @property
    def where_of_sums(self) -> str:
        return "".join(f" AND {self._of_sum(axis)} = ${place}" for place, axis in self._filters)

    @property
    def parameters(self) -> tuple[Any, ...]:
        rolled = [span for span in self.spans if span not in self._days]
        days = _arrays(self._days)[1:] if self._days else ()
        return (*_arrays(rolled), *days, *self.question.where.values())

    def beside(self, counted: str, more: str = "") -> str:
        """The days that are read case by case; nothing where there are none, or the planner, who cannot see that,
        counts on reading a table that grows and calls for parallel workers."""
        if not self._days:
            return ""
        return f"""
            UNION ALL
            SELECT {self.values}, {counted}
            FROM {_DAYS} ON cell.day BETWEEN span.first AND span.last {more} {self.where}"""  # noqa: S608

    @property
    def _days(self) -> list[Span]:
        return [] if self.rolled_by_day else [span for span in self.spans if span.grain is Grain.DAY]

    @property
    def _filters(self) -> list[tuple[int, Axis]]:
        """What is filtered by, each with the number of its parameter."""
        return list(enumerate(self.question.where, 6 if self._days else 4))

    def _of_sum(self, axis: Axis) -> str:
        if axis.is_time:
            return {Axis.DAY: "cell.start::text", Axis.MONTH: "date_trunc('month', cell.start)::date::text"}[axis]
        return ("cell.a", "cell.b")[self.kept.axes.index(axis)]


def _arrays(spans: Sequence[Span]) -> tuple[list[int], list[date], list[date]]:
    return [span.grain.value for span in spans], [span.first for span in spans], [span.last for span in spans]


def _columns(question: Question, counted: list[str]) -> str:
    return ", ".join([*(f"value_{place}" for place in range(len(question.by))), *counted])


def _grouped(question: Question, more: int = 0) -> str:
    count = len(question.by) + more
    return f"GROUP BY {', '.join(str(place) for place in range(1, count + 1))}" if count else ""
