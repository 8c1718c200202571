"""A plain GeoReport v2 client, written from the standard's words alone, and hands to make what it asks about."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import aiohttp
from defusedxml.ElementTree import fromstring

from services.intake.callers import Scope, new_key, store
from services.intake.domain import case_id, contact_id
from shared.contracts import CaseNumber, Channel, Place
from shared.ids import new_id
from shared.messaging.topology import EVENTS, INTAKE
from tests.builders import AT, a_case_assigned, a_case_closed, a_message
from tests.harness import System, until

BASE: Final = "/open311/v2"
A_REPORT: Final = {
    "service_code": "sokak-aydinlatma",
    "lat": "41.2867",
    "long": "36.3300",
    "description": "Lamba üç gündür yanmıyor",
}


@dataclass(frozen=True)
class Answer:
    """What the server said; `tree` is XML as nested lists of (element, content)."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def xml(self) -> Any:
        assert self.body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
        return fromstring(self.body)

    def texts(self, element: str) -> list[str]:
        """The contents of every element of that name."""
        return [found.text or "" for found in self.xml.iter(element)]


@dataclass(frozen=True)
class Client:
    """Asks in XML unless told otherwise; sends its key as the standard says, within the form."""

    session: aiohttp.ClientSession
    url: str
    key: str = ""

    async def get(self, path: str, form: str = ".xml", headers: Any = None, **asked: Any) -> Answer:
        query = f"?{urlencode(asked, doseq=True)}" if asked else ""
        return await self.ask("GET", f"{path}{form}{query}", headers=headers)

    async def post(
        self, fields: dict[str, Any] | Sequence[tuple[str, str]], form: str = ".xml", **headers: str
    ) -> Answer:
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        body = urlencode([*pairs, *([("api_key", self.key)] if self.key else [])])
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return await self.ask("POST", f"/requests{form}", body.encode(), kind | headers)

    async def ask(self, method: str, path: str, body: Any = None, headers: Any = None) -> Answer:
        async with self.session.request(method, self.url + BASE + path, data=body, headers=headers) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def number_of(self, token: str) -> str:
        """Ask as an app does, until the token has become a number."""

        async def known() -> bool:
            return bool((await self.get(f"/tokens/{token}")).texts("service_request_id")[0])

        await until(known)
        return (await self.get(f"/tokens/{token}")).texts("service_request_id")[0]


async def a_key(system: System, **changed: Any) -> str:
    """A good key, known to the database by its hash."""
    key = new_key()
    given = {"name": new_id().hex, "scopes": list(Scope), "requests_per_minute": 10_000, "expires_at": None} | changed
    digest = hashlib.sha256(key.encode()).digest()
    rest = (given["scopes"], given["requests_per_minute"], given["expires_at"])
    async with system.pool.acquire() as connection:
        await store.add_key(connection, new_id(), given["name"], digest, *rest)
    return key


async def a_case(
    system: System, topic: str | None = "sokak-aydinlatma", place: Place | None = None, text: str = "Lamba yanmıyor"
) -> CaseNumber:
    """A case of another channel that the router gave a topic; needs a worker."""
    message = a_message(channel=Channel.PHONE, place=place or Place(latitude=41.28674, longitude=36.33006), text=text)
    case = case_id(contact_id(message.channel, message.account, message.provider_id, AT), AT)
    await system.tell(INTAKE, "routine", message)
    await until(lambda: _holds(system, "SELECT EXISTS (SELECT FROM case_file WHERE id = $1)", case))
    number = await system.value("SELECT number FROM case_file WHERE id = $1", case)
    await system.pool.execute("UPDATE case_file SET opened_at = now() WHERE id = $1", case)
    if topic:
        this = {"case_id": case, "number": number, "topic": topic, "neighbourhood": "61820", "owner": "yedas"}
        await system.tell(EVENTS, "router.kept.routine", a_case_assigned(**this))
        await until(lambda: _holds(system, "SELECT version = 2 FROM case_file WHERE id = $1", case))
    return CaseNumber(case_id=case, number=number)


async def close(system: System, case: CaseNumber, answer: str = "Lamba değiştirildi.") -> None:
    """The department closes the case with these words."""
    this = {"case_id": case.case_id, "number": case.number, "version": 3, "answer": answer}
    await system.tell(EVENTS, "router.kept.routine", a_case_closed(**this))
    await until(lambda: _holds(system, "SELECT state = 'closed' FROM case_file WHERE id = $1", case.case_id))


async def _holds(system: System, question: str, case: UUID) -> bool:
    return bool(await system.value(question, case))
