"""The dashboard over a real database: what it shows is what was counted, filtered, opened and told at once."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import aiohttp
import pytest

from services.reporting.app import reporting
from services.reporting.board import live
from services.reporting.board.live import Full, Pulse
from services.reporting.figures import Figures
from shared.contracts import Channel, Message
from shared.messaging.topology import EVENTS
from tests.harness import System, built, serving, until
from tests.reporting.town import a_case

NOW = datetime.now().astimezone()
DESK = "https://desk.example"


@pytest.fixture
async def site(system: System) -> AsyncIterator[str]:
    async with serving(built(reporting, system, DESK_PUBLIC_URL=f"{DESK}/")) as url:
        yield url


async def counted(system: System, *lives: list[Message]) -> None:
    events = [event for life in lives for event in life]
    before = await system.value("SELECT count(*) FROM event_log")
    await system.tell(EVENTS, "router.kept.routine", *events)

    async def logged() -> bool:
        return bool(await system.value("SELECT count(*) FROM event_log") >= before + len(events))

    await until(logged)


async def read(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 200, url
        return await answer.text()


async def rows_of(url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await read(url)).removeprefix("\ufeff"))))


def three_cases() -> list[list[Message]]:
    yesterday = NOW - timedelta(days=1)
    return [
        a_case(1, yesterday, owner="zabita", channel=Channel.PHONE, hours_to_closing=2),
        a_case(2, yesterday, owner="zabita", channel=Channel.SMS, hours_to_due=1),
        a_case(3, NOW - timedelta(minutes=5), owner="fen-isleri", channel=Channel.PHONE),
    ]


async def test_a_filter_in_the_address_reaches_every_table(system: System, site: str) -> None:
    await counted(system, *three_cases())

    of_all = await rows_of(f"{site}/figures.csv?by=channel")
    of_one = await rows_of(f"{site}/figures.csv?by=channel&owner=zabita")

    assert {row["channel"]: row["cases"] for row in of_all} == {"phone": "2", "sms": "1"}
    assert {row["channel"]: row["cases"] for row in of_one} == {"phone": "1", "sms": "1"}


async def test_every_axis_of_a_table_has_the_same_total(system: System, site: str) -> None:
    await counted(system, *three_cases())

    for axis in ("channel", "owner", "neighbourhood", "topic", "urgency", "state", "outcome", "kind", "day", "hour"):
        assert sum(int(row["cases"]) for row in await rows_of(f"{site}/figures.csv?by={axis}")) == 3, axis


async def test_late_cases_open_as_a_list_whose_numbers_lead_to_the_desk(system: System, site: str) -> None:
    await counted(system, *three_cases())

    listed = await read(f"{site}/cases?durum=late")

    assert re.findall(r'href="https://desk\.example/case/[0-9a-f-]{36}"[^>]*>(\d+)</a>', listed) == ["000000002"]
    assert "! " not in await read(f"{site}/cases?durum=closed")


async def test_a_list_goes_on_over_pages_without_losing_a_case(system: System, site: str) -> None:
    await counted(system, *(a_case(number, NOW - timedelta(hours=2, minutes=number)) for number in range(1, 121)))

    pages = [await read(f"{site}/cases?sayfa={page}") for page in (1, 2, 3)]
    numbers = [number for page in pages for number in re.findall(r">(\d{9})</a>", page)]

    assert [len(re.findall(r">\d{9}</a>", page)) for page in pages] == [50, 50, 20]
    assert numbers == [f"{number:09}" for number in range(120, 0, -1)]


@pytest.mark.parametrize("query", ["sayfa=-1", "sayfa=99999999", "durum=drop", "owner=nobody", "sayfa=²"])
async def test_a_strange_address_is_answered(system: System, site: str, query: str) -> None:
    await read(f"{site}/cases?{query}")
    await read(f"{site}/?{query}")


async def test_open_pages_hear_at_once_that_something_was_counted(system: System, site: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{site}/akis") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        await stream.content.readuntil(b"\n\n")

        await counted(system, a_case(1, NOW))
        told = await stream.content.readuntil(b"\n\n")

    assert told.startswith(b"event: figures\ndata: 20")


async def test_all_listeners_share_one_reader_and_there_is_room_for_so_many(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LISTENERS_MAX", 3)
    monkeypatch.setattr(live, "LOOK_EVERY_SECONDS", 0.05)
    looks = 0

    class Counting(Figures):
        def __init__(self) -> None: ...

        async def complete_up_to(self) -> datetime | None:
            nonlocal looks
            looks += 1
            return NOW if looks > 3 else None

    async def here() -> bool:
        return False

    pulse = Pulse(Counting(), lambda: False)
    streams = [pulse.listen(here) for _ in range(3)]
    assert [await anext(stream) for stream in streams] == [live.GREETING] * 3

    with pytest.raises(Full):
        pulse.listen(here)
    told = [await anext(stream) for stream in streams]

    assert set(told) == {f"event: figures\ndata: {NOW.isoformat()}\n\n"}
    assert looks < 3 * 4
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]
    assert pulse.listeners == 0


async def test_a_stream_ends_when_the_service_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY_SECONDS", 0.02)
    stopping = False

    class Resting(Figures):
        def __init__(self) -> None: ...

        async def complete_up_to(self) -> datetime | None:
            return None

    async def here() -> bool:
        return False

    stream = Pulse(Resting(), lambda: stopping).listen(here)
    assert await anext(stream) == live.GREETING
    stopping = True

    assert [event async for event in stream] == []
