"""Our API: one signed POST a letter, the same key on every attempt; answers signed too, each taken once."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.handover.app import handover
from services.handover.domain.letters import RETRY_SECONDS
from services.handover.signing import HEADER, is_signed, signature
from shared.contracts import AssignmentOffered
from tests.builders import a_citizen_added
from tests.handover.conftest import PUBLIC, YEDAS, Office
from tests.harness import a_system, built, serving, until
from tests.notifier.kits.smtp import mail_server

SECRET = "paylaşılan sır"


@dataclass
class Institution:
    """A program of an institution, which answers as it is told."""

    statuses: list[int] = field(default_factory=list)
    slow_seconds: float = 0.0
    got: list[tuple[dict[str, str], dict[str, Any], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.got.append((dict(request.headers), json.loads(body), body))
        await asyncio.sleep(self.slow_seconds)
        status = self.statuses.pop(0) if self.statuses else 200
        headers = {"Location": "/elsewhere"} if status == 302 else {}
        return web.json_response({"reference": f"Y-{len(self.got)}"}, status=status, headers=headers)

    async def elsewhere(self, _: web.Request) -> web.Response:
        raise AssertionError("a redirect was followed")


INSTITUTION = Institution()


@pytest.fixture(scope="module")
async def started(amqp_url: str, database_url: str) -> AsyncIterator[Office]:
    application = web.Application()
    application.add_routes([web.post("/cases", INSTITUTION.take), web.route("*", "/elsewhere", INSTITUTION.elsewhere)])
    async with (
        mail_server() as mails,
        TestServer(application) as theirs,
        a_system(amqp_url, database_url, "handover", [YEDAS]) as system,
    ):
        service = built(
            handover,
            system,
            HANDOVER_ADDRESSES=f"{YEDAS}=http://127.0.0.1:{theirs.port}/cases",
            HANDOVER_SECRETS=f"{YEDAS}={SECRET}",
            HANDOVER_PUBLIC_URL=PUBLIC,
        )
        async with serving(service) as url, aiohttp.ClientSession(url) as http:
            yield Office(system, mails, http)


@pytest.fixture(autouse=True)
def fresh() -> None:
    INSTITUTION.got.clear()
    INSTITUTION.statuses.clear()


async def handed_over(office: Office, **changed: Any) -> AssignmentOffered:
    offer = await office.offer(**changed)
    assert (await office.answer())["type"] == "assignment.accepted.v1"
    await office.is_in("sent", offer)
    return offer


async def say(office: Office, body: Any, secret: str = SECRET, code: str = YEDAS, at: float | None = None) -> int:
    raw = json.dumps(body).encode()
    headers = {HEADER: signature(secret, raw, time.time() if at is None else at)}
    async with office.http.post(f"/api/institutions/{code}/answers", data=raw, headers=headers) as reply:
        return reply.status


def an_answer(offer: AssignmentOffered, **changed: Any) -> dict[str, Any]:
    default = {"id": str(uuid4()), "hand_over": str(offer.assignment_id), "choice": "solved", "text": "Onarıldı."}
    return default | changed


async def test_the_case_arrives_signed_and_without_who_told_it(office: Office) -> None:
    offer = await handed_over(office)
    [(headers, letter, raw)] = INSTITUTION.got

    assert is_signed(SECRET, raw, headers[HEADER], time.time())
    assert (letter["event"], letter["number"], letter["text"]) == ("case.handed_over", offer.number, offer.text)
    assert letter["place"]["latitude"] == offer.place.latitude
    assert not {"name", "sender", "person_id", "contact_id", "channel"} & letter.keys()
    assert await office.system.value("SELECT reference FROM handover") == "Y-1"


@pytest.mark.parametrize("status", [500, 503, 429, 302, 401])
async def test_what_is_not_taken_for_sure_comes_again_under_the_same_key(office: Office, status: int) -> None:
    INSTITUTION.statuses.append(status)
    await office.offer()
    await until(lambda: office.holds("SELECT attempts = 1 AND error IS NOT NULL FROM letter"))
    await office.retry_now()
    assert (await office.answer())["type"] == "assignment.accepted.v1"

    first, second = (headers["Idempotency-Key"] for headers, _, _ in INSTITUTION.got)
    assert first == second


async def test_a_conflict_means_that_they_had_it_already(office: Office) -> None:
    INSTITUTION.statuses.append(409)
    await handed_over(office)


async def test_a_refusal_for_good_goes_to_a_person(office: Office) -> None:
    INSTITUTION.statuses.append(422)
    await office.offer()

    assert (await office.answer())["because"] == "undeliverable"


async def test_an_api_that_stays_dead_is_undeliverable_when_the_attempts_are_over(office: Office) -> None:
    INSTITUTION.statuses += [503] * (len(RETRY_SECONDS) + 1)
    await office.offer()
    for attempt in range(1, len(RETRY_SECONDS) + 1):
        await until(lambda: office.holds("SELECT attempts = $1 AND state = 'waiting' FROM letter", attempt))  # noqa: B023
        await office.retry_now()

    assert (await office.answer())["because"] == "undeliverable"


async def test_their_answer_closes_the_case_and_the_same_again_changes_nothing(office: Office) -> None:
    offer = await handed_over(office)
    answer = an_answer(offer)
    statuses = [await say(office, answer) for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert (await office.answer())["answer"] == "Onarıldı."
    await office.no_answer(0.3)
    assert await office.state(offer) == "answered_by_api"
    assert await say(office, an_answer(offer)) == 409


async def test_progress_then_the_end(office: Office) -> None:
    offer = await handed_over(office)
    await say(office, an_answer(offer, choice="working", text=""))
    assert (await office.answer())["type"] == "assignment.progressed.v1"
    await say(office, an_answer(offer, choice="rejected", text="Özel mülkte kalıyor."))

    assert (await office.answer())["outcome"] == "rejected"


async def test_what_the_citizen_adds_is_posted_too(office: Office) -> None:
    offer = await handed_over(office)
    await office.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="İki lamba daha."))
    await until(lambda: len(INSTITUTION.got) == 2)

    assert INSTITUTION.got[1][1]["event"] == "citizen.added"
    assert INSTITUTION.got[1][1]["news"]["text"] == "İki lamba daha."


async def test_only_what_is_signed_lately_with_our_secret_is_taken(office: Office) -> None:
    offer = await handed_over(office)
    answer = an_answer(offer)

    assert await say(office, answer, secret="başka") == 401
    assert await say(office, answer, at=time.time() - 3600) == 401
    assert await say(office, answer, code="saski") == 401
    assert await office.state(offer) == "sent"


async def test_what_is_no_answer_is_told_where(office: Office) -> None:
    offer = await handed_over(office)

    assert await say(office, an_answer(offer, choice="perhaps")) == 422
    assert await say(office, an_answer(offer, text=" ")) == 422
    assert await say(office, an_answer(offer, hand_over=str(uuid4()))) == 404
