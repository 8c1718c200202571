"""The bench's load generator: every webhook is signed, sent once, and sent again when the edge says "not now"."""

import json
from collections import Counter
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench import load
from simulators.whatsapp.payloads import Account, sign

SECRET = "a-secret"
PATH = "/webhooks/whatsapp"


class AnEdge:
    """A real server that remembers what it took; refuses the first `refusals` requests."""

    def __init__(self, refusals: int = 0, status: int = 200) -> None:
        self.refusals = refusals
        self.status = status
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self.connections: set[object] = set()

    async def take(self, request: web.Request) -> web.Response:
        self.connections.add(request.transport)
        body = await request.read()
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503, text="not now")
        self.bodies.append(body)
        self.signatures.append(request.headers["X-Hub-Signature-256"])
        return web.Response(status=self.status, text="{}")


async def send_to(edge: AnEdge, count: int) -> load.Load:
    application = web.Application()
    application.router.add_post(PATH, edge.take)
    async with TestServer(application) as server:
        url = urlsplit(str(server.make_url(PATH)))
        return await load.send(
            load.webhooks(url, Account(), SECRET, count, load.FIRST_NUMBER), str(url.hostname), url.port or 0
        )


async def test_every_webhook_arrives_once_and_signed() -> None:
    edge = AnEdge()

    sent = await send_to(edge, 100)

    senders = Counter(
        json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]["from"] for body in edge.bodies
    )
    assert len(senders) == 100
    assert set(senders.values()) == {1}
    assert edge.signatures == [sign(body, SECRET) for body in edge.bodies]
    assert len(sent.seconds) == 100


async def test_connections_are_kept_alive() -> None:
    edge = AnEdge()

    await send_to(edge, 100)

    assert len(edge.connections) <= load.CONNECTIONS


async def test_a_refused_webhook_is_sent_again_and_counted() -> None:
    edge = AnEdge(refusals=5)

    sent = await send_to(edge, 50)

    assert sent.refused == 5
    assert len(edge.bodies) == 50


async def test_an_answer_that_will_never_be_yes_ends_the_run() -> None:
    with pytest.raises(RuntimeError, match="401"):
        await send_to(AnEdge(status=401), 5)


def test_complaints_vary() -> None:
    requests = load.webhooks(urlsplit("http://127.0.0.1:1/x"), Account(), SECRET, 500, load.FIRST_NUMBER)

    texts = {
        json.loads(one.partition(b"\r\n\r\n")[2])["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"]
        for one in requests
    }
    assert len(texts) > 450
