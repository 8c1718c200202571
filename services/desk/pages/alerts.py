"""Alerts: a banner on every page while danger waits, the list, and one alert with whom to call."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.desk.domain import Acknowledge
from services.desk.domain.identity import Identity
from services.desk.handlers import Alerts, NoSuchAlert
from services.desk.pages.frame import Frame, Sent, faults_of, typed_fields
from services.desk.store import tasks as task_store
from services.desk.web import SignIn


def add_alert_pages(routes: APIRouter, frame: Frame, alerts: Alerts, sign_in: SignIn) -> None:
    """`/alerts` and `/alerts/…`, and the banner that every page shows."""
    desk = AlertPages(frame, alerts)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/alerts")
    async def waiting(request: Request) -> Response:
        return await desk.waiting(request)

    @routes.get("/alerts/banner")
    async def banner(request: Request) -> Response:
        return await desk.banner(request)

    @routes.get("/alerts/{alert_id}")
    async def alert(request: Request, by: Person, alert_id: UUID) -> Response:
        return await desk.alert(request, by, alert_id)

    @routes.post("/alerts/{alert_id}/acknowledge")
    async def acknowledge(request: Request, by: Person, alert_id: UUID) -> Response:
        return await desk.acknowledge(request, by, alert_id, await typed_fields(request))


class AlertPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, alerts: Alerts) -> None:
        self._frame = frame
        self._alerts = alerts

    async def waiting(self, request: Request) -> Response:
        """What is open, the longest waiting first, and what was acknowledged last. No address of anybody's."""
        return await self._frame.render(request, "alerts.html", acknowledged=await self._alerts.acknowledged())

    async def banner(self, request: Request) -> Response:
        """The piece of every page that tells of open alerts; empty when there is none."""
        return self._frame.render_part(request, "alerts_banner.html", alerts=await self._alerts.waiting())

    async def alert(self, request: Request, by: Identity, alert_id: UUID, sent: Sent | None = None) -> Response:
        """One alert; that somebody saw the address is kept."""
        try:
            alert, reached = await self._alerts.look(alert_id, by)
        except NoSuchAlert:
            return self._frame.not_found(request, "alerts.not_found_words")
        sent = sent or Sent()
        items = await task_store.items_of(self._alerts.service.pool, alert.case_ids) if alert.case_ids else {}
        return await self._frame.render(
            request, "alert.html", status=sent.status, alert=alert, reached=reached, items=items, sent=sent
        )

    async def acknowledge(self, request: Request, by: Identity, alert_id: UUID, typed: Mapping[str, str]) -> Response:
        """Keep what was done and show the list; what was refused keeps what was typed."""
        try:
            await self._alerts.acknowledge(alert_id, Acknowledge.model_validate(typed), by.name)
        except ValidationError as error:
            return await self.alert(request, by, alert_id, Sent(typed, faults_of(error), status=422))
        except NoSuchAlert:
            return self._frame.not_found(request, "alerts.not_found_words")
        return RedirectResponse("/alerts", 303)
