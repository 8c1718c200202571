"""Our Open311 client against our Open311 server running for real, with what goes wrong on the way between them."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.handover.app import handover
from services.handover.senders import http
from services.intake.app import edge, worker
from shared.contracts import AssignmentOffered, CaseNumber
from shared.messaging.topology import EVENTS
from shared.settings import Settings
from tests.builders import a_case_assigned
from tests.handover.conftest import PUBLIC, Office
from tests.harness import System, a_system, built, running, serving, until
from tests.intake.open311 import a_key, close
from tests.notifier.kits.smtp import mail_server

NEIGHBOUR = "canik-belediyesi"


@dataclass
class Wire:
    """Between us and the neighbour; `faults` strike the next requests, one each."""

    target: str = ""
    faults: list[str] = field(default_factory=list)
    posts: int = 0
    without_keys: bool = False
    key: str = ""

    async def carry(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.pop(0) if self.faults else ""
        self.posts += request.method == "POST"
        if fault.isdigit():
            return web.Response(status=int(fault))
        if fault == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {
            name: request.headers[name] for name in ("Content-Type", "Idempotency-Key") if name in request.headers
        }
        if self.without_keys:
            headers.pop("Idempotency-Key", None)
        body = (await request.read()).replace(b"our-key", self.key.encode())
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, self.target + request.path_qs, data=body, headers=headers) as answer,
        ):
            read = await answer.read()
        if fault == "lose the answer":
            await asyncio.sleep(4.0)
        return web.Response(body=read, status=answer.status, content_type="application/json")


WIRE = Wire()


@dataclass
class Two:
    """Us and the neighbour."""

    office: Office
    neighbour: System

    async def handed_over(self) -> AssignmentOffered:
        offer = await self.office.offer(owner=NEIGHBOUR)
        assert (await self.office.answer())["type"] == "assignment.accepted.v1"
        return offer

    async def number_there(self, offer: AssignmentOffered) -> str:
        """What the neighbour calls it, once our poller knows it."""
        query = "SELECT NOT is_receipt FROM handover WHERE id = $1"
        await self.ask_until(query, offer)
        return str(await self.office.system.value("SELECT reference FROM handover WHERE id = $1", offer.assignment_id))

    async def ask_until(self, question: str, offer: AssignmentOffered) -> None:
        async def holds() -> bool:
            await self.office.system.pool.execute("UPDATE handover SET ask_at = now() WHERE ask_at IS NOT NULL")
            return await self.office.holds(question, offer.assignment_id)

        await until(holds)

    async def contacts_there(self) -> int:
        return int(await self.neighbour.value("SELECT count(*) FROM contact"))


@pytest.fixture(scope="module")
async def two_started(amqp_url: str, database_url: str) -> AsyncIterator[Two]:
    application = web.Application()
    application.add_routes([web.route("*", "/{rest:.*}", WIRE.carry)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "TIMEOUT_SECONDS", 3.0)
        async with (
            mail_server() as mails,
            TestServer(application) as wire,
            a_system(amqp_url, database_url, "intake") as theirs,
            a_system(amqp_url, database_url, "handover", [NEIGHBOUR]) as ours,
            running(built(worker, theirs)),
            serving(built(edge, theirs, ILKIM_OPEN311_DESCRIPTIONS="true")) as neighbour_url,
        ):
            WIRE.target, WIRE.key = neighbour_url, await a_key(theirs)
            service = built(
                handover,
                ours,
                HANDOVER_ADDRESSES=f"{NEIGHBOUR}=http://127.0.0.1:{wire.port}/open311/v2",
                HANDOVER_SECRETS=f"{NEIGHBOUR}=our-key",
                HANDOVER_PUBLIC_URL=PUBLIC,
                ILKIM_MUNICIPALITY=str(the_neighbours_services(theirs)),
            )
            async with serving(service) as url, aiohttp.ClientSession(url) as client:
                yield Two(Office(ours, mails, client), theirs)


def the_neighbours_services(theirs: System) -> object:
    """İlkadım's folder, in which the neighbour's services are called as our topics."""
    folder = theirs.objects / "municipality"
    shutil.copytree(Settings.model_fields["ilkim_municipality"].default, folder, dirs_exist_ok=True)
    file = folder / "institutions.toml"
    text = file.read_text(encoding="utf-8")
    assert 'otherwise = "genel"' in text
    file.write_text(text.replace('otherwise = "genel"', 'otherwise = "sokak-aydinlatma"'), encoding="utf-8")
    return folder


@pytest.fixture
async def two(two_started: Two) -> AsyncIterator[Two]:
    WIRE.faults.clear()
    WIRE.posts, WIRE.without_keys = 0, False
    yield two_started
    await two_started.office.rests()
    await two_started.office.system.forget()
    await two_started.neighbour.pool.execute("TRUNCATE contact, case_file CASCADE")


async def test_the_case_is_taken_and_gets_its_number_later(two: Two) -> None:
    offer = await two.handed_over()
    number = await two.number_there(offer)
    there = await two.neighbour.value("SELECT text FROM case_file WHERE number = $1", number)

    assert there.startswith(offer.text)
    assert offer.number in there


async def test_their_closing_words_close_our_case(two: Two) -> None:
    offer = await two.handed_over()
    number = await two.number_there(offer)
    await assigned_there(two, number)
    case_id = await two.neighbour.value("SELECT id FROM case_file WHERE number = $1", number)
    await close(two.neighbour, CaseNumber(case_id=case_id, number=number), "Lamba değiştirildi.")
    await two.ask_until("SELECT state = 'answered_by_api' FROM handover WHERE id = $1", offer)
    answer = await two.office.answer()

    assert (answer["type"], answer["answer"]) == ("assignment.closed.v1", "Lamba değiştirildi.")


async def test_a_wrong_key_is_tried_again_and_a_wrong_service_is_not(two: Two) -> None:
    WIRE.faults.append("403")
    await two.office.offer(owner=NEIGHBOUR)
    await until(lambda: two.office.holds("SELECT state = 'waiting' AND error = 'HTTP 403' FROM letter"))
    WIRE.faults.append("404")
    await two.office.retry_now()

    assert (await two.office.answer())["because"] == "undeliverable"


@pytest.mark.parametrize("fault", ["500", "cut", "lose the answer"])
async def test_after_a_doubtful_post_there_is_one_report_at_a_server_that_knows_the_key(two: Two, fault: str) -> None:
    WIRE.faults.append(fault)
    await two.office.offer(owner=NEIGHBOUR)
    await until(lambda: two.office.holds("SELECT is_doubted FROM letter"))
    await two.office.retry_now()
    assert (await two.office.answer())["type"] == "assignment.accepted.v1"

    await until(lambda: _is_one(two))


async def test_a_server_that_knows_no_keys_is_asked_before_a_second_post(two: Two) -> None:
    WIRE.without_keys = True
    WIRE.faults.append("lose the answer")
    offer = await two.office.offer(owner=NEIGHBOUR)
    await until(lambda: two.office.holds("SELECT is_doubted FROM letter"))
    await until(lambda: _is_one(two))
    number = await two.neighbour.value("SELECT number FROM case_file")
    await assigned_there(two, number)
    await two.office.retry_now()
    assert (await two.office.answer())["type"] == "assignment.accepted.v1"

    assert WIRE.posts == 1
    assert await two.office.system.value("SELECT reference FROM handover WHERE id = $1", offer.assignment_id) == number


async def test_a_neighbour_that_is_away_while_it_is_asked_changes_nothing(two: Two) -> None:
    offer = await two.handed_over()
    number = await two.number_there(offer)
    WIRE.faults += ["500", "cut", "503"]
    await two.ask_until("SELECT state = 'sent' FROM handover WHERE id = $1", offer)
    await two.ask_until("SELECT reference IS NOT NULL FROM handover WHERE id = $1", offer)

    assert await two.number_there(offer) == number


async def test_a_reminder_does_not_go_where_the_standard_knows_none(two: Two) -> None:
    offer = await two.handed_over()
    await two.office.its_time_is_up(offer)

    assert (await two.office.answer())["because"] == "no_answer"


async def assigned_there(two: Two, number: str) -> None:
    """The neighbour's router gives it a topic, so that it is public there."""
    case_id = await two.neighbour.value("SELECT id FROM case_file WHERE number = $1", number)
    told = a_case_assigned(
        case_id=case_id, number=number, topic="sokak-aydinlatma", neighbourhood="61820", owner="yedas"
    )
    await two.neighbour.pool.execute("UPDATE case_file SET opened_at = now() WHERE id = $1", case_id)
    await two.neighbour.tell(EVENTS, "router.kept.routine", told)

    async def is_public() -> bool:
        return bool(await two.neighbour.value("SELECT topic IS NOT NULL FROM case_file WHERE id = $1", case_id))

    await until(is_public)


async def _is_one(two: Two) -> bool:
    return await two.contacts_there() == 1
