"""Publisher and outbox: persistent, mandatory, confirmed in time; what a crash left is published, once in effect."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aio_pika
import pytest
from faststream import AckPolicy
from faststream.rabbit import RabbitBroker

from shared.messaging import Outbox, Outgoing, Publisher, Unconfirmed, outbox
from shared.messaging.publisher import publishing_broker
from shared.messaging.topology import EVENTS, INTAKE, NOTIFIER, ROUTING
from tests.builders import a_case_progressed
from tests.harness import System, running, until
from tests.messaging.effects import FURTHER, KEY, QUEUE, Handler, a_service, effects, further


class Crash(BaseException):
    """Ends what a process was doing there and then, as SIGKILL would."""


@pytest.fixture
async def a_publisher(system: System) -> AsyncIterator[Publisher]:
    broker = publishing_broker(system.amqp_url, "test")
    await broker.start()
    yield Publisher(broker)
    await broker.stop()


def an_outgoing(number: int = 0, exchange: str = EVENTS, key: str = KEY) -> Outgoing:
    return Outgoing(exchange, key, f"message-{number}", json.dumps({"number": number}).encode())


async def unpublished(system: System) -> int:
    return int(await system.value("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def store(system: System, *messages: Outgoing, age_seconds: float = 60.0) -> None:
    """A committed parcel whose process is no more."""
    async with system.pool.acquire() as connection, connection.transaction():
        await Outbox(system.pool, Publisher(publishing_broker(system.amqp_url, "test"))).add(connection, messages)
        await connection.execute(
            "UPDATE outbox SET created_at = now() - make_interval(secs => $1) WHERE created_at = now()", age_seconds
        )


async def test_what_is_published_is_persistent_and_keeps_its_id(system: System, a_publisher: Publisher) -> None:
    await a_publisher.publish([an_outgoing(7)])

    message = await (await system.channel.get_queue(QUEUE)).get(timeout=5)
    await message.ack()
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert message.message_id == "message-7"
    assert message.content_type == "application/json"
    assert message.body == b'{"number": 7}'


async def test_a_message_that_no_queue_takes_is_not_confirmed(a_publisher: Publisher) -> None:
    with pytest.raises(Unconfirmed, match=r"Delivery|Publish"):
        await a_publisher.publish([an_outgoing(key="nobody", exchange=ROUTING)])


async def test_one_message_that_no_queue_takes_makes_the_whole_parcel_unconfirmed(a_publisher: Publisher) -> None:
    with pytest.raises(Unconfirmed):
        await a_publisher.publish([an_outgoing(1), an_outgoing(2, key="nobody", exchange=ROUTING), an_outgoing(3)])


async def test_an_exchange_that_is_not_there_is_not_confirmed_and_harms_no_other(
    system: System, a_publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_publisher.publish([an_outgoing(exchange=NOTIFIER, key="contacts.urgent")])
    wrong = await channel_of(a_publisher).get_exchange("ilkim.nowhere", ensure=False)
    monkeypatch.setitem(a_publisher._exchanges, EVENTS, wrong)
    with pytest.raises(Unconfirmed):
        await a_publisher.publish([an_outgoing()])
    with pytest.raises(Unconfirmed):
        await a_publisher.publish([an_outgoing(1), an_outgoing(2)])
    await until(lambda: is_confirmed(a_publisher, an_outgoing(exchange=NOTIFIER, key="receipts")))
    assert await system.depth("notifier.receipts") == 1


def channel_of(publisher: Publisher) -> Any:
    return publisher._exchanges[EVENTS].channel  # type: ignore[attr-defined]


async def is_confirmed(publisher: Publisher, message: Outgoing) -> bool:
    try:
        await publisher.publish([message])
    except Unconfirmed:
        return False
    return True


async def test_the_publishing_channel_confirms_and_raises_for_returned_messages(system: System) -> None:
    broker = publishing_broker(system.amqp_url, "test")
    await broker.start()
    publisher = Publisher(broker)
    try:
        await publisher.publish([an_outgoing()])
        channel = channel_of(publisher)
        assert channel.publisher_confirms
        assert channel.on_return_raises
    finally:
        await broker.stop()


async def test_a_publisher_without_a_connection_says_unconfirmed_at_once(system: System) -> None:
    began = time.monotonic()
    with pytest.raises(Unconfirmed):
        await Publisher(publishing_broker(system.amqp_url, "test")).publish([an_outgoing()])

    assert time.monotonic() - began < 1


async def test_thousand_messages_of_a_parcel_arrive_in_their_order(system: System, a_publisher: Publisher) -> None:
    await a_publisher.publish([an_outgoing(number) for number in range(1000)])

    bodies = await system.take_all(QUEUE)
    assert [json.loads(body)["number"] for body in bodies] == list(range(1000))


async def test_consumers_acknowledge_by_hand_after_the_commit(system: System) -> None:
    """Never `REJECT_ON_ERROR`: with it 100 of 100 messages were lost while the database was away."""
    broker = RabbitBroker(system.amqp_url)
    service = a_service(system, Handler())
    for consumer in service._consumers:
        consumer.subscribe(broker)

    policies = {subscriber.ack_policy for subscriber in broker.subscribers}
    assert policies == {AckPolicy.MANUAL}


async def test_a_message_is_unacknowledged_until_its_transaction_is_committed(system: System) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_: Sequence[object]) -> None:
        begun.set()
        await go_on.wait()

    event = a_case_progressed()
    service = a_service(system, Handler(before_writing=wait))
    async with running(service):
        await system.tell(EVENTS, KEY, event)
        await begun.wait()
        for task in service._consuming:
            task.cancel()
        await asyncio.gather(*service._consuming, return_exceptions=True)

    assert await effects(system) == {}
    await until(lambda: depth_is(system, 1))


async def depth_is(system: System, depth: int) -> bool:
    return await system.depth(QUEUE) == depth


# Crashes at named points


async def after_a_crash(system: System, event_id: object) -> None:
    """A new process takes over: the event has taken effect once, and was told further."""

    async def told() -> bool:
        return await unpublished(system) == 0 and await system.depth(FURTHER) > 0

    async with running(a_service(system, Handler(tells=further))):
        await until(told)
        await until(lambda: depth_is(system, 0))
    assert await effects(system) == {event_id: 1}
    bodies = await system.take_all(FURTHER)
    assert {part["id"] for body in bodies for part in json.loads(body)["events"]} == {str(event_id)}


@pytest.mark.parametrize("point", ["before the commit", "after the commit", "before the acknowledgement"])
async def test_a_crash_neither_loses_nor_doubles(system: System, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    event = a_case_progressed()
    handler = Handler(tells=further)
    service = a_service(system, handler)
    crashed = asyncio.Event()

    async def crash(*_: object) -> None:
        crashed.set()
        raise Crash

    def crash_at_once(*_: object) -> None:
        crashed.set()
        raise Crash

    consumer = service._consumers[0]
    match point:
        case "before the commit":
            handler.before_writing = crash
        case "after the commit":
            monkeypatch.setattr(consumer, "_finish", crash_at_once)
        case _:
            monkeypatch.setattr(consumer, "_acknowledge", crash)
    async with running(service):
        await system.tell(EVENTS, KEY, event)
        await crashed.wait()

    await after_a_crash(system, event.id)


@pytest.mark.parametrize("method", ["publish", "_mark"])
async def test_a_crash_before_publishing_or_before_marking_neither_loses_nor_doubles(
    system: System, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    event, crashed = a_case_progressed(), asyncio.Event()

    async def crash(*_: object) -> None:
        crashed.set()
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, method, crash)
        patched.setattr(outbox, "SWEEP_AFTER_SECONDS", 3600.0)
        async with running(a_service(system, Handler(tells=further))):
            await system.tell(EVENTS, KEY, event)
            await crashed.wait()
    assert await unpublished(system) == 1

    await after_a_crash(system, event.id)


# The sweeper


async def test_the_sweeper_publishes_what_was_left(system: System) -> None:
    await store(system, *(an_outgoing(number) for number in range(3)))
    async with running(system.service()):
        await until(lambda: depth_is(system, 3))
        await until(lambda: is_published(system))

    assert [json.loads(body)["number"] for body in await system.take_all(QUEUE)] == [0, 1, 2]


async def is_published(system: System) -> bool:
    return await unpublished(system) == 0


async def test_the_sweeper_leaves_a_young_parcel_to_the_process_that_wrote_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SWEEP_AFTER_SECONDS", 60.0)
    await store(system, an_outgoing(), age_seconds=1)
    async with running(system.service()):
        await asyncio.sleep(0.3)

    assert await unpublished(system) == 1


async def test_two_sweepers_publish_a_parcel_once(system: System) -> None:
    for number in range(60):
        await store(system, an_outgoing(number), age_seconds=100 - number)
    async with running(system.service(), system.service()):
        await until(lambda: is_published(system))

    bodies = await system.take_all(QUEUE)
    assert sorted(json.loads(body)["number"] for body in bodies) == list(range(60))


async def test_a_parcel_that_no_queue_takes_stays_and_holds_no_other_up(system: System) -> None:
    await store(system, an_outgoing(1, exchange=ROUTING, key="nobody"), age_seconds=100)
    for number in range(30):
        await store(system, an_outgoing(number), age_seconds=90 - number)
    async with running(system.service()):
        await until(lambda: depth_is(system, 30))
        await asyncio.sleep(0.5)

    assert await unpublished(system) == 1
    assert len(await system.take_all(QUEUE)) == 30, "none again and again because its neighbour failed"


async def test_what_an_outside_program_mis_keys_is_kept_in_the_unrouted_queue(
    system: System, a_publisher: Publisher
) -> None:
    await a_publisher.publish([an_outgoing(exchange=INTAKE, key="no-lane")])

    assert await system.take("unrouted") == b'{"number": 0}'
