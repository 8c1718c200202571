"""The telephone exchange that citizens call through, as its page and its API show it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulators.exchange.ami import AmiServer
from simulators.exchange.app import Exchange, Settings


@dataclass
class Edge:
    """Where the exchange's webhooks arrive."""

    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        is_json = request.content_type == "application/json"
        body = await request.json() if is_json else dict(await request.post())
        self.taken.append((request.path_qs, body))
        return web.Response(text="{}")


@dataclass
class Site:
    edge: Edge
    http: aiohttp.ClientSession

    async def step(self, path: str, **fields: str) -> dict[str, Any]:
        async with self.http.post(path, json=fields) as reply:
            assert reply.status == 200, await reply.text()
            return dict(await reply.json())


async def _serve(application: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    edge, application = Edge(), web.Application()
    application.router.add_post("/{path:.*}", edge.take)
    edge_runner, edge_url = await _serve(application)
    settings = Settings("127.0.0.1", 0, edge_url, AmiServer("ilkim", "secret"), "the-key", "user", "password")
    runner, url = await _serve(Exchange(settings).application())
    async with aiohttp.ClientSession(url) as http:
        yield Site(edge, http)
    await runner.cleanup()
    await edge_runner.cleanup()


async def test_a_call_is_told_step_by_step(site: Site) -> None:
    call = await site.step("/calls", caller="0500 000 00 00", extension="1001", exchange="verimor")
    await site.step(f"/calls/{call['id']}/answered")
    await site.step(f"/calls/{call['id']}/ended")

    assert [body["event_type"] for _, body in site.edge.taken] == ["ringing", "ringing", "answer", "hangup"]
    assert {path for path, _ in site.edge.taken} == {"/webhooks/verimor-santral?key=the-key"}


async def test_what_cannot_happen_next_is_refused(site: Site) -> None:
    call = await site.step("/calls", caller="05000000000", exchange="bulutfon")

    for path in (f"/calls/{call['id']}/ended", "/calls/nobody/answered", f"/calls/{call['id']}/exploded"):
        async with site.http.post(path, json={}) as reply:
            assert reply.status == 404
    async with site.http.post("/calls", json={"caller": "call me", "exchange": "verimor"}) as reply:
        assert reply.status == 400


async def test_the_page_shows_the_calls_and_what_may_happen_next(site: Site) -> None:
    await site.step("/calls", caller="05000000000", exchange="asterisk")

    async with site.http.get("/") as reply:
        page = await reply.text()

    assert "05000000000" in page and "yanıtla" in page and "nobody listens" in page
