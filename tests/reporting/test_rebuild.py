"""`rebuild`: the same figures from the log, whoever writes meanwhile, and nothing broken when it is interrupted."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Any

import aiohttp
import asyncpg
import pytest

from services.reporting.app import reporting
from services.reporting.domain.differences import Check
from services.reporting.proof import rebuilding, scratch
from services.reporting.proof.rebuilding import NEXT, rebuild
from shared.contracts import Message
from shared.database import Connection, is_away
from shared.messaging.topology import EVENTS
from tests.builders import a_contact_registered, a_notice_recorded, a_survey_answered
from tests.harness import System, built, serving, until
from tests.reporting.filling import fill, lives
from tests.reporting.lives import a_life, case_of
from tests.reporting.proving import FOLD, behind_the_log, proven, tables

LIVES = 60


def everything(count: int) -> list[Message]:
    """Cases, contacts without any, replies and answers to surveys, in some order."""
    answers = [a_survey_answered(case_id=case_of(a_life(seed)), solved=seed % 2 == 0) for seed in range(0, count, 3)]
    beside = [make() for make in (a_contact_registered, a_notice_recorded) for _ in range(5)]
    events = [*lives(count), *answers, *beside]
    random.Random(7).shuffle(events)
    return events


async def test_every_figure_is_the_same_after_a_rebuild(system: System) -> None:
    await fill(system, everything(LIVES))
    before = await tables(system)

    rebuilt = await rebuild(system.database_url, FOLD)

    assert await tables(system) == before
    assert rebuilt.events == await system.value("SELECT count(*) FROM event_log")


async def test_what_was_wrong_in_a_table_is_right_after_a_rebuild(system: System) -> None:
    await fill(system, everything(LIVES))
    before = await tables(system)
    await system.value("UPDATE case_fact SET owner = 'zabita', state = 'closed'")
    await system.value("DELETE FROM contact_cell")

    await rebuild(system.database_url, FOLD)

    assert await tables(system) == before


async def test_indexes_and_constraints_are_those_of_the_migrations_after_a_rebuild(system: System) -> None:
    async def described() -> list[Any]:
        indexes = await system.rows("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'reporting'")
        columns = await system.rows(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_schema = 'reporting'"
        )
        rules = await system.rows(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'reporting'::regnamespace"
        )
        return sorted(map(repr, [*indexes, *columns, *rules]))

    before = await described()
    await rebuild(system.database_url, FOLD)

    assert await described() == before
    assert not await system.value("SELECT to_regnamespace($1)", NEXT)


async def test_what_writers_count_during_rebuilds_is_neither_lost_nor_doubled(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "BATCH_EVENTS", 100)
    monkeypatch.setattr(scratch, "NEARLY_EVENTS", 50)
    early, enough = everything(LIVES), asyncio.Event()
    await fill(system, early)

    async def write(number: int) -> int:
        """Half of each life: the cases of one writer are another's too, as with replicas that share a queue."""
        written = 0
        for seed in itertools.count(1000):
            if enough.is_set():
                return written
            events = a_life(seed)[number::2]
            await slowly(system, events)
            written += len(events)
        raise AssertionError("there is no last seed")

    writers = [asyncio.create_task(write(number)) for number in range(2)]
    for _ in range(3):
        await rebuild(system.database_url, FOLD)
    enough.set()
    written = sum(await asyncio.gather(*writers))

    assert written
    assert await system.value("SELECT count(*) FROM event_log") == len(early) + written
    # The last lives are cut short, since one writer was further than the other: the log says so, and is right.
    assert [row for row in await proven(system) if row.check is not Check.LOG] == []


async def test_a_service_goes_on_counting_and_answering_through_rebuilds(system: System) -> None:
    """With its prepared statements, which know the tables of before."""
    early, late = lives(20), [event for seed in range(2000, 2060) for event in a_life(seed)]
    await fill(system, early)
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        told = asyncio.create_task(tell_singly(system, late))
        seen = [await cases(client)]
        while not told.done():
            await rebuild(system.database_url, FOLD)
            seen.append(await cases(client))
        await logged(system, len(early) + len(late))
        await rebuild(system.database_url, FOLD)

        assert seen == sorted(seen), "no case was missing for a moment"
        assert await cases(client) == 80
    assert await proven(system) == []
    assert await system.value("SELECT count(*) FROM dead_letter") == 0
    assert await system.value("SELECT count(*) FROM retry") == 0


async def cases(client: aiohttp.ClientSession) -> int:
    async with client.get("/api/report", params={"by": "owner,state"}) as answer:
        assert answer.status == 200, await answer.text()
        return int((await answer.json())["total"]["cases"])


async def tell_singly(system: System, events: Sequence[Message]) -> None:
    for event in events:
        await system.tell(EVENTS, "router.kept.routine", event)


async def logged(system: System, count: int) -> None:
    async def holds() -> bool:
        return bool(await system.value("SELECT count(*) FROM event_log") >= count)

    await until(holds)


async def slowly(system: System, events: Sequence[Message]) -> None:
    """Write small batches; one that another writer was faster with is done again, as the consumer does it."""
    for at in range(0, len(events), 5):
        while True:
            try:
                await fill(system, events[at : at + 5])
                break
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.002)


async def test_an_interrupted_rebuild_changes_nothing_and_can_be_run_again(system: System) -> None:
    await fill(system, everything(LIVES))
    before, folded = await tables(system), 0

    async def fails_late(connection: Connection, events: Sequence[Message]) -> None:
        nonlocal folded
        folded += len(events)
        await FOLD(connection, events)
        raise ConnectionError("the power went")

    with pytest.raises(ConnectionError):
        await rebuild(system.database_url, fails_late)
    assert folded and await tables(system) == before

    await rebuild(system.database_url, FOLD)
    assert await tables(system) == before


async def test_a_swap_waits_for_whoever_reads_at_length_and_holds_up_nobody(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "SWAP_PAUSE_SECONDS", 0.05)
    await fill(system, everything(LIVES))
    async with system.pool.acquire() as reader, reader.transaction():
        await reader.fetchval("SELECT count(*) FROM case_fact")  # a slow export holds the table
        rebuilt = asyncio.create_task(rebuild(system.database_url, FOLD))
        for seed in range(3000, 3010):
            await slowly(system, a_life(seed))
            await asyncio.sleep(0.2)
        assert not rebuilt.done()
        assert await system.value("SELECT count(*) FROM event_log") > len(everything(LIVES)), "writers went on"
    await rebuilt

    assert await proven(system) == []


async def test_a_swap_that_is_given_up_leaves_the_live_tables(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(system, everything(10))
    before = await tables(system)
    monkeypatch.setattr(rebuilding, "SWAP_TRIES_MAX", 2)
    monkeypatch.setattr(rebuilding, "SWAP_PAUSE_SECONDS", 0.01)
    async with system.pool.acquire() as reader, reader.transaction():
        await reader.fetchval("SELECT count(*) FROM case_fact")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await rebuild(system.database_url, FOLD)

    assert await tables(system) == before


async def test_only_one_rebuild_runs_at_a_time(system: System) -> None:
    async with scratch.scratch(system.database_url, NEXT, unlogged=False):
        with pytest.raises(scratch.UnderWay):
            await rebuild(system.database_url, FOLD)


async def test_a_program_newer_than_the_schema_rebuilds_nothing(system: System) -> None:
    async with behind_the_log(system) as connection:
        row = await connection.fetchrow("DELETE FROM migration WHERE name LIKE 'reporting/0005%' RETURNING *")
        try:
            with pytest.raises(scratch.NotDeployed, match="0005"):
                await rebuild(system.database_url, FOLD)
        finally:
            await connection.execute("INSERT INTO migration VALUES ($1, $2, $3)", *row.values())
