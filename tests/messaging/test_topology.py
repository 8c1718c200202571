"""The topology is declared as it is written: idempotent, every queue quorum, and refused when something differs."""

from collections.abc import AsyncIterator

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError

from shared.messaging import topology
from tests.servers import Management

OWNERS = ["cozum-merkezi", "temizlik-isleri"]


@pytest.fixture
async def channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        yield await connection.channel()


def vhost(amqp_url: str) -> str:
    return amqp_url.rsplit("/", 1)[1]


async def test_declaring_is_idempotent(channel: AbstractChannel) -> None:
    first = await topology.declare(channel, OWNERS)
    again = await topology.declare(channel, OWNERS)

    assert first == again == len(topology.queues(OWNERS))


async def test_every_queue_is_a_durable_quorum_queue_with_its_arguments(
    channel: AbstractChannel, amqp_url: str, management: Management
) -> None:
    await topology.declare(channel, OWNERS)

    there = {queue["name"]: queue for queue in management.call("GET", f"queues/{vhost(amqp_url)}")}
    for queue in topology.queues(OWNERS):
        assert there[queue.name]["type"] == "quorum", queue.name
        assert there[queue.name]["durable"], queue.name
        assert there[queue.name]["arguments"] == queue.arguments, queue.name
    assert there.keys() == {queue.name for queue in topology.queues(OWNERS)}


def test_a_queue_loses_nothing_when_it_is_full_and_kills_nothing_early() -> None:
    for queue in topology.queues(OWNERS):
        if queue.exchange in (topology.DEAD, topology.UNROUTED):
            continue
        assert queue.arguments["x-overflow"] == "reject-publish", queue.name
        assert queue.arguments["x-dead-letter-exchange"] == topology.DEAD, queue.name
        assert queue.arguments["x-dead-letter-strategy"] == "at-least-once", queue.name
        assert queue.arguments["x-delivery-limit"] == topology.DELIVERY_LIMIT >= 50, queue.name
        assert not queue.arguments.keys() & {"x-message-ttl", "x-expires", "x-single-active-consumer"}, queue.name


async def test_every_queue_is_bound_to_its_exchange(
    channel: AbstractChannel, amqp_url: str, management: Management
) -> None:
    await topology.declare(channel, OWNERS)

    rows = management.call("GET", f"bindings/{vhost(amqp_url)}")
    bound = {(row["source"], row["routing_key"], row["destination"]) for row in rows if row["source"]}
    assert bound == {(queue.exchange, queue.key, queue.name) for queue in topology.queues(OWNERS)}


@pytest.mark.parametrize("arguments", [{"x-queue-type": "classic"}, {"x-queue-type": "quorum", "x-delivery-limit": 3}])
async def test_a_queue_with_other_arguments_is_refused(
    channel: AbstractChannel, amqp_url: str, arguments: dict[str, str | int]
) -> None:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        other = await connection.channel()
        await other.queue_delete("intake.routine")
        await other.declare_queue("intake.routine", durable=True, arguments=dict(arguments))
        with pytest.raises(AMQPError, match="PRECONDITION_FAILED"):
            await topology.declare(channel, OWNERS)
        await (await connection.channel()).queue_delete("intake.routine")


async def test_a_dead_message_is_kept_with_the_queue_it_died_in(channel: AbstractChannel) -> None:
    await topology.declare(channel, OWNERS)
    exchange = await channel.get_exchange(topology.EVENTS, ensure=False)
    await exchange.publish(aio_pika.Message(b"poison", delivery_mode=2), "router.told.routine")
    message = await (await channel.get_queue("reporting.events")).get(timeout=5)
    await message.reject(requeue=False)

    kept = await soon(await channel.get_queue("dead"))
    assert kept.body == b"poison"
    assert kept.routing_key == "reporting.events"


async def soon(queue: AbstractQueue) -> AbstractIncomingMessage:
    """The next message: at-least-once dead-lettering takes its time."""
    async with queue.iterator(no_ack=True, timeout=10) as messages:
        return await anext(messages)


@pytest.mark.parametrize("lane", topology.LANES)
async def test_an_owner_has_a_queue_for_each_lane(channel: AbstractChannel, lane: str) -> None:
    await topology.declare(channel, OWNERS)
    exchange = await channel.get_exchange(topology.DEPARTMENTS, ensure=False)

    for owner in OWNERS:
        queue = topology.owner_queue(owner, "urgent" if lane == "urgent" else "routine")
        await exchange.publish(aio_pika.Message(b"work"), queue, mandatory=True)
        assert (await (await channel.get_queue(queue)).get(timeout=5, no_ack=True)).body == b"work"
