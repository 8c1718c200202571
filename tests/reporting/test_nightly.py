"""The nightly proof: once a night by the municipality's clock, by one replica, and everybody tells what came out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from prometheus_client import REGISTRY

from services.reporting.app import reporting
from services.reporting.domain.nightly import is_due
from services.reporting.nightly import Nightly
from services.reporting.proof.proving import Prover
from tests.harness import System, built, running, serving, until
from tests.reporting.filling import fill, lives
from tests.reporting.proving import FOLD, PLACE

ISTANBUL = ZoneInfo("Europe/Istanbul")
NIGHT = datetime(2026, 3, 5, 3, tzinfo=ISTANBUL)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_a_proof_is_due_at_three_by_the_clock_of_the_municipality_and_once_a_night() -> None:
    assert not is_due(NIGHT - MINUTE, NIGHT - DAY, ISTANBUL, NIGHT - DAY)
    assert is_due(NIGHT, NIGHT - DAY, ISTANBUL, NIGHT - DAY)
    assert not is_due(NIGHT + MINUTE, NIGHT, ISTANBUL, NIGHT - DAY)


def test_a_night_that_was_missed_is_made_up_for() -> None:
    assert is_due(NIGHT + 5 * DAY, NIGHT, ISTANBUL, NIGHT + 5 * DAY)


def test_whoever_begins_to_look_misses_no_night() -> None:
    assert not is_due(NIGHT + 6 * MINUTE, None, ISTANBUL, NIGHT + MINUTE)
    assert is_due(NIGHT + DAY, None, ISTANBUL, NIGHT + MINUTE)


def a_nightly(system: System) -> tuple[Any, Nightly]:
    service = system.service()
    return service, Nightly(service, Prover(system.database_url, FOLD, PLACE))


async def test_of_several_replicas_one_proves_and_all_learn_what_came_out(system: System) -> None:
    await fill(system, lives(10))
    tomorrow = datetime.now(UTC) + DAY
    (one, first), (two, second) = a_nightly(system), a_nightly(system)
    async with running(one, two):
        assert first.report() is None
        await asyncio.gather(first.look(tomorrow), second.look(tomorrow))
        await asyncio.gather(first.look(tomorrow + MINUTE), second.look(tomorrow + MINUTE))

        assert await system.value("SELECT count(*) FROM proof") == 1
        assert first.report() == second.report()
        report = first.report()
        assert report is not None
        assert report["closes"] is True


async def test_what_differs_is_kept_measured_and_told_to_whoever_asks_for_readiness(system: System) -> None:
    await fill(system, lives(10))
    await system.value("UPDATE contact_cell SET contacts = contacts + 1")
    service, nightly = a_nightly(system)
    async with running(service):
        await nightly.look(datetime.now(UTC) + DAY)
        report = nightly.report()

    assert report is not None
    assert report["closes"] is False
    rows = await system.value("SELECT differences FROM proof")
    assert report["differences"] == {"fold": rows}
    assert REGISTRY.get_sample_value("ilkim_reconcile_differences", {"check": "fold"}) == rows
    assert "contact_cell" in await system.value("SELECT examples::text FROM proof")
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        await until(lambda: tells(client, report))
        async with client.get("/api/proof") as answer:
            told = await answer.json()
    assert (told["closes"], told["by_check"]["fold"], told["by_check"]["log"]) == (False, rows, 0)
    assert {row["table"] for row in told["differences"]} == {"reporting.contact_cell"}
    assert all(row["found"]["contacts"] == row["expected"]["contacts"] + 1 for row in told["differences"])


async def tells(client: aiohttp.ClientSession, report: dict[str, Any]) -> bool:
    async with client.get("/health/ready") as answer:
        return bool((await answer.json())["proof"] == report)


async def test_before_the_first_night_nothing_was_proven(system: System) -> None:
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        async with client.get("/api/proof") as answer:
            assert answer.status == 404
        async with client.get("/health/ready") as answer:
            assert (await answer.json())["proof"] is None


@pytest.mark.parametrize("ended", [True, False])
async def test_a_proof_that_ended_early_is_made_again(system: System, ended: bool) -> None:
    tomorrow = datetime.now(UTC) + DAY
    service, nightly = a_nightly(system)
    finished = (tomorrow, tomorrow, 0, 0) if ended else (tomorrow, None, None, None)
    await system.value(
        "INSERT INTO proof (id, began_at, ended_at, events, differences) VALUES (gen_random_uuid(), $1, $2, $3, $4)",
        *finished,
    )
    async with running(service):
        await nightly.look(tomorrow + MINUTE)

    assert await system.value("SELECT count(*) FROM proof WHERE ended_at IS NOT NULL") == 1
    assert await system.value("SELECT count(*) FROM proof") == (1 if ended else 2)
