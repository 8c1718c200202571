"""Intake as the desk knows it: an answer that a test chooses, on a real HTTP server."""

from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Header
from pydantic import SecretStr

from shared.contracts.inside import CasePeople, ToldCase
from shared.messaging import Service
from shared.problems import Problem
from shared.settings import Settings
from tests.harness import AWAY_AMQP, AWAY_DATABASE


@dataclass
class Intake:
    """What it answers, and what it was asked with."""

    cases: dict[UUID, ToldCase] = field(default_factory=dict)
    people: dict[UUID, CasePeople] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def service(self) -> Service:
        """Its worker's HTTP side; the rest of it is away."""
        service = Service(
            "intake", "intake", Settings(rabbitmq_url=SecretStr(AWAY_AMQP), database_url=SecretStr(AWAY_DATABASE))
        )

        @service.web.get("/inside/cases/{case_id}")
        async def case(case_id: UUID, authorization: str = Header("")) -> ToldCase:
            self.keys.append(authorization)
            if case_id not in self.cases:
                raise Problem(404, "No such case", "")
            return self.cases[case_id]

        @service.web.get("/inside/cases/{case_id}/people")
        async def people(case_id: UUID) -> CasePeople:
            self.asked.append(str(case_id))
            return self.people.get(case_id, CasePeople())

        return service
