"""What the router would decide, asked over HTTP before there is a case: for the desk's entry form, inside only."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.router.domain.decision import Report, decide
from services.router.domain.knowledge import Knowledge
from shared.contracts import CaseKind, Place, Proposal, Why
from shared.problems import Problem

TEXT_LETTERS_MAX: Final = 4_000
BODY_BYTES_MAX: Final = 32 * 1024


class Asked(BaseModel):
    """What is known so far."""

    model_config = ConfigDict(frozen=True)

    text: str = Field("", max_length=TEXT_LETTERS_MAX)
    place: Place = Place()


class Proposed(BaseModel):
    """The likeliest owners first; `neighbourhood` is the official id, None: not known."""

    model_config = ConfigDict(frozen=True)

    proposals: tuple[Proposal, ...]
    secondary: tuple[Proposal, ...]
    why: Why
    kind: CaseKind | None
    urgency: str = Field(description="code of the level")
    neighbourhood: str | None
    emergency_number: str | None = Field(description="to be called at once, when life is at risk")


def add_routes(web: FastAPI, knowledge: Callable[[], Knowledge]) -> None:
    """The one question; it reads and writes nothing, and nothing of it is logged."""

    @web.post("/api/proposals")
    async def proposals(request: Request) -> Proposed:
        return propose(await _read(request), knowledge())


def propose(asked: Asked, knowledge: Knowledge) -> Proposed:
    """Pure: the decision of a case with these words at this place."""
    place = asked.place
    decision = decide(Report(asked.text, place.street, place.neighbourhood, place.latitude, place.longitude), knowledge)
    return Proposed(
        proposals=decision.proposals,
        secondary=decision.secondary,
        why=decision.why,
        kind=decision.kind,
        urgency=decision.level,
        neighbourhood=decision.neighbourhood,
        emergency_number=decision.alarm.emergency.number if decision.alarm else None,
    )


async def _read(request: Request) -> Asked:
    """The question. Raises Problem 413 before a long body is read whole, 422 for what is no question."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Problem(413, "Too large", f"At most {BODY_BYTES_MAX} bytes are taken.")
    try:
        return Asked.model_validate_json(bytes(body))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise Problem(422, "Not as described", faults) from error
