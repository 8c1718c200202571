"""The figures as an API; the pages are built on it."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.bulletin import does_close
from services.reporting.figures import Figures

First = Annotated[date | None, Query(alias="from", description="first day of opening, Europe/Istanbul")]
Last = Annotated[date | None, Query(alias="to", description="last day of opening")]


def api(figures: Figures) -> APIRouter:
    """The routes below `/api`."""
    routes = APIRouter(prefix="/api", tags=["figures"])

    @routes.get("/bulletin")
    async def bulletin(first: First = None, last: Last = None) -> dict[str, Any]:
        printed = await figures.bulletin(first, last)
        return {**asdict(printed), "unclosed": does_close(printed, figures.place.bulletin)}

    @routes.get("/cases")
    async def cases(by: Axis = Axis.CHANNEL, first: First = None, last: Last = None) -> list[dict[str, Any]]:
        rows = await figures.ask(Question(first, last, (by,)))
        return [{"value": row.values[0], "cases": row.counts.cases, "closed": row.counts.closed} for row in rows]

    @routes.get("/surveys")
    async def surveys(first: First = None, last: Last = None) -> list[dict[str, Any]]:
        return await figures.surveys(first, last)

    @routes.get("/overview")
    async def overview(first: First = None, last: Last = None) -> dict[str, Any]:
        return await figures.overview(first, last)

    return routes
