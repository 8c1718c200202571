"""The floor: what the nine messages of one case cost when nothing but broker and database does any work."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

import aio_pika
import asyncpg

from bench import cpu
from bench.children import Child
from bench.floor_stage import SCHEMA, STAGES, queue_name
from bench.installation import Servers
from bench.rounds import GENERATOR, Round

READY_SECONDS: Final = 30.0
RUN_SECONDS_MAX: Final = 180.0


def measure(servers: Servers, cases: int, warm_up: int) -> Round:
    """One round: every stage a process of its own, `warm_up` cases first, then `cases` at full speed."""
    return asyncio.run(_measure(servers, cases, warm_up))


async def _measure(servers: Servers, cases: int, warm_up: int) -> Round:
    async with _tables(servers.database_url), _queues(servers.amqp_url):
        with contextlib.ExitStack() as stack:
            children = _start(stack, servers, cases, warm_up)
            last = [(children[stage.name], stage.takes) for stage in STAGES if not stage.gives]
            _run(children[GENERATOR], last, warm_up, 0)
            roots = {name: child.pid for name, child in children.items()} | servers.pids
            before, began = cpu.tree_ms(roots), time.perf_counter()
            _run(children[GENERATOR], last, cases, warm_up)
            seconds = time.perf_counter() - began
            return Round(cases, seconds, cpu.spent_ms(before, cpu.tree_ms(roots)))


def _start(stack: contextlib.ExitStack, servers: Servers, cases: int, warm_up: int) -> dict[str, Child]:
    environment = {"RABBITMQ_URL": servers.amqp_url, "DATABASE_URL": servers.database_url}
    children = {}
    for name in (*(stage.name for stage in STAGES), GENERATOR):
        children[name] = Child("bench.floor_stage", (name, str(warm_up), str(cases)), environment)
        stack.callback(children[name].end)
    for child in children.values():
        child.wait_for("ready", READY_SECONDS)
    return children


def _run(generator: Child, last: list[tuple[Child, int]], cases: int, done: int) -> None:
    """Send `cases` and wait until both ends of the flow took the last one."""
    generator.tell()
    for child, messages_per_case in last:
        child.wait_for(f"reached {(done + cases) * messages_per_case}", RUN_SECONDS_MAX)


@contextlib.asynccontextmanager
async def _tables(database_url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for stage in STAGES:
            await connection.execute(
                f"CREATE TABLE {SCHEMA}.{stage.name} (id uuid PRIMARY KEY, case_id uuid NOT NULL, type text NOT NULL,"
                " occurred_at text NOT NULL, body text NOT NULL)"
            )
        await connection.execute("CHECKPOINT")  # No write of an earlier round is paid for in this one.
        yield
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await connection.close()


@contextlib.asynccontextmanager
async def _queues(amqp_url: str) -> AsyncIterator[None]:
    connection = await aio_pika.connect_robust(amqp_url)
    channel = await connection.channel()
    names = [queue_name(stage.name) for stage in STAGES]
    try:
        for name in names:
            await channel.queue_delete(name)
            await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
        yield
    finally:
        for name in names:
            await channel.queue_delete(name)
        await connection.close()
