"""The desk asks the router while somebody types, and never waits for it longer than that bears."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from services.desk.adviser import TIMEOUT_SECONDS, Adviser

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def a_router(answer: Answer) -> AsyncIterator[Adviser]:
    app = web.Application()
    app.router.add_post("/api/proposals", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    adviser = Adviser(f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield adviser
    finally:
        await adviser.close()
        await runner.cleanup()


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.json_response({})


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


async def nonsense(_: web.Request) -> web.StreamResponse:
    return web.json_response({"proposals": [{"owner": 5}]})


@pytest.mark.parametrize("answer", [slow, broken, nonsense])
async def test_a_router_that_does_not_help_is_passed_over_in_time(answer: Answer) -> None:
    async with a_router(answer) as adviser:
        began = time.perf_counter()

        assert await adviser.ask("Çöp alınmadı", None, None) is None

        assert time.perf_counter() - began < TIMEOUT_SECONDS + 0.5


async def test_without_a_router_there_is_no_advice() -> None:
    for url in ("", "http://127.0.0.1:9"):
        adviser = Adviser(url)

        assert await adviser.ask("Çöp alınmadı", None, None) is None

        await adviser.close()
