"""`GET /api/proof`: what the last proof that the sums close came out with; described in `/openapi.json`."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.reporting.domain.differences import Check
from services.reporting.store import proofs
from shared.messaging import Service
from shared.problems import Problem


class DifferenceTold(BaseModel):
    """A row that is not what it must be. `expected` null: it must not be there; `found` null: it is not there."""

    check: Check
    table: str
    row: dict[str, Any] = Field(description="what tells it from the others of its table")
    expected: dict[str, Any] | None
    found: dict[str, Any] | None


class ProofTold(BaseModel):
    """The last proof that ended."""

    began_at: datetime
    ended_at: datetime
    events: int = Field(description="of the log, from which all else was made again")
    closes: bool
    by_check: dict[Check, int] = Field(description="how many rows differed; 0: what must hold does")
    differences: list[DifferenceTold] = Field(description="the first hundred")


def proof_api(service: Service) -> APIRouter:
    """The route, to be added to the service's web. A proof is asked for by `ilkim reconcile`, not from here."""
    routes = APIRouter(prefix="/api", tags=["proof"])

    @routes.get(
        "/proof",
        summary="Do the sums close? What the last proof came out with",
        responses={404: {"description": "nothing was proven yet"}},
    )
    async def proof() -> ProofTold:
        last = await proofs.last(service.pool)
        if last is None:
            raise Problem(404, "nothing was proven yet", "the first proof is made at three in the night")
        return ProofTold(
            began_at=last.began_at,
            ended_at=last.ended_at,
            events=last.events,
            closes=last.differences == 0,
            by_check={Check(check): rows for check, rows in last.by_check.items()},
            differences=[DifferenceTold(**example) for example in await proofs.examples(service.pool, last)],
        )

    return routes
