"""The WhatsApp simulator keeps the documented protocol, on good days and on the bad days asked of it."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from simulators.whatsapp.app import Simulator
from simulators.whatsapp.faults import NUMBERS, Fault, Faults
from simulators.whatsapp.memory import Entry, Memory, described
from simulators.whatsapp.payloads import (
    Account,
    CitizenMessage,
    FailureReason,
    Location,
    MessageStatus,
    message_webhook,
    new_wamid,
    sign,
    status_webhook,
)
from simulators.whatsapp.protocol import ERRORS, GraphError, SendRequest, judge
from simulators.whatsapp.settings import Settings, settings_from

SECRET = "app-secret"
PATH = "/v23.0/106540352242922/messages"
BEARER = {"Authorization": "Bearer token"}
ACCOUNT = Account()


@dataclass
class Edge:
    """A webhook endpoint that checks signatures and can be told to answer badly first."""

    url: str = ""
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    bad_answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        expected = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        if request.headers["X-Hub-Signature-256"] != expected:
            return web.Response(status=401)
        if self.bad_answers:
            return web.Response(status=self.bad_answers.pop(0))
        self.webhooks.append(json.loads(raw))
        return web.Response(text="EVENT_RECEIVED")

    async def verify(self, request: web.Request) -> web.Response:
        if request.query["hub.verify_token"] != "verify-me":
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    def values(self, kind: str) -> list[dict[str, Any]]:
        """All `messages` or `statuses` received, in order."""
        changes = [c for w in self.webhooks for entry in w["entry"] for c in entry["changes"]]
        return [one for change in changes for one in change["value"].get(kind, [])]


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    edge = Edge()
    application = web.Application()
    application.add_routes([web.post("/hook", edge.take), web.get("/hook", edge.verify)])
    async with TestServer(application) as server:
        edge.url = str(server.make_url("/hook"))
        yield edge


Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def a_simulator(edge: Edge | None = None, **changed: Any) -> AsyncIterator[Client]:
    fast = {"sent": 0.0, "delivered": 0.01, "read": 0.02}
    told = {"webhook_url": edge.url if edge else "", "app_secret": SECRET, "delays_seconds": fast}
    simulator = Simulator(Settings(**(told | {"verify_token": "verify-me"} | changed)))
    async with TestClient(TestServer(simulator.application())) as client:
        yield client


def a_request(to: str = "+905321112233", text: str = "Başvurunuz alındı.", **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}} | more


async def send(client: Client, request: Any) -> tuple[int, dict[str, Any]]:
    async with client.post(PATH, json=request, headers=BEARER) as response:
        return response.status, await response.json()


async def kept(client: Client, **query: str) -> list[dict[str, Any]]:
    async with client.get("/_simulator/messages", params=query) as response:
        messages: list[dict[str, Any]] = (await response.json())["messages"]
        return messages


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is awaited lies behind HTTP
            await asyncio.sleep(0.01)


# Payloads


def test_a_citizens_text_has_the_shape_of_the_documented_webhook() -> None:
    message = CitizenMessage("905321112233", "wamid.A", 1697043223, "Çöp alınmadı", "Ayşe", reply_to="wamid.B")

    assert json.loads(message_webhook(ACCOUNT, [message])) == {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "102290129340398",
                "changes": [
                    {
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {
                                "display_phone_number": "903625550000",
                                "phone_number_id": "106540352242922",
                            },
                            "contacts": [{"profile": {"name": "Ayşe"}, "wa_id": "905321112233"}],
                            "messages": [
                                {
                                    "from": "905321112233",
                                    "id": "wamid.A",
                                    "timestamp": "1697043223",
                                    "context": {"from": "903625550000", "id": "wamid.B"},
                                    "text": {"body": "Çöp alınmadı"},
                                    "type": "text",
                                }
                            ],
                        },
                        "field": "messages",
                    }
                ],
            }
        ],
    }


def test_a_place_travels_as_a_location_message() -> None:
    place = Location(41.28, 36.33, "Kılıçdede")
    body = json.loads(message_webhook(ACCOUNT, [CitizenMessage("905321112233", "wamid.A", 1, location=place)]))

    message = body["entry"][0]["changes"][0]["value"]["messages"][0]
    assert message["type"] == "location"
    assert message["location"] == {"latitude": 41.28, "longitude": 36.33, "name": "Kılıçdede"}


def test_webhook_bodies_are_ascii_so_that_the_signature_is_over_what_meta_would_sign() -> None:
    body = message_webhook(ACCOUNT, [CitizenMessage("905321112233", "wamid.A", 1, "ğüşiöç 🌳")])

    assert body.isascii()
    assert rb"\u011f" in body
    assert sign(body, SECRET) == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def test_many_statuses_travel_in_one_webhook_of_an_entry_each() -> None:
    failure = FailureReason(131026, "Message undeliverable", "No WhatsApp")
    statuses = [
        MessageStatus("wamid.A", "delivered", "905321112233", 1689380458, callback_data="reply-1"),
        MessageStatus("wamid.B", "failed", "905321112234", 1689380458, failure=failure),
    ]

    body = json.loads(status_webhook(ACCOUNT, statuses))

    delivered, failed = (entry["changes"][0]["value"]["statuses"][0] for entry in body["entry"])
    assert delivered["biz_opaque_callback_data"] == "reply-1"
    assert (delivered["recipient_id"], delivered["timestamp"]) == ("905321112233", "1689380458")
    assert failed["errors"][0]["code"] == 131026
    assert "biz_opaque_callback_data" not in failed


def test_message_ids_are_fresh_and_have_the_real_shape() -> None:
    ids = {new_wamid("905321112233") for _ in range(1000)}

    assert len(ids) == 1000
    assert all(one.startswith("wamid.HBgMOTA1MzIxMTEyMjMz") for one in ids)


# The protocol


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ([], 100),
        ({}, 100),
        (a_request(messaging_product="sms"), 100),
        (a_request(to=""), 100),
        (a_request(to="+90 abc"), 131009),
        (a_request(to="12"), 131009),
        (a_request(type="telegram"), 100),
        (a_request(type="template"), 131008),
        (a_request(text=""), 131008),
        (a_request(text="a" * 4097), 100),
        (a_request(biz_opaque_callback_data="a" * 513), 100),
        (a_request(biz_opaque_callback_data={"a": 1}), 100),
        (a_request(context={}), 131008),
        (a_request(type="template", template={"name": "kapandi"}), 131008),
        (a_request(type="reaction", reaction={"emoji": "👍"}), 131008),
        (a_request(type="location", location={"latitude": 41.2}), 131008),
        (a_request(type="image", image={}), 131008),
    ],
)
def test_a_wrong_request_meets_its_documented_error(request_: Any, code: int) -> None:
    verdict = judge(json.dumps(request_).encode())

    assert isinstance(verdict, GraphError)
    assert (verdict.code, verdict.http_status) == (code, 400)


def test_a_template_is_readable_with_its_values() -> None:
    parameters = [{"type": "text", "text": "ILK-1"}, {"type": "text", "text": "Fen İşleri"}]
    template = {
        "name": "alindi",
        "language": {"code": "tr"},
        "components": [{"type": "body", "parameters": parameters}],
    }

    verdict = judge(json.dumps(a_request(type="template", template=template)).encode())

    assert isinstance(verdict, SendRequest)
    assert verdict.text == "[alindi] · ILK-1 · Fen İşleri"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[[[",
        b'{"messaging_product":"whatsapp","to":"905321112233","text":{"body":1}}',
    ],
)
def test_no_body_breaks_the_judgement(body: bytes) -> None:
    assert isinstance(judge(body), GraphError)


async def test_an_accepted_message_is_answered_as_documented() -> None:
    async with a_simulator() as client:
        status, answer = await send(client, a_request("+90 532 111 22 33"))

        assert status == 200
        assert answer["messaging_product"] == "whatsapp"
        assert answer["contacts"] == [{"input": "+90 532 111 22 33", "wa_id": "905321112233"}]
        assert [one["wamid"] for one in await kept(client)] == [answer["messages"][0]["id"]]


async def test_a_read_receipt_succeeds_and_is_no_message() -> None:
    async with a_simulator() as client:
        receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"}

        assert await send(client, receipt) == (200, {"success": True})
        assert await kept(client) == []


async def test_a_wrong_token_is_refused_with_190() -> None:
    async with a_simulator(access_token="right") as client:
        status, answer = await send(client, a_request())

        assert (status, answer["error"]["code"], answer["error"]["type"]) == (401, 190, "OAuthException")


async def test_an_unknown_phone_number_id_is_refused_like_any_unknown_object() -> None:
    async with a_simulator(any_phone_number_id=False, account=Account(phone_number_id="7")) as client:
        status, answer = await send(client, a_request())

        assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (400, 100, 33)


async def test_outside_the_window_only_templates_pass() -> None:
    async with a_simulator(window_seconds=86_400.0) as client:
        template = {"name": "alindi", "language": {"code": "tr"}}
        before = await send(client, a_request())
        as_template = await send(client, a_request(type="template", template=template))
        await client.post("/_simulator/citizens/messages", json={"from": "+905321112233", "text": "Merhaba"})
        after = await send(client, a_request())

        assert before[1]["error"]["code"] == 131047
        assert as_template[1]["messages"][0]["message_status"] == "accepted"
        assert after[0] == 200


# Statuses


async def test_statuses_arrive_signed_and_carry_the_callback_data(edge: Edge) -> None:
    async with a_simulator(edge, statuses=("sent", "delivered", "read")) as client:
        _, answer = await send(client, a_request(biz_opaque_callback_data="reply-7"))
        await until(lambda: len(edge.values("statuses")) == 3)

        statuses = edge.values("statuses")
        assert {one["status"] for one in statuses} == {"sent", "delivered", "read"}
        assert {one["id"] for one in statuses} == {answer["messages"][0]["id"]}
        assert {one["biz_opaque_callback_data"] for one in statuses} == {"reply-7"}
        assert (await kept(client))[0]["status"] == "read"


async def test_a_webhook_that_was_not_taken_is_posted_again(edge: Edge) -> None:
    edge.bad_answers = [503, 500]
    async with a_simulator(edge, statuses=("sent",)) as client:
        await send(client, a_request())

        await until(lambda: len(edge.values("statuses")) == 1)


async def test_statuses_due_together_share_webhooks_of_bounded_size(edge: Edge) -> None:
    async with a_simulator(edge, statuses=("sent",)) as client:
        await asyncio.gather(*(send(client, a_request(f"+90532{n:07d}")) for n in range(120)))
        await until(lambda: len(edge.values("statuses")) == 120)

        assert len(edge.webhooks) < 120
        assert max(len(webhook["entry"]) for webhook in edge.webhooks) <= 50
        assert len({one["id"] for one in edge.values("statuses")}) == 120


async def test_due_statuses_go_out_before_the_simulator_ends(edge: Edge) -> None:
    async with a_simulator(edge, statuses=("sent", "delivered")) as client:
        for _ in range(5):
            await send(client, a_request())

    assert len(edge.values("statuses")) == 10


async def test_statuses_can_be_changed_while_it_runs(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        await client.post("/_simulator/statuses", json={"statuses": "read", "delays": {"read": 0}})
        await send(client, a_request())
        await until(lambda: bool(edge.webhooks))

        assert [one["status"] for one in edge.values("statuses")] == ["read"]


# Bad days


@pytest.mark.parametrize(("digits", "kind"), [pair for pair in NUMBERS.items() if pair[1].isdigit()])
async def test_a_special_number_meets_its_error(digits: str, kind: str) -> None:
    async with a_simulator() as client:
        status, answer = await send(client, a_request(f"+90555000{digits}"))

        assert status == ERRORS[int(kind)].http_status
        assert answer["error"]["code"] == int(kind)
        assert answer["error"]["fbtrace_id"]
        assert [one["accepted"] for one in await kept(client)] == [False]


def test_an_ordinary_number_with_the_same_ending_meets_no_fault() -> None:
    assert Faults("90555000").strike("905321110047") is None


async def test_a_dropped_reply_leaves_an_accepted_message_behind(edge: Edge) -> None:
    async with a_simulator(edge, statuses=("delivered",)) as client:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await send(client, a_request("+905550000409", biz_opaque_callback_data="reply-9"))
        await until(lambda: bool(edge.webhooks))

        (message,) = await kept(client)
        assert (message["accepted"], message["http_status"]) == (True, None)
        assert edge.values("statuses")[0]["biz_opaque_callback_data"] == "reply-9"


async def test_a_dropped_request_leaves_nothing_accepted() -> None:
    async with a_simulator() as client:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await send(client, a_request("+905550000444"))

        assert [one["accepted"] for one in await kept(client)] == [False]


async def test_a_timeout_gives_no_answer() -> None:
    async with a_simulator() as client:
        await client.post("/_simulator/faults", json={"kind": "timeout", "seconds": 1, "count": 1})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await send(client, a_request())

        assert [one["accepted"] for one in await kept(client)] == [False]


async def test_a_failure_told_later_replaces_the_other_statuses(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        status, _ = await send(client, a_request("+905550009026"))
        await until(lambda: bool(edge.webhooks))

        (failed,) = edge.values("statuses")
        assert (status, failed["status"], failed["errors"][0]["code"]) == (200, "failed", 131026)
        assert (await kept(client))[0]["error_code"] == 131026


async def test_a_fault_strikes_as_often_as_asked_and_only_whom_it_is_meant_for() -> None:
    async with a_simulator() as client:
        await client.post("/_simulator/faults", json={"kind": "http_500", "count": 2, "to": "+905321112233"})

        other = await send(client, a_request("+905321112299"))
        statuses = []
        for _ in range(3):
            async with client.post(PATH, json=a_request(), headers=BEARER) as response:
                statuses.append(response.status)

        assert other[0] == 200
        assert statuses == [500, 500, 200]


def test_a_rate_strikes_by_chance() -> None:
    chances = iter([0.05, 0.5])
    faults = Faults("90555000", chance=lambda: next(chances))
    faults.add(Fault("131056", rate=0.1))

    assert faults.strike("905321112233") is not None
    assert faults.strike("905321112233") is None


async def test_faults_end_when_they_are_cleared() -> None:
    async with a_simulator() as client:
        await client.post("/_simulator/faults", json={"kind": "131000"})
        before = await send(client, a_request())
        await client.delete("/_simulator/faults")
        after = await send(client, a_request())

        assert (before[0], after[0]) == (500, 200)


@pytest.mark.parametrize("asked", [{}, {"kind": "flood"}, {"kind": "slow", "rate": 2}, {"kind": "slow", "count": 0}])
async def test_a_fault_nobody_knows_is_refused(asked: dict[str, Any]) -> None:
    async with a_simulator() as client, client.post("/_simulator/faults", json=asked) as response:
        assert response.status == 400


# The citizen's side


async def test_a_citizens_message_reaches_the_edge_signed(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        asked = {"from": "+90 532 111 22 33", "name": "Ayşe", "text": "Lamba yanmıyor", "id": "wamid.A", "timestamp": 7}
        async with client.post("/_simulator/citizens/messages", json=asked) as response:
            answer = await response.json()

        assert (response.status, answer["ids"], answer["webhook_answer"]) == (200, ["wamid.A"], "EVENT_RECEIVED")
        (message,) = edge.values("messages")
        assert (message["id"], message["timestamp"]) == ("wamid.A", "7")
        assert message["text"]["body"] == "Lamba yanmıyor"


async def test_what_the_edge_answers_is_what_the_caller_hears(edge: Edge) -> None:
    edge.bad_answers = [503]
    async with a_simulator(edge) as client:
        asked = {"from": "+905321112233", "text": "Merhaba"}
        async with client.post("/_simulator/citizens/messages", json=asked) as response:
            assert response.status == 503


async def test_a_queued_message_is_posted_until_the_edge_takes_it(edge: Edge) -> None:
    edge.bad_answers = [503]
    async with a_simulator(edge) as client:
        asked = {"from": "+905321112233", "text": "Merhaba"}
        async with client.post("/_simulator/citizens/messages?queued=1", json=asked) as response:
            assert response.status == 202

        await until(lambda: len(edge.values("messages")) == 1)


async def test_a_batch_travels_in_one_webhook_and_a_place_becomes_a_message_of_its_own(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        place = {"latitude": 41.28, "longitude": 36.33}
        batch = [
            {"from": "+905321112233", "text": "Çukur var", "location": place},
            {"from": "+905321112244", "text": "Su yok"},
        ]
        await client.post("/_simulator/citizens/batch", json=batch)

        assert len(edge.webhooks) == 1
        assert [one["type"] for one in edge.values("messages")] == ["text", "location", "text"]


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "Merhaba"},
        {"from": "+905321112233"},
        {"from": "abc", "text": "Merhaba"},
        {"from": "+905321112233", "location": {"latitude": "x"}},
        [],
    ],
)
async def test_what_no_citizen_could_have_written_is_refused(asked: Any) -> None:
    async with a_simulator() as client, client.post("/_simulator/citizens/messages", json=asked) as response:
        assert response.status == 400


async def test_the_webhook_can_be_verified_as_meta_does(edge: Edge) -> None:
    async with a_simulator(edge) as right, a_simulator(edge, verify_token="wrong") as wrong:
        first, second = await right.post("/_simulator/verify"), await wrong.post("/_simulator/verify")

        assert (first.status, second.status) == (200, 502)


# Memory, ledger, page


async def test_memory_is_bounded_and_the_ledger_has_every_request(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with a_simulator(kept_max=3, ledger_path=str(ledger), statuses=()) as client:
        for number in range(5):
            await send(client, a_request(biz_opaque_callback_data=f"reply-{number}"))
        await send(client, a_request("+905550000047"))

        assert len(await kept(client)) == 3
        lines = [json.loads(line) for line in ledger.read_text().splitlines()]
        assert [line["biz_opaque_callback_data"] for line in lines[:5]] == [f"reply-{n}" for n in range(5)]
        assert [line["accepted"] for line in lines] == [True] * 5 + [False]
        assert lines[-1]["error_code"] == 131047


async def test_messages_are_found_by_number_and_time() -> None:
    async with a_simulator() as client:
        await send(client, a_request("+905321112233"))
        await send(client, a_request("+905321112244"))
        moment = (await kept(client))[1]["time"]

        assert [one["to"] for one in await kept(client, to="+905321112233")] == ["+905321112233"]
        assert [one["to"] for one in await kept(client, since=moment)] == ["+905321112244"]


async def test_the_page_shows_both_sides_and_escapes_what_was_written(edge: Edge) -> None:
    async with a_simulator(edge, statuses=()) as client:
        await client.post(
            "/write", data={"number": "0532 111 22 33", "name": "İrem", "text": "<script>alert(1)</script>"}
        )
        await send(client, a_request(text="Başvurunuz alındı."))
        async with client.get("/t/905321112233") as response:
            page = await response.text()

        assert edge.values("messages")[0]["from"] == "905321112233"
        assert "İrem" in page
        assert "+90 532 111 22 33" in page
        assert "Başvurunuz alındı." in page
        assert "<script>alert" not in page
        assert "https://" not in page.replace("http://www.w3.org", "")


async def test_a_number_that_is_none_is_told_beside_its_field() -> None:
    async with a_simulator() as client:
        async with client.post("/write", data={"number": "12", "text": "Merhaba"}) as response:
            page = await response.text()

        assert response.status == 422
        assert "Telefon numarasını 0555 111 22 33 gibi yazın." in page
        assert "Merhaba" in page


async def test_the_page_hears_of_changes_as_they_happen() -> None:
    async with a_simulator() as client:
        async with client.get("/_simulator/events") as events:
            first = await events.content.readline()
            await send(client, a_request())
            await events.content.readline()
            second = await events.content.readline()

        assert first.startswith(b"data: ")
        assert second.startswith(b"data: ")
        assert first != second


def test_a_shown_time_finds_its_own_message_however_it_was_rounded() -> None:
    memory = Memory(kept_max=10)
    for fraction in (0.8759284, 0.8759285, 0.8759286, 0.1234567):
        entry = Entry(False, "905321112233", "text", "", 1_795_459_650 + fraction, "accepted")
        memory.keep_request(entry)
        shown = datetime.fromisoformat(described(entry)["time"]).timestamp()

        assert entry in list(memory.find(None, shown))


def test_settings_say_which_variable_is_wrong() -> None:
    with pytest.raises(ValueError, match="WHATSAPP_SIMULATOR_STATUSES"):
        settings_from({"WHATSAPP_SIMULATOR_STATUSES": "seen"})
    assert settings_from({"WHATSAPP_SIMULATOR_STATUSES": ""}).statuses == ()


async def test_the_server_starts_by_its_command_and_ends_on_sigterm() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.whatsapp", env={**os.environ, "ILKIM_HTTP_PORT": str(port)}
    )
    try:
        async with aiohttp.ClientSession() as session:
            assert await _ready(session, f"http://127.0.0.1:{port}/health/ready")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()


async def _ready(session: aiohttp.ClientSession, url: str) -> bool:
    for _ in range(150):
        try:
            async with session.get(url) as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)
    return False
