"""A service as a process of its own: ended or killed in mid-batch, it loses and doubles nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ops.deploy import ROOT
from shared.messaging.topology import EVENTS
from tests.builders import a_case_progressed
from tests.harness import System, until
from tests.reporting.test_reporting import KEY

EVENTS_TOLD = 1500


@asynccontextmanager
async def a_process(system: System) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m services.reporting`, killed at the end if it still runs."""
    environment = os.environ | {"RABBITMQ_URL": system.amqp_url, "DATABASE_URL": system.database_url}
    command = [sys.executable, "-m", "services.reporting"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def counted(system: System) -> int:
    return int(await system.value("SELECT count(*) FROM event_log"))


async def tell_singly(system: System) -> None:
    events = [a_case_progressed() for _ in range(EVENTS_TOLD)]
    for at in range(0, EVENTS_TOLD, 50):
        await asyncio.gather(*(system.tell(EVENTS, KEY, event) for event in events[at : at + 50]))


async def has_counted(system: System, count: int) -> bool:
    return await counted(system) >= count


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_a_process_that_is_ended_in_mid_batch_loses_and_doubles_nothing(
    system: System, ending: signal.Signals
) -> None:
    await tell_singly(system)
    async with a_process(system) as process:
        await until(lambda: has_counted(system, 1), 30)
        process.send_signal(ending)
        code = await asyncio.wait_for(process.wait(), 20)
    done = await counted(system)
    assert 0 < done < EVENTS_TOLD, "it was in the middle"
    if ending is signal.SIGTERM:
        assert code in (0, -signal.SIGTERM), "uvicorn drains, then dies of the signal it was sent"
        # An acknowledgement may be lost with the connection, and is then repeated; none is ever given too early.
        assert await system.depth("reporting.events") >= EVENTS_TOLD - done
    async with a_process(system):
        await until(lambda: has_counted(system, EVENTS_TOLD), 30)

    assert await counted(system) == EVENTS_TOLD
    assert await system.value("SELECT count(DISTINCT event_id) FROM event_log") == EVENTS_TOLD
