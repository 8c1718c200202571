"""`GET /api/report` and `ilkim report`: what may be asked is answered, each row adds up, and the rest is told so."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from ops.report import Refused, ask
from services.reporting.app import reporting
from services.reporting.domain.asking import Axis
from tests.harness import System, built, serving
from tests.reporting.filling import fill, lives

LIVES = 60


@pytest.fixture
async def client(system: System) -> AsyncIterator[aiohttp.ClientSession]:
    await fill(system, lives(LIVES))
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as session:
        yield session


async def told(client: aiohttp.ClientSession, **query: str) -> Any:
    async with client.get("/api/report", params=query) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_the_rows_of_every_axis_add_up_to_the_total(client: aiohttp.ClientSession) -> None:
    total = (await told(client))["total"]
    assert total["cases"] == LIVES

    for axis in Axis:
        report = await told(client, by=axis)
        sums = {name: sum(row["counts"][name] for row in report["rows"]) for name in total}
        assert sums == total == report["total"], axis


async def test_two_axes_tell_each_row_by_both(client: aiohttp.ClientSession) -> None:
    report = await told(client, by="owner,state")

    assert report["asked"]["by"] == ["owner", "state"]
    assert all(set(row["values"]) == {"owner", "state"} for row in report["rows"])
    assert sum(row["counts"]["cases"] for row in report["rows"]) == LIVES


async def test_a_condition_and_a_period_leave_out_the_others(client: aiohttp.ClientSession) -> None:
    days = [(row["values"]["day"], row["counts"]["cases"]) for row in (await told(client, by="day"))["rows"]]
    middle = days[len(days) // 2][0]
    owners = {row["values"]["owner"]: row["counts"] for row in (await told(client, by="owner"))["rows"]}

    assert (await told(client, to=middle))["total"]["cases"] == sum(cases for day, cases in days if day <= middle)
    assert (await told(client, where="owner=zabita"))["total"] == owners["zabita"]


async def test_times_and_what_is_late_come_with_their_values(client: aiohttp.ClientSession) -> None:
    report = await told(client, by="channel")

    assert {row["clock"] for row in report["spreads"]} == {"answer", "closing"}
    closed = sum(row["cases"] for row in report["spreads"] if row["clock"] == "closing")
    assert closed == report["total"]["closed"]
    assert all(set(row["values"]) == {"channel"} for row in [*report["spreads"], *report["overdue"]])
    assert report["complete_up_to"]


async def test_times_to_the_second_come_when_they_are_asked_for(client: aiohttp.ClientSession) -> None:
    assert (await told(client, by="channel"))["exact_spreads"] == []

    report = await told(client, by="channel", exact="true")
    exact, sketched = report["exact_spreads"], report["spreads"]
    assert [(row["values"], row["clock"], row["cases"]) for row in exact] == [
        (row["values"], row["clock"], row["cases"]) for row in sketched
    ]
    assert all(row["below_zero"] == 0 for row in exact)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"by": "colour"}, "no axis is called 'colour'"),
        ({"by": "day,owner,state"}, "up to 2 different axes"),
        ({"where": "owner"}, "AXIS=VALUE"),
        ({"where": "day=2026-01-01"}, "give `from` and `to`"),
        ({"from": "yesterday"}, "from"),
    ],
)
async def test_what_cannot_be_asked_is_told_so(client: aiohttp.ClientSession, query: dict[str, str], says: str) -> None:
    async with client.get("/api/report", params=query) as answer:
        assert answer.status == 422
        assert says in (await answer.json())["detail"]


async def test_the_report_is_described_for_programs(client: aiohttp.ClientSession) -> None:
    async with client.get("/openapi.json") as answer:
        described = await answer.json()

    parameters = {row["name"]: row for row in described["paths"]["/api/report"]["get"]["parameters"]}
    assert set(parameters) == {"by", "from", "to", "where", "exact"}
    assert all(row["description"] for row in parameters.values())
    assert "on_time" in described["components"]["schemas"]["Counted"]["properties"]


async def test_the_command_asks_the_service(client: aiohttp.ClientSession) -> None:
    url = str(client._base_url).rstrip("/")

    found = await asyncio.to_thread(ask, url, "owner", None, None, ["state=closed"])
    assert found["total"]["open"] == 0 < found["total"]["closed"]
    with pytest.raises(Refused, match="no axis is called"):
        await asyncio.to_thread(ask, url, "colour", None, None, [])
