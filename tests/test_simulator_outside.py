"""The world outside: citizens who write, receipts in every order, and the page of every message sent."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.intake.channels import ADAPTERS
from shared.contracts import NoticeStatus, WebhookReceived
from simulators.faults import Fault
from simulators.outside import web_form
from simulators.outside.app import Outside
from simulators.outside.memory import Message
from simulators.outside.settings import Settings
from simulators.whatsapp.app import Simulator
from simulators.whatsapp.memory import Entry
from simulators.whatsapp.settings import Settings as WhatsAppSettings
from tests.builders import PHONE, a_webhook
from tests.notifier.kits.outside import OUTSIDE
from tests.outside import CREDENTIALS, url_variables

Client = TestClient[web.Request, web.Application]
FAST = {"sent": 0.0, "delivered": 0.02, "read": 0.04}
# Providers that post to us; Netgsm is asked.
POSTING = sorted(set(OUTSIDE) - {"netgsm"})
RECEIPTS = ("sent", "delivered", "read")


class Edge:
    """Keeps what is posted to it, and answers as told."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, bytes, dict[str, str]]] = []
        self.bad_answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        if self.bad_answers:
            return web.Response(status=self.bad_answers.pop(0))
        self.posted.append((request.path_qs, await request.read(), dict(request.headers)))
        return web.Response()

    def payloads(self) -> list[WebhookReceived]:
        rows = [(path.split("?")[0].removeprefix("/webhooks/"), body) for path, body, _ in self.posted]
        return [a_webhook(body, provider=name, channel=ADAPTERS[name].channel) for name, body in rows]

    def statuses(self) -> list[NoticeStatus]:
        return [receipt.status for row in self.payloads() for receipt in ADAPTERS[row.provider].read(row).receipts]


@asynccontextmanager
async def a_world(**changed: Any) -> AsyncIterator[tuple[Outside, Edge, Client]]:
    edge, application = Edge(), web.Application()
    application.router.add_post("/webhooks/{provider}", edge.take)
    async with TestServer(application) as server:
        url = str(server.make_url("")).rstrip("/")
        told = {"edge_url": url, "delays_seconds": FAST, "receipts": RECEIPTS}
        secrets = {**CREDENTIALS, **url_variables("http://outside.example.org")}
        outside = Outside(Settings(**{"secrets": secrets, **told, **changed}))
        async with TestClient(TestServer(outside.application())) as client:
            yield outside, edge, client


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is awaited lies behind HTTP
            await asyncio.sleep(0.01)


def citizen_of(name: str) -> str:
    return OUTSIDE[name].letter.address


async def send(outside: Outside, client: Client, name: str, fault: str = "") -> None:
    """Send a letter with our own sender; Twilio is told where to report."""
    if fault:
        outside.providers[name].faults.add(Fault(fault), 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ILKIM_PUBLIC_URL", outside.world.settings.edge_url)
        sender = OUTSIDE[name].sender(str(client.make_url("")).rstrip("/"))
    await sender.send(OUTSIDE[name].letter)
    await sender.close()


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize("photo", [False, True])
async def test_what_a_citizen_writes_is_posted_and_read(name: str, photo: bool) -> None:
    async with a_world() as (_, edge, client):
        asked = {"citizen": citizen_of(name), "text": "Çöp alınmadı", "photo": photo and name != "verimor"}
        async with client.post(f"/_simulator/{name}/citizens", json=asked) as answer:
            assert answer.status == 200

        [payload] = edge.payloads()
        [message] = ADAPTERS[name].read(payload).messages
        assert (message.text, message.sender.address) == ("Çöp alınmadı", citizen_of(name))
        assert len(message.attachments) == (1 if asked["photo"] else 0)


# What each provider documents: Messenger tells what was delivered, Instagram what was read, Telegram nothing.
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("verimor", ["sent", "delivered", "delivered"]),
        ("twilio", ["sent", "delivered", "read"]),
        ("messenger", ["delivered"]),
        ("instagram", ["read"]),
        ("telegram", []),
        ("x", ["read"]),
    ],
)
async def test_receipts_come_as_each_provider_tells_them(name: str, told: list[str]) -> None:
    async with a_world() as (outside, edge, client):
        await send(outside, client, name)
        await until(lambda: not outside.world.waiting())

        assert edge.statuses() == told


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("receipts_twice", ["sent", "delivered", "read"] * 2),
        ("receipts_backwards", ["read", "delivered", "sent"]),
        ("receipts_early", ["sent", "delivered", "read"]),
        ("no_receipts", []),
        ("failed_30003", ["failed"]),
    ],
)
async def test_receipts_come_in_every_order_that_was_asked_for(fault: str, told: list[str]) -> None:
    async with a_world() as (outside, edge, client):
        await send(outside, client, "twilio", fault)
        await until(lambda: not outside.world.waiting())

        assert edge.statuses() == told


async def test_an_early_receipt_overtakes_the_answer() -> None:
    async with a_world() as (outside, edge, client):
        sending = asyncio.create_task(send(outside, client, "twilio", "receipts_early"))
        await until(lambda: len(edge.posted) == 3)
        assert not sending.done()
        await sending


async def test_a_receipt_is_told_until_it_is_taken() -> None:
    async with a_world(receipts=("delivered",)) as (outside, edge, client):
        edge.bad_answers = [503, 500]
        await send(outside, client, "verimor")
        await until(lambda: not outside.world.waiting())

        assert edge.statuses() == [NoticeStatus.DELIVERED]


@pytest.mark.parametrize("asked", [{}, {"kind": "flood"}, {"kind": "slow", "seconds": -1}, [], 7])
async def test_a_fault_that_cannot_be_is_refused(asked: Any) -> None:
    async with a_world() as (_, __, client), client.post("/_simulator/netgsm/faults", json=asked) as answer:
        assert answer.status == 400


async def test_faults_are_listed_and_cleared() -> None:
    async with a_world() as (_, __, client):
        await client.post("/_simulator/netgsm/faults", json={"kind": "code_80", "count": 2})
        listed = await (await client.get("/_simulator/netgsm/faults")).json()
        await client.delete("/_simulator/netgsm/faults")
        after = await (await client.get("/_simulator/netgsm/faults")).json()

    assert [fault["kind"] for fault in listed["faults"]] == ["code_80"]
    assert "failed_16" in listed["kinds"]
    assert after["faults"] == []


# The page


async def page(client: Client, path: str = "/", status: int = 200) -> str:
    async with client.get(path) as answer:
        assert answer.status == status
        return await answer.text()


async def test_the_page_shows_every_message_of_every_provider_newest_first() -> None:
    whatsapp = Simulator(WhatsAppSettings())
    whatsapp.memory.keep_request(Entry(False, "905000000009", "text", "WhatsApp yanıtı", time.time() - 50, "read", "w"))
    mails = web.Application()
    at = datetime.fromtimestamp(time.time() - 60, UTC).isoformat()
    words = {"subject": "Posta konusu", "text": "Posta yanıtı"}
    mail = {"time": at, "citizen": "a@example.org", "from_citizen": False, "status": "accepted", **words}

    async def sent(_: web.Request) -> web.Response:
        return web.json_response({"messages": [mail]})

    mails.router.add_get("/_simulator/messages", sent)
    async with TestServer(whatsapp.application()) as first, TestServer(mails) as second:
        urls = {"whatsapp_url": str(first.make_url("")).rstrip("/"), "mail_url": str(second.make_url("")).rstrip("/")}
        async with a_world(**urls) as (outside, _, client):
            for at, name in enumerate(OUTSIDE):
                row = Message(name, f"+90500000000{at}", f"{name} yanıtı", False, name, time=time.time() - at)
                outside.world.memory.keep(row)
            html = await page(client)

    order = [f"{name} yanıtı" for name in OUTSIDE] + ["WhatsApp yanıtı", "Posta konusu"]
    places = [html.index(text) for text in order]
    assert places == sorted(places)


async def test_a_simulator_that_is_away_costs_the_others_nothing() -> None:
    async with a_world(whatsapp_url="http://127.0.0.1:9", mail_url="http://127.0.0.1:9") as (outside, _, client):
        outside.world.memory.keep(Message("netgsm", PHONE, "Başvurunuz alındı", False, "1"))

        assert "Başvurunuz alındı" in await page(client)


async def test_a_conversation_shows_both_sides_with_how_far_each_message_got() -> None:
    async with a_world() as (outside, _, client):
        memory = outside.world.memory
        memory.keep(Message("twilio", PHONE, "Su yok <b>", True, "1", "delivered"))
        memory.keep(Message("twilio", PHONE, "Alındı", False, "2", "refused", error="21610"))
        html = await page(client, "/t/sms/%2B905321112233")

    assert "Su yok &lt;b&gt;" in html
    assert "sağlayıcı kabul etmedi (21610) · Twilio" in html
    assert "merkez aldı" in html


async def test_on_a_phone_every_sms_stands_in_one_thread() -> None:
    async with a_world() as (outside, _, client):
        memory = outside.world.memory
        memory.keep(Message("verimor", PHONE, "Su yok", True, "1", "delivered", time.time() - 9))
        memory.keep(Message("netgsm", PHONE, "Alındı", False, "2", "delivered", time.time() - 5))
        html = await page(client, "/t/sms/%2B905321112233")

    assert html.rindex("Su yok") < html.rindex("ulaştı · Netgsm")
    assert 'name="provider" value="verimor"' in html


async def test_the_list_narrows_by_way_and_by_search() -> None:
    async with a_world() as (outside, _, client):
        outside.world.memory.keep(Message("twilio", PHONE, "bir", False, "1", name="İLKER ILICALI"))
        outside.world.memory.keep(Message("telegram", "500000001", "iki", False, "2"))
        by_channel, by_name, by_number = [
            await page(client, path) for path in ("/?yol=telegram", "/?q=ilker+ılıcalı", "/?q=0532+111")
        ]

    assert ("iki" in by_channel, "/t/sms" in by_channel) == (True, False)
    assert ("/t/sms" in by_name, "/t/telegram" in by_name) == (True, False)
    assert ("/t/sms" in by_number, "/t/telegram" in by_number) == (True, False)


async def test_writing_on_the_page_is_writing_to_the_centre() -> None:
    async with a_world() as (_, edge, client):
        form = {"provider": "telegram", "address": "500000001", "name": "Ayşe", "text": "Çöp alınmadı"}
        async with client.post("/write", data=form, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/t/telegram/500000001")

        assert json.loads(edge.posted[0][1])["message"]["text"] == "Çöp alınmadı"


async def test_the_web_form_is_a_way_too_and_its_replies_stand_in_its_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_form, "LOOKS_SECONDS", (0.01, 0.01, 0.01))
    forms: list[dict[str, Any]] = []

    async def submit(request: web.Request) -> web.Response:
        forms.append(await request.json())
        return web.json_response({}, status=202)

    async def status(request: web.Request) -> web.Response:
        assert request.match_info["id"] == forms[0]["submission_id"]
        return web.json_response({"numbers": ["482-715-936"], "replies": ["Numaranız 482-715-936."]})

    application = web.Application()
    application.add_routes([web.post("/api/contacts", submit), web.get("/api/contacts/{id}", status)])
    async with TestServer(application) as server, a_world(edge_url=str(server.make_url("")).rstrip("/")) as world:
        outside, _, client = world
        form = {"provider": "web", "address": "", "name": "Ayşe", "text": "Kaldırım çökmüş"}
        async with client.post("/write", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
            path = answer.headers["Location"]
        await until(lambda: not outside.world.waiting())
        html = await page(client, path)

    assert [(one["text"], one["name"]) for one in forms] == [("Kaldırım çökmüş", "Ayşe")]
    assert html.count('<p class="text">Numaranız 482-715-936.</p>') == 1


@pytest.mark.parametrize(
    "wrong", [{"provider": "email"}, {"provider": "fax"}, {"address": "yok"}, {"text": ""}, {"text": "x" * 3_000}]
)
async def test_a_wrong_field_is_told_beside_it(wrong: dict[str, str]) -> None:
    form = {"provider": "netgsm", "address": "0532 111 22 33", "name": "", "text": "Çöp alınmadı"} | wrong
    async with a_world() as (_, edge, client), client.post("/write", data=form) as answer:
        assert answer.status == 422
        assert 'class="error"' in await answer.text()
        assert edge.posted == []


async def test_the_page_asks_no_outside_host() -> None:
    async with a_world() as (_, __, client), client.get("/") as answer:
        assert "http" not in (await answer.text()).replace("http-equiv", "")
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        for path in ("/static/sent.css", "/common/messages.css", "/common/messages.js"):
            async with client.get(path) as file:
                assert file.status == 200


async def test_the_page_looks_again_by_itself() -> None:
    async with a_world() as (_, __, client), client.get("/_simulator/events") as answer:
        assert await asyncio.wait_for(answer.content.readline(), 5) == b"data: look\n"
