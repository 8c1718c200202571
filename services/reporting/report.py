"""`GET /api/report`: any figure told apart by up to two axes, for programs; described in `/openapi.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.reporting.domain.asking import (
    Axis,
    Clock,
    Counts,
    ExactSpread,
    Overdue,
    Question,
    Row,
    Spread,
    UnfitQuestion,
)
from services.reporting.figures import Figures
from shared.problems import Problem

ROWS_MAX: Final = 50_000
AXES: Final = ", ".join(Axis)

By = Annotated[str, Query(description=f"up to two axes with a comma between; none: the total alone. Axes: {AXES}")]
First = Annotated[date | None, Query(alias="from", description="first day of opening, in the municipality's zone")]
Last = Annotated[date | None, Query(alias="to", description="last day of opening")]
Where = Annotated[
    list[str] | None,
    Query(
        description="`axis=value`, may be repeated: only cases with this value; nothing after the sign: not known",
        examples=["channel=whatsapp"],
    ),
]


Exact = Annotated[
    bool, Query(description="times to the second besides, from every case: the more there are, the longer it takes")
]


class Asked(BaseModel):
    """The question as it was understood; `from` and `to` null: open-ended."""

    by: list[Axis]
    first: date | None = Field(serialization_alias="from")
    last: date | None = Field(serialization_alias="to")
    where: dict[Axis, str]


class Counted(BaseModel):
    """Numbers of cases. Every one is a sum: rows of one axis add up to the total."""

    cases: int = Field(description="opened in the period")
    open: int = Field(description="of these, not closed yet")
    closed: int
    answered: int = Field(description="whose citizen was told more than that it was received")
    due: int = Field(description="that had a target")
    on_time: int = Field(description="that were closed by their target")
    late: int = Field(description="that were closed after it")
    legal_on_time: int = Field(description="that were closed by the law's time")
    legal_late: int = Field(description="that were closed after it")
    returned: int = Field(description="that an owner gave back, at least once")
    reopened: int = Field(description="that were worked on again after a closing, at least once")
    duplicates: int = Field(description="that follow another case")


class ReportRow(BaseModel):
    """The counts of one value of each axis; empty text: not known."""

    values: dict[Axis, str]
    counts: Counted


class ReportSpread(BaseModel):
    """How long it took from opening, in hours; right within 1 %."""

    values: dict[Axis, str]
    clock: Clock
    cases: int
    median_hours: float
    p90_hours: float


class ReportExactSpread(ReportSpread):
    """The same to the second.

    The median of an even number is the mean of the middle two; p90 is the first time that more than nine in ten cases
    did not exceed.
    """

    below_zero: int = Field(description="that ended before they were opened, as an old system told; they count")


class ReportOverdue(BaseModel):
    """Open cases past their target, and past the law's time, now."""

    values: dict[Axis, str]
    target: int
    legal: int


class Report(BaseModel):
    """What was asked, and all that is known of it."""

    asked: Asked
    complete_up_to: datetime | None = Field(description="when the newest event that is counted was written")
    total: Counted
    rows: list[ReportRow] = Field(description="largest first; days, months and hours in their order")
    spreads: list[ReportSpread]
    exact_spreads: list[ReportExactSpread] = Field(description="where `exact` was asked for, else empty")
    overdue: list[ReportOverdue]


def report_api(figures: Figures) -> APIRouter:
    """The route, to be added to the service's web."""
    routes = APIRouter(prefix="/api", tags=["figures"])

    @routes.get(
        "/report",
        summary="Figures told apart by up to two axes",
        responses={422: {"description": "a question that cannot be asked; the answer says which can"}},
    )
    async def report(
        by: By = "", first: First = None, last: Last = None, where: Where = None, exact: Exact = False
    ) -> Report:
        return await draw_up(figures, question_of(by, first, last, where or ()), exact=exact)

    return routes


def question_of(by: str, first: date | None, last: date | None, where: Sequence[str]) -> Question:
    """The question in a request's words. Raises Problem 422, which says what can be asked."""
    try:
        axes = tuple(_axis(name) for name in by.split(",") if name.strip())
        return Question(first, last, axes, dict(_condition(text) for text in where))
    except UnfitQuestion as error:
        raise Problem(422, "this cannot be asked", str(error)) from error


async def draw_up(figures: Figures, question: Question, *, exact: bool = False) -> Report:
    """Ask for everything that is known. Raises Problem 422 for more rows than one answer holds."""
    complete_up_to = await figures.complete_up_to()  # first: what comes in meanwhile is more than it promises
    rows = await figures.ask(question)
    if len(rows) > ROWS_MAX:
        raise Problem(422, "too many rows", f"{len(rows)} rows, {ROWS_MAX} at most: ask for a shorter period")
    spreads = {clock: await figures.spread(question, clock) for clock in Clock}
    exacts = {clock: await figures.exact_spread(question, clock) for clock in Clock if exact}
    overdue = await figures.overdue(question)
    return Report(
        asked=Asked(by=list(question.by), first=question.first, last=question.last, where=dict(question.where)),
        complete_up_to=complete_up_to,
        total=_counted(sum((row.counts for row in rows), Counts())),
        rows=[ReportRow(values=_named(question, row), counts=_counted(row.counts)) for row in rows],
        spreads=[
            ReportSpread(values=_named(question, row), clock=clock, **_without_values(row))
            for clock, found in spreads.items()
            for row in found
        ],
        exact_spreads=[
            ReportExactSpread(values=_named(question, row), clock=clock, **_without_values(row))
            for clock, told in exacts.items()
            for row in told
        ],
        overdue=[ReportOverdue(values=_named(question, row), **_without_values(row)) for row in overdue],
    )


def _axis(name: str) -> Axis:
    try:
        return Axis(name.strip())
    except ValueError as error:
        raise UnfitQuestion(f"no axis is called {name.strip()!r}; there are {AXES}") from error


def _condition(text: str) -> tuple[Axis, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UnfitQuestion(f"`where` is AXIS=VALUE, not {text!r}")
    return _axis(name), value.strip()


def _named(question: Question, row: Row | Spread | ExactSpread | Overdue) -> dict[Axis, str]:
    return dict(zip(question.by, row.values, strict=True))


def _without_values(row: Spread | ExactSpread | Overdue) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "values"}


def _counted(counts: Counts) -> Counted:
    return Counted(open=counts.open, **asdict(counts))
