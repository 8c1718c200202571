"""The desk at work on a real broker and database, and a signed-in program."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from pydantic import SecretStr

from services.desk.app import desk
from services.router.app import MODEL
from services.router.domain.knowledge import load_knowledge
from services.router.web import add_routes as add_proposal_routes
from shared import municipality
from shared.contracts import AssignmentOffered, Message, OwnerKind
from shared.messaging import Service
from shared.messaging.topology import DEPARTMENTS, owner_queue
from shared.settings import Settings
from tests.builders import an_assignment_offered
from tests.harness import AWAY_AMQP, AWAY_DATABASE, DESK_TOKEN, System, a_system, built, serving, until

PLACE = municipality.load(Settings.model_fields["ilkim_municipality"].default)
CENTRE = "cozum-merkezi"
OWN = "ozel-kalem"
USER, PASSWORD = "ayse", "şifre: uzun ve iyi"
OWNERS = [CENTRE, OWN, "teftis-kurulu", "strateji-gelistirme"]


def bearer(token: str = DESK_TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Reply:
    """What the desk answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Desk:
    """The running desk, its queues and a signed-in program."""

    system: System
    http: aiohttp.ClientSession
    service: Service

    @property
    def url(self) -> str:
        return str(self.http._base_url).rstrip("/")

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        async with self.http.get(path, headers=headers) as reply:
            return Reply(reply.status, reply.headers, await reply.text())

    async def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        async with self.http.post(path, json=body, headers=headers) as reply:
            return Reply(reply.status, reply.headers, await reply.text())

    async def offer(self, **changed: Any) -> AssignmentOffered:
        """Offer an assignment as the router does, and wait until it is in the list."""
        offer = an_assignment_offered(**{"owner": OWN, **changed})
        await self.tell(offer, offer)
        await until(lambda: self._is_here(offer.assignment_id))
        return offer

    async def triage(self, **changed: Any) -> AssignmentOffered:
        return await self.offer(**{"owner": CENTRE, "owner_kind": OwnerKind.CENTRE, **changed})

    async def tell(self, to: AssignmentOffered, message: Message) -> None:
        await self.system.send(DEPARTMENTS, owner_queue(to.owner, to.lane), message.model_dump_json().encode())

    async def send(self, path: str, **fields: str) -> Reply:
        """Send a form; the answer is not followed."""
        async with self.http.post(path, data=fields, allow_redirects=False) as reply:
            return Reply(reply.status, reply.headers, await reply.text())

    async def _is_here(self, assignment_id: UUID) -> bool:
        found = await self.system.value("SELECT count(*) FROM work_item WHERE assignment_id = $1", assignment_id)
        return bool(found)

    async def answer(self) -> dict[str, Any]:
        return dict(json.loads(await self.system.take("router.answers")))

    async def ids(self, path: str) -> list[str]:
        return [item["assignment_id"] for item in (await self.get(path)).json()["items"]]


def an_adviser() -> Service:
    """The router's question over HTTP; the rest of it is away."""
    service = Service(
        "router", "router", Settings(rabbitmq_url=SecretStr(AWAY_AMQP), database_url=SecretStr(AWAY_DATABASE))
    )
    knowledge = load_knowledge(PLACE, MODEL)
    add_proposal_routes(service.web, lambda: knowledge)
    return service


@pytest.fixture(scope="module")
async def started(amqp_url: str, database_url: str) -> AsyncIterator[Desk]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system, serving(an_adviser()) as router_url:
        service = built(desk, system, DESK_USER=USER, DESK_PASSWORD=PASSWORD, ROUTER_URL=router_url)
        async with serving(service) as url, aiohttp.ClientSession(url, headers=bearer()) as http:
            yield Desk(system, http, service)


@pytest.fixture
async def at_desk(started: Desk) -> AsyncIterator[Desk]:
    yield started
    await started.system.forget()
