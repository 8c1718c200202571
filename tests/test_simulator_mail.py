"""The citizens' mail server: keeps what it took, shows it, writes as citizens do, and fails on demand."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.notifier.domain import Answer
from services.notifier.senders import Letter
from shared.ids import new_id
from simulators.mail.app import MailServer
from simulators.mail.settings import Settings, settings_from
from tests.notifier.kits.smtp import TEXT, a_sender


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    running = MailServer(Settings())
    async with TestServer(running.application()) as web:
        running.web = web  # type: ignore[attr-defined]
        yield running


@pytest.fixture
async def client(server: MailServer) -> AsyncIterator[TestClient[Any, Any]]:
    client: TestClient[Any, Any] = TestClient(server.web)  # type: ignore[attr-defined]
    yield client
    await client.close()


async def sent(server: MailServer, address: str, text: str = TEXT) -> Answer:
    sender = a_sender(f"smtp://127.0.0.1:{server.smtp_port}")
    result = await sender.send(Letter(new_id(), "main", address, text, 1, subject="Başvurunuz"))
    await sender.close()
    return result.answer


async def test_what_was_sent_is_kept_and_shown(server: MailServer, client: TestClient[Any, Any]) -> None:
    await sent(server, "ayse@example.org", "<script>alert(1)</script>")

    [mail] = (await (await client.get("/_simulator/messages?citizen=ayse@example.org")).json())["messages"]
    assert (mail["subject"], mail["status"], mail["from_citizen"]) == ("Başvurunuz", "accepted", False)
    page = await (await client.get("/")).text()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("550@hata.example", Answer.NEVER),
        ("522@hata.example", Answer.LATER),
        ("drop_reply@hata.example", Answer.UNKNOWN),
    ],
)
async def test_some_addresses_always_fail(server: MailServer, address: str, answer: Answer) -> None:
    assert await sent(server, address) is answer


async def test_a_fault_strikes_as_often_as_asked(server: MailServer, client: TestClient[Any, Any]) -> None:
    ordered = await client.post("/_simulator/email/faults", json={"kind": "code_451", "count": 1})

    assert ordered.status == 201
    assert await sent(server, "ayse@example.org") is Answer.LATER
    assert await sent(server, "ayse@example.org") is Answer.ACCEPTED
    assert (await client.post("/_simulator/email/faults", json={"kind": "nonsense"})).status == 400


async def test_a_citizen_who_cannot_reach_the_centre_is_told(client: TestClient[Any, Any]) -> None:
    asked = {"citizen": "ayse@example.org", "text": "Çöp"}

    assert (await client.post("/_simulator/email/citizens", json=asked)).status == 502
    assert (await client.post("/_simulator/email/citizens", json=asked | {"citizen": "a\r\nb"})).status == 400
    assert (await client.post("/", data=asked)).status == 422


def test_the_centre_is_found_by_its_own_variables() -> None:
    settings = settings_from({"EMAIL_LISTEN_PORT": "2525", "EMAIL_ADDRESS": "a@b.example", "SMTP_PORT": "2526"})

    assert (settings.centre_port, settings.centre_address, settings.smtp_port) == (2525, "a@b.example", 2526)
