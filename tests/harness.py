"""Runs parts of the system within a test: what is deployed, a service in this process, what its tables hold."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aio_pika
import asyncpg
import pytest
import uvicorn
from aio_pika.abc import AbstractChannel
from fastapi.dependencies import models
from pydantic import SecretStr

from ops.deploy import KIT, ROOT
from shared.contracts import Message, pack, unpack
from shared.database import migrate
from shared.messaging import Service, topology
from shared.settings import Settings

KEY: Final = base64.b64encode(bytes(range(32))).decode()
APP_SECRET: Final = "app-secret"
# A program's key to the desk, as the first account's.
DESK_TOKEN: Final = "desk-token-of-tests-0123456789abcdef"
# Nobody listens there: a server that is away.
AWAY_AMQP: Final = "amqp://guest:guest@127.0.0.1:9/nowhere"
AWAY_DATABASE: Final = "postgresql://nobody:nothing@127.0.0.1:9/nowhere"
WAIT_SECONDS: Final = 30.0
EMPTYING_TRIES_MAX: Final = 10


@dataclass
class System:
    """A database and a vhost with everything a test module needs, and hands to look into both."""

    amqp_url: str
    database_url: str
    schema: str
    pool: asyncpg.Pool
    channel: AbstractChannel
    owners: Sequence[str] = ()
    objects: Path = Path("/nonexistent")

    @property
    def settings(self) -> Settings:
        return Settings(rabbitmq_url=SecretStr(self.amqp_url), database_url=SecretStr(self.database_url))

    def service(self, name: str = "test") -> Service:
        """A service that does nothing yet, in the schema of the module."""
        return Service(name, self.schema, self.settings)

    async def tell(self, exchange: str, key: str, *messages: Message) -> None:
        """Publish events in envelopes, as a service would."""
        for body in pack(messages):
            await self.send(exchange, key, body)

    async def send(self, exchange: str, key: str, body: bytes) -> None:
        """Publish bytes, confirmed."""
        target = await self.channel.get_exchange(exchange, ensure=False)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await target.publish(message, key, mandatory=True, timeout=10)

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(query, *values)]

    async def value(self, query: str, *values: object) -> Any:
        return await self.pool.fetchval(query, *values)

    async def depth(self, queue: str) -> int:
        """Messages ready in a queue; those with a consumer are not counted."""
        protocol = await self.channel.get_underlay_channel()  # a robust channel answers from its memory
        return int((await protocol.queue_declare(queue, passive=True)).message_count or 0)

    async def take(self, queue: str, seconds: float = WAIT_SECONDS) -> bytes:
        """The next message of a queue, acknowledged."""
        handle = await self.channel.get_queue(queue, ensure=False)
        async with asyncio.timeout(seconds):
            while True:
                message = await handle.get(fail=False)
                if message is not None:
                    await message.ack()
                    return message.body
                await asyncio.sleep(0.02)

    async def take_all(self, queue: str) -> list[bytes]:
        """What is ready in a queue now, acknowledged."""
        handle, bodies = await self.channel.get_queue(queue, ensure=False), []
        while (message := await handle.get(fail=False)) is not None:
            await message.ack()
            bodies.append(message.body)
        return bodies

    async def told(self) -> list[dict[str, Any]]:
        """Every event that was put into the outbox, in order."""
        rows = await self.rows("SELECT bodies FROM outbox ORDER BY created_at, id")
        return [event for row in rows for body in row["bodies"] for event in unpack(body)]

    async def forget(self) -> None:
        """Empty every table and queue, so that the next test starts from nothing."""
        tables = await self.rows(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> 'migration'", self.schema
        )
        await self._empty(", ".join(table["name"] for table in tables))
        for queue in topology.queues(self.owners):
            await (await self.channel.get_queue(queue.name, ensure=False)).purge()

    async def _empty(self, tables: str) -> None:
        """A service that works beside us locks the same tables in its own order: whoever is told to, tries again."""
        for attempt in range(EMPTYING_TRIES_MAX):
            try:
                await self.pool.execute(f"TRUNCATE {tables} CASCADE")
                return
            except asyncpg.DeadlockDetectedError:
                if attempt == EMPTYING_TRIES_MAX - 1:
                    raise


@asynccontextmanager
async def a_system(
    amqp_url: str, database_url: str, schema: str, owners: Sequence[str] = (), folders: Sequence[Path] = ()
) -> AsyncIterator[System]:
    """Deploy one schema and the whole topology. `folders`: migrations; the service's own unless given."""
    connection = await asyncpg.connect(database_url)
    try:
        own = [KIT, ROOT / "services" / schema / "migrations"]
        await migrate(connection, schema, list(folders) or own)
    finally:
        await connection.close()
    broker = await aio_pika.connect_robust(amqp_url)
    async with (
        broker,
        asyncpg.create_pool(database_url, min_size=0, max_size=4, server_settings={"search_path": schema}) as pool,
    ):
        channel = await broker.channel(publisher_confirms=True, on_return_raises=True)
        await topology.declare(channel, owners)
        with TemporaryDirectory(prefix="ilkim-objects-") as objects:
            yield System(amqp_url, database_url, schema, pool, channel, owners, Path(objects))


def built(make: Callable[[], Service], system: System, **changed: str) -> Service:
    """A service as its own `app.py` wires it, with the settings a deployment would give it."""
    environment = {
        "RABBITMQ_URL": system.amqp_url,
        "DATABASE_URL": system.database_url,
        "ILKIM_VAULT_KEY": KEY,
        "ILKIM_BLIND_INDEX_KEY": KEY,
        "ILKIM_NUMBER_KEY": KEY,
        "ILKIM_TRACKING_KEY": KEY,
        "ILKIM_GATHER_SECONDS": "0",
        "ILKIM_OBJECT_KEY": KEY,
        "ILKIM_INSIDE_KEY": KEY,
        "ILKIM_OBJECTS": str(system.objects),
        "DESK_TOKEN": DESK_TOKEN,
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "WHATSAPP_VERIFY_TOKEN": "verify-me",
        "WHATSAPP_API_URL": "http://127.0.0.1:9",
        "WHATSAPP_ACCESS_TOKEN": "token",
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (environment | changed).items():
            patched.setenv(name, value)
        return make()


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    """Run services in this process, from their start to the end of their drain."""
    if not services:
        yield
        return
    first, *others = services
    try:
        async with first.web.router.lifespan_context(first.web), running(*others):
            yield
    finally:
        let_go()


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[str]:
    """Run a service with its HTTP server on a free port; the address."""
    config = uvicorn.Config(service.web, host="127.0.0.1", port=0, log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # without taking over the signals of the test process
    await until(lambda: server.started or task.done())
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
        let_go()


def let_go() -> None:
    """FastAPI remembers the routes of the last thousands of applications, and with each a whole service."""
    for remembered in vars(models).values():
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = WAIT_SECONDS) -> None:
    """Wait until something holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)
