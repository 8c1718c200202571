"""A service's run: connect, consume, answer health, drain. What every `app.py` builds upon."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg
import structlog
import uvicorn
from aio_pika.exceptions import AMQPError
from fastapi import FastAPI, Response
from faststream.exceptions import FastStreamException
from faststream.rabbit import RabbitBroker
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared import logs
from shared.database import connect_pool
from shared.messaging.consumer import Consumer
from shared.messaging.outbox import Outbox
from shared.messaging.publisher import Publisher, publishing_broker
from shared.problems import answer_with_problems
from shared.settings import Settings

log = structlog.get_logger()

DRAIN_SECONDS: Final = 10.0
CONNECT_WAIT_SECONDS_MAX: Final = 1.0
PROBE_SECONDS: Final = 2.0


class Service:
    """One process of one service: a pool in its schema, a consuming and a publishing connection, an HTTP server.

    Starts whether or not broker and database are there, and says so in `/health/ready`. Background work is
    given as coroutine functions; they are cancelled last, after the consumers drained.
    """

    pool: asyncpg.Pool
    outbox: Outbox

    def __init__(self, name: str, schema: str, settings: Settings) -> None:
        self.name = name
        self._schema = schema
        self._settings = settings
        self._url = settings.rabbitmq_url.get_secret_value()
        self._consumers: list[Consumer] = []
        self._background: list[Callable[[], Awaitable[None]]] = []
        self._on_start: list[Callable[[], Awaitable[None]]] = []
        self._on_stop: list[Callable[[], Awaitable[None]]] = []
        self._consuming: list[asyncio.Task[None]] = []
        self._told: dict[str, Callable[[], object]] = {}
        self._end: Callable[[], None] = lambda: None
        self._is_stopping: Callable[[], bool] = lambda: False
        self._publishing = publishing_broker(self._url, name)
        self.publisher = Publisher(self._publishing)
        self.web = FastAPI(title=f"İLKİM {name}", lifespan=self._lifespan, docs_url=None, redoc_url=None)
        answer_with_problems(self.web)
        self._add_health()

    def consume(self, consumer: Consumer) -> None:
        """Run this consumer from start to stop."""
        self._consumers.append(consumer)

    def background(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run this for ever beside the consumers, e.g. a sweeper."""
        self._background.append(work)

    def on_start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Await this once, after the pool exists and before anything is consumed."""
        self._on_start.append(work)

    def on_stop(self, work: Callable[[], Awaitable[None]]) -> None:
        """Await this once when the consumers have drained, while the database can still be told of it."""
        self._on_stop.append(work)

    def tell(self, name: str, report: Callable[[], object]) -> None:
        """Add this to what `/health/ready` says, under `name`; it must be ready at once, and is JSON."""
        self._told[name] = report

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain and return; exit 1 when a consumer ended by itself."""
        logs.configure(self.name, self._settings)
        config = uvicorn.Config(
            self.web,
            host=self._settings.ilkim_http_host,
            port=self._settings.ilkim_http_port,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=int(DRAIN_SECONDS),
        )
        server = uvicorn.Server(config)
        self._end = lambda: setattr(server, "should_exit", True)
        self._is_stopping = lambda: server.should_exit
        # What was loaded stays: without this, each full collection walks 190,000 objects and stops the loop for 60 ms.
        gc.collect()
        gc.freeze()
        server.run()
        if not (server.started and self.is_whole()):
            raise SystemExit(1)

    def is_stopping(self) -> bool:
        """True once the process was told to end: an answer that goes on for long ends now."""
        return self._is_stopping()

    def is_whole(self) -> bool:
        """True while every consumer runs; one that ended takes nothing any more, so the process must go."""
        return not any(task.done() and not task.cancelled() for task in self._consuming)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self.pool = await connect_pool(self._settings, self._schema)
        self.outbox = Outbox(self.pool, self.publisher)
        for work in self._on_start:
            await work()
        # Without FastStream's own argument injection, which hops to a thread for every delivery.
        consuming = RabbitBroker(self._url, app_id=self.name, logger=None, apply_types=False)
        for consumer in self._consumers:
            consumer.subscribe(consuming)
        self._consuming = [asyncio.create_task(consumer.run(self.pool, self.outbox)) for consumer in self._consumers]
        for task in self._consuming:
            task.add_done_callback(self._consumer_ended)
        tasks = [
            *self._consuming,
            asyncio.create_task(_start(self._publishing, self.name)),
            asyncio.create_task(_start(consuming, self.name)),
            asyncio.create_task(self.outbox.sweep_forever()),
            *(asyncio.create_task(_forever(work)) for work in self._background),
        ]
        log.info("started", http_port=self._settings.ilkim_http_port)
        try:
            yield
        finally:
            await self._drain(consuming, tasks)
            log.info("stopped")

    async def _drain(self, consuming: RabbitBroker, tasks: list[asyncio.Task[None]]) -> None:
        """First no new deliveries, then the batches in hand, then their publishes, then the connections."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                for subscriber in consuming.subscribers:
                    await subscriber.stop()
                for consumer in self._consumers:
                    await consumer.drain()
                for work in self._on_stop:
                    await work()
        except (AMQPError, FastStreamException, asyncpg.PostgresError, OSError, TimeoutError, RuntimeError) as error:
            log.warning("drain_cut_short", reason=repr(error))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for broker in (consuming, self._publishing):
            with suppress(AMQPError, FastStreamException, OSError, TimeoutError, RuntimeError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await broker.stop()
        with suppress(OSError, TimeoutError, asyncpg.InterfaceError):
            async with asyncio.timeout(PROBE_SECONDS):
                await self.pool.close()

    def _consumer_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            log.critical("consumer_ended", reason=repr(task.exception()))
            self._end()

    async def broker_is_there(self) -> bool:
        """True when the broker answers now; a frozen one does not, whatever its socket says."""
        return await _within(PROBE_SECONDS, self._ask_broker())

    async def database_is_there(self) -> bool:
        """True when PostgreSQL answers now."""
        return await _within(PROBE_SECONDS, self.pool.fetchval("SELECT 1"))

    async def _ask_broker(self) -> None:
        connection = self._publishing._connection
        if connection is None:
            raise ConnectionError("not connected yet")
        channel = await connection.channel()
        try:
            await channel.declare_queue("dead", passive=True)
        finally:
            await channel.close()

    def _add_health(self) -> None:
        @self.web.get("/health/live", include_in_schema=False)
        async def live() -> dict[str, str]:
            return {"status": "alive"}

        @self.web.get("/health/ready", include_in_schema=False)
        async def ready(response: Response) -> dict[str, Any]:
            broker, database = await asyncio.gather(self.broker_is_there(), self.database_is_there())
            both, either = broker and database, broker or database
            enough = self.is_whole() and (both if self._consumers else either)
            response.status_code = 200 if enough else 503
            status = "away" if not enough else "ready" if both else "degraded"
            return {
                "status": status,
                "service": self.name,
                "broker": "there" if broker else "away",
                "database": "there" if database else "away",
                "consumers": "running" if self.is_whole() else "ended",
                "checked_at": time.time(),
                **{name: report() for name, report in self._told.items()},
            }

        @self.web.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _start(broker: RabbitBroker, name: str) -> None:
    """Start with a broker that may be away, trying for ever; afterwards aio-pika reconnects by itself."""
    wait = 0.2
    while True:
        try:
            await broker.start()
            return
        except (AMQPError, FastStreamException, OSError, TimeoutError, RuntimeError) as error:
            log.warning("broker_away", service=name, reason=repr(error), wait_seconds=wait)
            with suppress(Exception):
                await broker.stop()
            await asyncio.sleep(wait)
            wait = min(wait * 2, CONNECT_WAIT_SECONDS_MAX)


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
            return
        except Exception:
            log.exception("background_failed", work=getattr(work, "__qualname__", str(work)))
            await asyncio.sleep(1.0)


async def _within(seconds: float, question: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await question
            return True
    except Exception as error:
        log.info("probe_failed", reason=repr(error))
        return False
