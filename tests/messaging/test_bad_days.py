"""Bad days of the servers: frozen, killed and stopped ones cost time, and neither lose nor double anything."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ops import postgres, processes, rabbitmq
from ops import servers as private_servers
from shared.messaging import Outgoing, Publisher, Unconfirmed, outbox, publisher
from shared.messaging.publisher import publishing_broker
from shared.messaging.topology import EVENTS
from tests.builders import a_case_progressed
from tests.harness import System, running, until
from tests.messaging.effects import FURTHER, KEY, QUEUE, Handler, a_service, effects, further
from tests.messaging.test_publisher import an_outgoing

RESUME_SECONDS = 15.0


@pytest.fixture(autouse=True)
def private(servers: private_servers.Addresses, own_state: Path) -> None:
    if set(private_servers.running(own_state).values()) != {"running"}:
        pytest.skip("SKIPPED ALOUD: named servers are not ours to freeze or kill")


@asynccontextmanager
async def frozen(own_state: Path, server: str) -> AsyncIterator[None]:
    running_process = processes.recall(own_state / server / "running.json")
    assert running_process is not None
    os.kill(running_process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(running_process.pid, signal.SIGCONT)


async def start_again(own_state: Path) -> None:
    await asyncio.to_thread(private_servers.start, own_state, lambda _: None)


async def test_a_publish_to_a_frozen_broker_times_out_and_what_arrives_twice_takes_effect_once(
    system: System, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "PUBLISH_TIMEOUT_SECONDS", 0.7)
    event = a_case_progressed()
    message = an_outgoing()
    message = type(message)(message.exchange, message.routing_key, str(event.id), event.model_dump_json().encode())
    broker = publishing_broker(system.amqp_url, "test")
    await broker.start()
    try:
        the_publisher = Publisher(broker)
        await the_publisher.publish([an_outgoing(9)])
        async with frozen(own_state, "rabbitmq"):
            began = time.monotonic()
            with pytest.raises(Unconfirmed, match="Timeout"):
                await the_publisher.publish([message])
            assert 0.5 < time.monotonic() - began < 2
        await until(lambda: is_published(the_publisher, message))
        await until(lambda: depth_is(system, 3))
    finally:
        await broker.stop()
    async with running(a_service(system, Handler())):
        await until(lambda: has_effects(system, 1))

    assert await effects(system) == {event.id: 1}


async def is_published(publisher: Publisher, message: Outgoing) -> bool:
    try:
        await publisher.publish([message])
    except Unconfirmed:
        return False
    return True


async def depth_is(system: System, depth: int) -> bool:
    return await system.depth(QUEUE) == depth


async def has_effects(system: System, count: int) -> bool:
    return len(await effects(system)) == count


async def test_readiness_sees_a_frozen_broker(system: System, own_state: Path) -> None:
    service = system.service()
    async with running(service):
        await until(service.broker_is_there)
        async with frozen(own_state, "rabbitmq"):
            assert not await service.broker_is_there()
            assert await service.database_is_there()
        await until(service.broker_is_there)


async def test_a_frozen_database_costs_time_only(system: System, own_state: Path) -> None:
    service, events = a_service(system, Handler()), [a_case_progressed() for _ in range(20)]
    async with running(service):
        await until(service.database_is_there)
        async with frozen(own_state, "postgres"):
            await system.tell(EVENTS, KEY, *events)
            await asyncio.sleep(0.5)
        await until(lambda: has_effects(system, 20))

    assert set((await effects(system)).values()) == {1}


async def test_while_the_database_is_away_the_queue_holds_and_then_all_is_applied_once(
    system: System, own_state: Path
) -> None:
    events = [a_case_progressed() for _ in range(150)]
    service = a_service(system, Handler(tells=further), prefetch=4)
    async with running(service):
        await system.tell(EVENTS, KEY, *events[:50])
        await until(lambda: has_effects(system, 50))
        await asyncio.to_thread(postgres.stop, own_state)
        for event in events[50:]:
            await system.tell(EVENTS, KEY, event)
        assert not await service.database_is_there()
        assert await service.broker_is_there()
        assert await system.depth(QUEUE) > 0, "the queue holds what the prefetch did not take"
        await start_again(own_state)
        await until(lambda: has_effects(system, 150))

    assert set((await effects(system)).values()) == {1}
    bodies = await system.take_all(FURTHER)
    told = [part["id"] for body in bodies for part in json.loads(body)["events"]]
    assert sorted(set(told)) == sorted(str(event.id) for event in events)
    assert await system.rows("SELECT reason FROM dead_letter") == []


async def test_consumers_of_a_broker_that_was_killed_resume_and_nothing_is_lost_or_doubled(
    system: System, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SWEEP_AFTER_SECONDS", 2.0)
    handler, begun = Handler(tells=further), asyncio.Event()

    async def linger(_: Sequence[object]) -> None:
        begun.set()
        await asyncio.sleep(0.2)

    handler.before_writing = linger
    service = a_service(system, handler, prefetch=8)
    confirmed = [a_case_progressed() for _ in range(60)]
    async with running(service):
        for event in confirmed:
            await system.tell(EVENTS, KEY, event)
        await begun.wait()
        await asyncio.to_thread(rabbitmq.stop, own_state, gently=False)
        await asyncio.sleep(0.5)
        assert not await service.broker_is_there()
        await start_again(own_state)
        began = time.monotonic()
        await until(lambda: has_effects(system, 60), RESUME_SECONDS)
        await until(lambda: all_published(system), RESUME_SECONDS)
        await until(service.broker_is_there, RESUME_SECONDS)
        print(f"resumed after {time.monotonic() - began:.1f} s")
        later = a_case_progressed()
        await until(lambda: told(system, later), RESUME_SECONDS)
        await until(lambda: has_effects(system, 61))

    assert await effects(system) == {event.id: 1 for event in [*confirmed, later]}
    assert service.is_whole()


async def all_published(system: System) -> bool:
    return not await system.value("SELECT count(*) FROM outbox WHERE published_at IS NULL")


async def told(system: System, event: object) -> bool:
    """The test's own connection needs its time too."""
    try:
        async with asyncio.timeout(2):
            await system.tell(EVENTS, KEY, event)  # type: ignore[arg-type]
    except Exception:
        return False
    return True
