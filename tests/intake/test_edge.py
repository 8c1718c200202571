"""The HTTP edge: each bad input gets its clear answer, and what is accepted is safe before it is answered."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from services.intake.app import edge, worker
from services.intake.web import FORM_BYTES_MAX
from services.intake.webhooks import BODY_BYTES_MAX as WEBHOOK_BYTES_MAX
from shared.contracts import WebhookReceived, unpack
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook, sign
from tests.builders import AT
from tests.harness import APP_SECRET, AWAY_AMQP, AWAY_DATABASE, System, built, running, serving, until

WEBHOOK = "/webhooks/whatsapp"
FORM = "/api/contacts"


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


def a_body(text: str = "Çöp alınmadı", **changed: Any) -> bytes:
    default = {"sender": "905321112233", "id": f"wamid.{uuid.uuid4().hex}", "timestamp": int(AT.timestamp())}
    return message_webhook(Account(), [CitizenMessage(**{**default, "text": text, **changed})])


async def post(client: aiohttp.ClientSession, url: str, body: bytes, **headers: str) -> tuple[int, Any, Any]:
    sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(url, data=body, headers=sent) as answer:
        raw = await answer.read()
        return answer.status, json.loads(raw) if raw else None, answer.headers


async def post_webhook(client: aiohttp.ClientSession, url: str, body: bytes) -> tuple[int, Any, Any]:
    return await post(client, url + WEBHOOK, body, X_Hub_Signature_256=sign(body, APP_SECRET))


def is_problem(answer: tuple[int, Any, Any], status: int) -> bool:
    """A problem document that says what is wrong."""
    code, content, headers = answer
    document = headers["Content-Type"].startswith("application/problem+json")
    return code == status == content["status"] and document and bool(content["title"]) and bool(content["detail"])


async def test_a_signed_webhook_is_on_the_intake_queue_when_it_is_answered(
    system: System, edge_url: str, client: aiohttp.ClientSession
) -> None:
    body = a_body()
    status, _, _ = await post_webhook(client, edge_url, body)

    assert status == 200
    [part] = unpack((await system.take_all("intake.routine"))[0])
    assert WebhookReceived.model_validate(part).body == body


async def test_a_webhook_that_tells_of_danger_takes_the_urgent_lane(
    system: System, edge_url: str, client: aiohttp.ClientSession
) -> None:
    await post_webhook(client, edge_url, a_body("Yangın var, yardım edin"))

    assert len(await system.take_all("intake.urgent")) == 1


async def test_the_subscription_is_verified_by_its_token(edge_url: str, client: aiohttp.ClientSession) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "4711"}
    async with client.get(edge_url + WEBHOOK, params=asked) as answer:
        assert (answer.status, await answer.text()) == (200, "4711")
    for wrong in ({"hub.verify_token": "guessed"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": ""}):
        async with client.get(edge_url + WEBHOOK, params=asked | wrong) as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        sign(b"other bytes", APP_SECRET),
        sign(b"{}", "other secret"),
        sign(b"{}", APP_SECRET).replace("sha256=", "sha1="),
        sign(b"{}", APP_SECRET).removeprefix("sha256="),
        sign(b"{}", APP_SECRET).upper(),
        "sha256=çşğ",
    ],
)
async def test_an_unsigned_or_wrongly_signed_webhook_is_refused(
    system: System, edge_url: str, client: aiohttp.ClientSession, signature: str | None
) -> None:
    headers = {} if signature is None else {"X_Hub_Signature_256": signature}
    answer = await post(client, edge_url + WEBHOOK, b"{}", **headers)

    assert is_problem(answer, 401)
    assert await system.depth("intake.routine") == 0


async def test_two_signatures_are_refused(edge_url: str, client: aiohttp.ClientSession) -> None:
    right = sign(b"{}", APP_SECRET)
    headers = [("X-Hub-Signature-256", right), ("X-Hub-Signature-256", right)]
    async with client.post(edge_url + WEBHOOK, data=b"{}", headers=headers) as answer:
        assert answer.status == 401


async def test_the_secret_before_is_good_while_it_is_being_changed(
    system: System, client: aiohttp.ClientSession
) -> None:
    async with serving(built(edge, system, WHATSAPP_APP_SECRET_BEFORE="old")) as url:
        body = a_body()
        assert (await post(client, url + WEBHOOK, body, X_Hub_Signature_256=sign(body, "old")))[0] == 200
        assert (await post_webhook(client, url, body))[0] == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[1,2", b"\xff\xfe", b"nonsense", b"[" * 200_000, b'{"a":' * 100_000])
async def test_malformed_json_is_refused(edge_url: str, client: aiohttp.ClientSession, body: bytes) -> None:
    assert is_problem(await post_webhook(client, edge_url, body), 400)


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"text"'])
async def test_json_that_is_no_object_is_refused(edge_url: str, client: aiohttp.ClientSession, body: bytes) -> None:
    assert is_problem(await post_webhook(client, edge_url, body), 400)


@pytest.mark.parametrize("body", [b"{}", b'{"entry":7}', b'{"entry":[{"changes":[{"value":[]}]}]}', b'{"a":{"b":1}}'])
async def test_a_signed_object_of_any_shape_is_kept(
    system: System, edge_url: str, client: aiohttp.ClientSession, body: bytes
) -> None:
    assert (await post_webhook(client, edge_url, body))[0] == 200
    assert await system.depth("intake.routine") == 1


async def test_a_body_that_is_too_large_is_refused_and_the_edge_goes_on(
    edge_url: str, client: aiohttp.ClientSession
) -> None:
    assert is_problem(await post_webhook(client, edge_url, b" " * (WEBHOOK_BYTES_MAX + 1)), 413)
    assert (await post_webhook(client, edge_url, a_body("x" * 1_000_000)))[0] == 200


@pytest.mark.parametrize("path", ["/webhooks/telegram", "/webhooks/", "/api/nothing"])
async def test_an_unknown_channel_is_told_so(edge_url: str, client: aiohttp.ClientSession, path: str) -> None:
    assert is_problem(await post(client, edge_url + path, b"{}"), 404)


async def test_an_unknown_method_is_told_so(edge_url: str, client: aiohttp.ClientSession) -> None:
    async with client.delete(edge_url + WEBHOOK) as answer:
        assert answer.status == 405
        assert answer.headers["Content-Type"].startswith("application/problem+json")


# The form


def a_form(**changed: Any) -> bytes:
    return json.dumps({"submission_id": str(uuid.uuid4()), "text": "Sokak lambası yanmıyor"} | changed).encode()


async def test_a_form_is_accepted_with_where_to_look(edge_url: str, client: aiohttp.ClientSession) -> None:
    status, content, _ = await post(client, edge_url + FORM, a_form())

    assert status == 202
    assert content["status_url"].endswith(content["submission_id"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (a_form(colour="red"), 422),
        (a_form(**{"\ud800": 1}), 422),
        (a_form(text=7), 422),
        (a_form(text=None), 422),
        (a_form(text=""), 422),
        (a_form(text="half \ud83d letter"), 422),
        (a_form(text="x" * 20_001), 422),
        (a_form(text="x" * 1_000_000), 413),
        (a_form(submission_id="1"), 422),
        (a_form(place={"latitude": 100}), 422),
        (a_form(place={"latitude": "NaN"}), 422),
        (a_form(place=[]), 422),
        (a_form(name="x" * 300), 422),
        (a_form(language="de"), 422),
        (b'{"submission_id":"' + b"9" * FORM_BYTES_MAX + b'"}', 413),
    ],
)
async def test_a_form_that_is_not_as_described_is_refused(
    system: System, edge_url: str, client: aiohttp.ClientSession, body: bytes, status: int
) -> None:
    assert is_problem(await post(client, edge_url + FORM, body), status)
    assert await system.depth("intake.routine") == 0


@pytest.mark.parametrize("asked", ["7", "nothing", "../../etc/passwd", "%00"])
async def test_a_page_of_no_submission_is_refused(edge_url: str, client: aiohttp.ClientSession, asked: str) -> None:
    async with client.get(f"{edge_url}{FORM}/{asked}") as answer:
        assert answer.status in (404, 422)


# Broker and database away


async def health(client: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any]]:
    async with client.get(url + "/health/ready") as answer:
        return answer.status, await answer.json()


async def test_with_the_broker_away_the_outbox_keeps_what_is_accepted_until_it_is_back(
    system: System, client: aiohttp.ClientSession
) -> None:
    bodies = [a_body(f"Çukur {number}", sender=f"9053211122{number:02}") for number in range(20)]
    async with serving(built(edge, system, RABBITMQ_URL=AWAY_AMQP)) as url:
        answers = await asyncio.gather(*(post_webhook(client, url, body) for body in bodies))
        assert {status for status, _, _ in answers} == {200}
        assert (await post(client, url + FORM, a_form()))[0] == 202
        status, told = await health(client, url)
        assert (status, told["status"]) == (200, "degraded")
        assert (told["broker"], told["database"]) == ("away", "there")
    assert await system.value("SELECT count(*) FROM outbox WHERE published_at IS NULL") > 0
    async with running(built(worker, system)):
        await until(lambda: has_contacts(system, 21))

    assert await system.value("SELECT count(*) FROM case_file") == 21


async def has_contacts(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM contact") == count)


async def test_with_the_database_away_the_broker_takes_what_is_accepted(
    system: System, client: aiohttp.ClientSession
) -> None:
    async with serving(built(edge, system, DATABASE_URL=AWAY_DATABASE)) as url:
        await until(lambda: is_taken(client, url))
        status, told = await health(client, url)
        assert (status, told["status"], told["database"]) == (200, "degraded", "away")

    assert await system.depth("intake.routine") >= 1


async def is_taken(client: aiohttp.ClientSession, url: str) -> bool:
    return (await post_webhook(client, url, a_body()))[0] == 200


async def test_with_both_away_the_sender_is_told_when_to_come_again(
    system: System, client: aiohttp.ClientSession
) -> None:
    async with serving(built(edge, system, RABBITMQ_URL=AWAY_AMQP, DATABASE_URL=AWAY_DATABASE)) as url:
        for answer in (await post_webhook(client, url, a_body()), await post(client, url + FORM, a_form())):
            assert is_problem(answer, 503)
            assert int(answer[2]["Retry-After"]) > 0
        status, told = await health(client, url)
        assert (status, told["status"]) == (503, "away")
        async with client.get(url + "/health/live") as alive:
            assert alive.status == 200
        async with client.get(f"{url}{FORM}/{uuid.uuid4()}") as page:
            assert page.status == 503


async def test_a_healthy_edge_is_ready(edge_url: str, client: aiohttp.ClientSession) -> None:
    async def is_ready() -> bool:
        status, told = await health(client, edge_url)
        return (status, told["status"]) == (200, "ready")

    await until(is_ready)


async def test_refusals_are_counted(edge_url: str, client: aiohttp.ClientSession) -> None:
    await post(client, edge_url + WEBHOOK, b"{}")
    async with client.get(edge_url + "/metrics") as answer:
        assert 'ilkim_refused_total{status="401"}' in await answer.text()
