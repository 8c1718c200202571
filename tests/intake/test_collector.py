"""The collectors' process: each supervised by itself, exclusive ones run once, and health tells how each does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from services.intake import app, bookmarks, collector
from services.intake.channels import Accept, Bookmarks, Collector
from shared.contracts import WebhookReceived, unpack
from shared.messaging import Service
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook
from tests.builders import AT, a_webhook
from tests.harness import System, built, serving, until

Work = Callable[[Accept, Bookmarks], Awaitable[None]]


class Doing:
    """A collector that does what a test says, and counts its starts."""

    def __init__(self, work: Work, exclusive: bool = False) -> None:
        self.exclusive = exclusive
        self.starts = 0
        self._work = work

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        self.starts += 1
        await self._work(accept, bookmarks)


def a_payload(text: str = "Çöp alınmadı") -> WebhookReceived:
    message = CitizenMessage("905321112233", "wamid.A", int(AT.timestamp()), text=text)
    return a_webhook(message_webhook(Account(), [message]))


async def waits(_: Accept, __: Bookmarks) -> None:
    await asyncio.Event().wait()


async def fails(_: Accept, __: Bookmarks) -> None:
    raise ConnectionError("the mailbox is away")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "BACK_OFF_SECONDS", (0.02,))
    monkeypatch.setattr(collector, "LOCK_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(bookmarks, "LOCK_CHECK_SECONDS", 0.05)


@asynccontextmanager
async def collecting(system: System, collectors: Mapping[str, Collector]) -> AsyncIterator[str]:
    def make() -> Service:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(app, "configured_collectors", lambda: collectors)
            return app.collector()

    service = built(make, system)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


async def health(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/health/ready") as answer:
        return await answer.json()


async def is_elsewhere(url: str) -> bool:
    return bool((await health(url))["collectors"]["mailbox"]["state"] == "elsewhere")


async def test_what_a_collector_gives_is_on_the_intake_queue(system: System) -> None:
    given = asyncio.Event()

    async def give(accept: Accept, _: Bookmarks) -> None:
        await accept(a_payload())
        given.set()
        await asyncio.Event().wait()

    async with collecting(system, {"whatsapp": Doing(give)}) as url:
        async with asyncio.timeout(15):
            await given.wait()
        told = (await health(url))["collectors"]["whatsapp"]
        [event] = unpack(await system.take("intake.routine"))

    assert event["type"] == "webhook.received.v1"
    assert (told["state"], told["accepted"], told["error"]) == ("running", 1, None)
    assert told["worked_at"] >= told["accepted_at"] > 0


async def test_one_that_fails_is_started_again_and_stops_no_other(system: System) -> None:
    broken, whole = Doing(fails), Doing(waits)

    async with collecting(system, {"broken": broken, "whole": whole}) as url:
        await until(lambda: broken.starts >= 3)
        told = (await health(url))["collectors"]

    assert told["broken"]["error"] == "ConnectionError"
    assert told["broken"]["restarts"] >= 2
    assert told["whole"]["state"] == "running"
    assert whole.starts == 1


async def test_an_exclusive_one_runs_in_one_process_and_moves_when_that_ends(system: System) -> None:
    first, second = Doing(waits, exclusive=True), Doing(waits, exclusive=True)

    async with collecting(system, {"mailbox": second}) as url:
        await until(lambda: second.starts == 1)
        async with collecting(system, {"mailbox": first}) as other:
            await until(lambda: is_elsewhere(other))
            assert first.starts == 0
            assert (await health(url))["collectors"]["mailbox"]["state"] == "running"
    async with collecting(system, {"mailbox": first}):
        await until(lambda: first.starts == 1)


async def test_an_exclusive_one_ends_when_its_lock_is_lost(system: System) -> None:
    mailbox = Doing(waits, exclusive=True)

    async with collecting(system, {"mailbox": mailbox}):
        await until(lambda: mailbox.starts == 1)
        await system.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'ilkim-intake-lock' AND datname = current_database()"
        )
        await until(lambda: mailbox.starts == 2)


async def test_a_bookmark_is_kept_over_a_restart_and_is_a_collectors_own(system: System) -> None:
    found: list[str | None] = []

    async def read(_: Accept, bookmarks: Bookmarks) -> None:
        found.append(await bookmarks.get("inbox"))
        await bookmarks.set("inbox", "7")
        await bookmarks.set("inbox", "8")
        found.append(await bookmarks.get("inbox"))
        await asyncio.Event().wait()

    for _ in range(2):
        before = len(found)
        async with collecting(system, {"one": Doing(read)}):
            await until(lambda before=before: len(found) == before + 2)  # type: ignore[misc]
    async with collecting(system, {"two": Doing(read)}):
        await until(lambda: len(found) == 6)

    assert found == [None, "8", "8", "8", None, "8"]
