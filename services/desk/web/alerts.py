"""Alerts as an API, for whoever shows them elsewhere: a wall, a bell, a duty officer's telephone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict

from services.desk.domain import Acknowledge, Alert, How, Reached
from services.desk.domain.identity import Identity
from services.desk.handlers import Alerts, NoSuchAlert
from services.desk.web.access import SignIn, same_origin
from shared.contracts import Channel, Place
from shared.problems import problem


class ActOut(BaseModel):
    """Somebody looked, or called."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    how: How
    note: str


class AlertOut(BaseModel):
    """One alert. `calls`: how often its sender wrote; `reminded`: how often it was given again; `texts` are masked."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    emergency: str
    emergency_number: str
    told_by: str
    channel: Channel
    texts: tuple[str, ...]
    place: Place
    numbers: tuple[str, ...]
    calls: int
    requested_at: datetime
    last_at: datetime
    due_at: datetime | None
    reminded: int
    has_address: bool
    acknowledged_at: datetime | None
    acts: tuple[ActOut, ...]


class AlertWithAddress(AlertOut):
    """One alert with its sender; that somebody asked for it is kept."""

    address: str | None
    name: str | None


class AlertsOut(BaseModel):
    """What nobody acknowledged, the longest waiting first."""

    model_config = ConfigDict(frozen=True)

    alerts: tuple[AlertOut, ...]


def add_alert_routes(web: FastAPI, alerts: Alerts, sign_in: SignIn) -> None:
    """List, look and acknowledge."""
    routes = APIRouter(prefix="/api/alerts", tags=["alerts"], dependencies=[Depends(sign_in), Depends(same_origin)])
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("")
    async def waiting() -> AlertsOut:
        return AlertsOut(alerts=tuple(map(_out, await alerts.waiting())))

    @routes.get("/{alert_id}")
    async def look(alert_id: UUID, by: Person) -> AlertWithAddress:
        return _with_address(*await alerts.look(alert_id, by))

    @routes.post("/{alert_id}/acknowledge")
    async def acknowledge(alert_id: UUID, acknowledging: Acknowledge, by: Person) -> AlertOut:
        return _out(await alerts.acknowledge(alert_id, acknowledging, by.name))

    web.add_exception_handler(NoSuchAlert, _unknown)
    web.include_router(routes)


async def _unknown(_: Request, error: Exception) -> Response:
    return problem(404, "No such alert", "There is no alert of this id.")


def _out(alert: Alert) -> AlertOut:
    return AlertOut.model_validate(alert, from_attributes=True)


def _with_address(alert: Alert, reached: Reached) -> AlertWithAddress:
    return AlertWithAddress(**_out(alert).model_dump(), address=reached.address, name=reached.name)
