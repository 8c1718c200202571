"""One stage of the floor as a process of its own: bare aio-pika in, one insert, bare aio-pika out."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aio_pika
import asyncpg
import uvloop
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

BATCH_MAX: Final = 500
PREFETCH: Final = 1000
# A batch that is not full goes on after this long; under load none waits.
LINGER_SECONDS: Final = 0.05
SCHEMA: Final = "bench_floor"

TEXT: Final = (
    "Merhaba, sokağımızdaki çöp konteyneri üç gündür boşaltılmadı, etrafına taşan poşetler yüzünden kaldırımdan"
    " geçilmiyor. Yağmurda koku iyice arttı, çocuklar okula giderken yola inmek zorunda kalıyor. İlgilenir misiniz?"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """`gives`: the queues each message taken is answered to, one message each. `takes`: messages a case brings."""

    name: str
    gives: tuple[str, ...]
    takes: int


STAGES: Final = (
    Stage("intake", ("router", "notifier", "reporting"), 1),
    Stage("router", ("department", "notifier", "reporting"), 1),
    Stage("department", (), 1),
    Stage("notifier", ("reporting",), 2),
    Stage("reporting", (), 4),
)


def queue_name(stage: str) -> str:
    """Apart from the queues of the system, on the same broker."""
    return f"bench.floor.{stage}"


def a_message(case_id: str, kind: str) -> dict[str, Any]:
    """An event of the size the system sends: about 600 bytes."""
    return {
        "type": f"case.{kind}.v1",
        "id": str(uuid.uuid4()),
        "occurred_at": "2026-11-23T14:05:00.123456Z",
        "trace_id": case_id,
        "case_id": case_id,
        "number": "K7M4-2QXD",
        "lane": "routine",
        "channel": "whatsapp",
        "text": TEXT,
    }


async def publish(exchange: AbstractExchange, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Publish all, persistent and mandatory, and wait for every confirm."""
    await asyncio.gather(
        *(
            exchange.publish(
                aio_pika.Message(
                    json.dumps(message).encode(),
                    content_type="application/json",
                    message_id=message["id"],
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                ),
                queue_name(target),
            )
            for target, message in messages
        )
    )


async def consume(stage: Stage, milestones: list[int], amqp_url: str, database_url: str) -> None:
    """Take batches until the last milestone; print a line at each milestone (messages taken and acknowledged)."""
    database = await asyncpg.connect(database_url, server_settings={"search_path": SCHEMA, "jit": "off"})
    connection = await aio_pika.connect_robust(amqp_url)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    await channel.set_qos(prefetch_count=PREFETCH)
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    queue = await channel.get_queue(queue_name(stage.name))
    await queue.consume(arrived.put)
    _say("ready")
    taken = 0
    while milestones:
        batch = await _batch(arrived)
        await _work(stage, batch, database, channel.default_exchange)
        await batch[-1].ack(multiple=True)
        taken += len(batch)
        while milestones and taken >= milestones[0]:
            _say(f"reached {milestones.pop(0)}")
    await asyncio.to_thread(sys.stdin.readline)
    await connection.close()
    await database.close()


async def _batch(arrived: asyncio.Queue[AbstractIncomingMessage]) -> list[AbstractIncomingMessage]:
    batch = [await arrived.get()]
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while len(batch) < BATCH_MAX:
                batch.append(await arrived.get())
    except TimeoutError:
        pass
    return batch


async def _work(
    stage: Stage,
    batch: Sequence[AbstractIncomingMessage],
    database: asyncpg.Connection,
    exchange: AbstractExchange,
) -> None:
    events = [json.loads(message.body) for message in batch]
    await database.execute(
        f"""
        INSERT INTO {stage.name} (id, case_id, type, occurred_at, body)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
        ON CONFLICT DO NOTHING
        """,  # noqa: S608 (the name is one of five above)
        [event["id"] for event in events],
        [event["case_id"] for event in events],
        [event["type"] for event in events],
        [event["occurred_at"] for event in events],
        [json.dumps(event) for event in events],
    )
    if stage.gives:
        followers = [(target, a_message(event["case_id"], stage.name)) for event in events for target in stage.gives]
        await publish(exchange, followers)


async def generate(counts: list[int], amqp_url: str) -> None:
    """Publish each count of cases when told to by a line on stdin, as fast as they are confirmed."""
    connection = await aio_pika.connect_robust(amqp_url)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    _say("ready")
    for count in counts:
        await asyncio.to_thread(sys.stdin.readline)
        for start in range(0, count, BATCH_MAX):
            size = min(BATCH_MAX, count - start)
            cases = [("intake", a_message(str(uuid.uuid4()), "received")) for _ in range(size)]
            await publish(channel.default_exchange, cases)
        _say("sent")
    await asyncio.to_thread(sys.stdin.readline)
    await connection.close()


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """`python -m bench.floor_stage NAME COUNT...`: cases, summed up for stages, each in turn for the generator."""
    name, *counts = sys.argv[1:]
    amqp_url, database_url = os.environ["RABBITMQ_URL"], os.environ["DATABASE_URL"]
    stage = next((stage for stage in STAGES if stage.name == name), None)
    if stage is None:
        work = generate([int(count) for count in counts], amqp_url)
    else:
        milestones = [sum(map(int, counts[: place + 1])) * stage.takes for place in range(len(counts))]
        work = consume(stage, milestones, amqp_url, database_url)
    if os.environ.get("BENCH_LOOP") == "asyncio":
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    main()
