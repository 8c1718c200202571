"""The cases behind a figure, a page at a time: numbers and times alone, each with a way to the desk's own page of it.

The desk asks who comes; nothing of a citizen stands here.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias, cast

from services.reporting.board.address import View
from services.reporting.domain.asking import Axis, CaseRow, Question
from services.reporting.figures import Figures
from shared.contracts import CaseState

PAGE_ROWS: Final = 50
PAGES_MAX: Final = 200
# Rows that are looked through for those that fit, before the list says that there is more.
LOOKED_THROUGH_MAX: Final = 50_000
BATCH: Final = 500
Batches: TypeAlias = AsyncGenerator[list[CaseRow], None]
Fitting: TypeAlias = AsyncGenerator[tuple[CaseRow, int], None]


class Standing(StrEnum):
    """Which of the cases are listed beyond what an axis tells apart."""

    ALL = ""
    OPEN = "open"
    CLOSED = "closed"
    LATE = "late"  # open, and past their target


STANDINGS: Final = frozenset(standing.value for standing in Standing)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list. `has_more`: there is a next page; `is_cut`: the list does not go on to its end."""

    rows: tuple[CaseRow, ...]
    standing: Standing
    page: int
    has_more: bool
    is_cut: bool
    desk_url: str
    now: datetime


class CaseList:
    """Reads pages of cases, the longest open first."""

    def __init__(self, figures: Figures, desk_url: str) -> None:
        self._figures = figures
        self._desk_url = desk_url.rstrip("/")

    async def read(self, view: View, query: Mapping[str, str], now: datetime) -> Listed:
        """The page an address asks for; what it cannot mean is left out."""
        asked = query.get("durum", "")
        standing = Standing(asked) if asked in STANDINGS else Standing.ALL
        wanted = query.get("sayfa", "")
        page = min(max(int(wanted), 1), PAGES_MAX) if wanted.isdecimal() and len(wanted) < 6 else 1
        skip, looked = (page - 1) * PAGE_ROWS, 0
        rows: list[CaseRow] = []
        async with aclosing(self._fitting(view.question(), standing, now)) as fitting:
            async for row, looked in fitting:  # noqa: B007 - how far it came
                if skip:
                    skip -= 1
                    continue
                rows.append(row)
                if len(rows) > PAGE_ROWS:
                    break
        has_more = len(rows) > PAGE_ROWS
        is_cut = looked >= LOOKED_THROUGH_MAX or (has_more and page == PAGES_MAX)
        return Listed(
            tuple(rows[:PAGE_ROWS]), standing, page, has_more and page < PAGES_MAX, is_cut, self._desk_url, now
        )

    async def _fitting(self, question: Question, standing: Standing, now: datetime) -> Fitting:
        looked = 0
        for part in parts(question, standing):
            async with aclosing(cast(Batches, self._figures.cases(part, BATCH))) as batches:
                async for batch in batches:
                    for row in batch:
                        looked += 1
                        if standing is not Standing.LATE or (row.due_at is not None and row.due_at < now):
                            yield row, looked
                    if looked >= LOOKED_THROUGH_MAX:
                        return


def parts(question: Question, standing: Standing) -> list[Question]:
    """The questions that together list what stands so; a state that was filtered by stays."""
    chosen = question.where.get(Axis.STATE)
    states = [state for state in CaseState if chosen in (None, state)]
    match standing:
        case Standing.ALL:
            return [question]
        case Standing.CLOSED:
            states = [state for state in states if state is CaseState.CLOSED]
        case Standing.OPEN | Standing.LATE:
            states = [state for state in states if state is not CaseState.CLOSED]
    return [replace(question, where={**question.where, Axis.STATE: state}) for state in states]
