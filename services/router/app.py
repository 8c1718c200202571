"""The router's wiring: the only place that names concrete things together."""

from pathlib import Path

from pydantic import Field

from services.router.listening import listen
from services.router.live import Live
from services.router.watching import Watcher
from services.router.web import add_routes
from shared.contracts import (
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    CaseOpened,
    CitizenAsked,
    ContactJoined,
    Message,
    ReopeningAsked,
    TaskSettled,
    WithdrawalAsked,
)
from shared.messaging import Consumer, Service
from shared.messaging.topology import LANES
from shared.settings import Settings, read

SCHEMA = "router"
MODEL = Path(__file__).parent / "model"
ANSWERS: list[type[Message]] = [
    AssignmentAccepted,
    AssignmentProgressed,
    CitizenAsked,
    AssignmentReturned,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentSeparated,
]
CITIZENS: list[type[Message]] = [CaseOpened, ContactJoined, ReopeningAsked, WithdrawalAsked]


class RouterSettings(Settings):
    """What the router needs beside what all need."""

    router_model: Path = Field(MODEL, description="the folder of the text model")
    router_reload_seconds: float = Field(3.0, gt=0, le=3600, description="how often the folders are looked at")
    router_silence_seconds: float = Field(
        60.0, gt=0, le=3600, description="how often cases are looked for whose citizens do not answer"
    )
    router_drift_seconds: float = Field(86_400.0, gt=0, description="how often drift is measured, and told if any")


def router() -> Service:
    """The process that gives cases their owners and moves them as the owners answer."""
    settings = read(RouterSettings)
    service = Service("router", SCHEMA, settings)
    live = Live(
        settings.ilkim_municipality,
        settings.router_model,
        lambda: service.pool,
        look_seconds=settings.router_reload_seconds,
        drift_seconds=settings.router_drift_seconds,
    )
    service.on_start(live.start)
    service.background(live.watch)
    service.background(live.watch_drift)
    service.background(Watcher(service, lambda: live.ground).watch)
    service.tell("knowledge", live.report)
    service.background(lambda: listen(service, live, settings.router_silence_seconds))
    queues = [f"router.cases.{lane}" for lane in LANES]
    service.consume(Consumer("router-cases", queues, CITIZENS, live.take_cases))
    service.consume(Consumer("router-settled", ["router.settled"], [TaskSettled], live.take_settled))
    service.consume(
        Consumer("router-answers", ["router.answers"], ANSWERS, live.take_answers, prefetch=200, outsiders_write=True)
    )
    add_routes(service.web, lambda: live.knowledge)
    return service
