"""The figures as an API; the pages are built on it."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from services.reporting import store
from services.reporting.domain.bulletin import Printed, does_close, draw_up
from shared.messaging import Service
from shared.municipality import Municipality

First = Annotated[date | None, Query(alias="from", description="first day of opening, Europe/Istanbul")]
Last = Annotated[date | None, Query(alias="to", description="last day of opening")]


class Figures:
    """Reads the cells and draws up what is asked."""

    def __init__(self, service: Service, place: Municipality) -> None:
        self._service = service
        self.place = place

    async def bulletin(self, first: date | None, last: date | None) -> Printed:
        """The bulletin of the cases opened between two days."""
        return draw_up(await store.bulletin_facts(self._service.pool, first, last), self.place)

    async def by(self, axis: str, first: date | None, last: date | None) -> list[dict[str, Any]]:
        """Cases and closed cases per value of an axis. Raises ValueError for an unknown axis."""
        return await store.totals(self._service.pool, axis, first, last)

    async def surveys(self, first: date | None, last: date | None) -> list[dict[str, Any]]:
        """What citizens answered between two days when asked whether their case is solved, by who had it."""
        return await store.surveys(self._service.pool, first, last)

    async def overview(self, first: date | None, last: date | None) -> dict[str, Any]:
        """What the figures page shows at first sight."""
        pool = self._service.pool
        return {
            "contacts": await store.contacts(pool, first, last),
            "notices": await store.notices(pool),
            **await store.complete_up_to(pool),
        }


def api(figures: Figures) -> APIRouter:
    """The routes below `/api`."""
    routes = APIRouter(prefix="/api", tags=["figures"])

    @routes.get("/bulletin")
    async def bulletin(first: First = None, last: Last = None) -> dict[str, Any]:
        printed = await figures.bulletin(first, last)
        return {**asdict(printed), "unclosed": does_close(printed, figures.place.bulletin)}

    @routes.get("/cases")
    async def cases(by: str = "channel", first: First = None, last: Last = None) -> list[dict[str, Any]]:
        try:
            return await figures.by(by, first, last)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    @routes.get("/surveys")
    async def surveys(first: First = None, last: Last = None) -> list[dict[str, Any]]:
        return await figures.surveys(first, last)

    @routes.get("/overview")
    async def overview(first: First = None, last: Last = None) -> dict[str, Any]:
        return await figures.overview(first, last)

    return routes
