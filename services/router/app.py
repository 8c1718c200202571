"""The router's wiring: the only place that names concrete things together."""

from pathlib import Path

from services.router.domain.knowledge import load_knowledge
from services.router.handlers import Router
from services.router.web import add_routes
from shared import municipality
from shared.contracts import (
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentProgressed,
    AssignmentReturned,
    CaseOpened,
    CitizenAsked,
    ContactJoined,
    Message,
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
]


def router() -> Service:
    """The process that gives cases their owners and moves them as the owners answer."""
    settings = read(Settings)
    place = municipality.load(settings.ilkim_municipality)
    handlers = Router(place, load_knowledge(place, MODEL))
    service = Service("router", SCHEMA, settings)
    queues = [f"router.cases.{lane}" for lane in LANES]
    service.consume(Consumer("router-cases", queues, [CaseOpened, ContactJoined], handlers.take_cases))
    service.consume(
        Consumer(
            "router-answers", ["router.answers"], ANSWERS, handlers.take_answers, prefetch=200, outsiders_write=True
        )
    )
    add_routes(service.web, handlers.knowledge)
    return service
