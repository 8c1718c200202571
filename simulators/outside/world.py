"""What all providers share: memory, faults, the way back to the centre, and how a send is taken or goes wrong."""

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import aiohttp
import structlog
from aiohttp import web

from simulators.faults import Fault, Faults
from simulators.outside.memory import Memory, Message
from simulators.outside.settings import Settings

POST_TIMEOUT_SECONDS = 10.0
ATTEMPTS_MAX = 8
BACK_OFF_SECONDS = 0.25
TASKS_MAX = 20_000
DRAIN_SECONDS = 3.0
HUGE_BYTES = 2_000_000
ANSWER_LETTERS_MAX = 2_000
LATE_SECONDS = 3.0

TRANSPORT_KINDS = frozenset(
    {"http_429", "http_500", "http_502", "http_503", "timeout", "drop_reply", "drop_request", "slow", "huge"}
)
RECEIPT_KINDS = frozenset({"receipts_early", "receipts_late", "receipts_twice", "receipts_backwards", "no_receipts"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """What the centre's edge said; status 0: it could not be reached, `text` says why."""

    status: int
    text: str

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class CitizenWrote:
    """What a citizen writes; `photo` asks for a picture with it."""

    citizen: str
    text: str = ""
    name: str = ""
    id: str = ""
    photo: bool = False
    latitude: float | None = None
    longitude: float | None = None
    reply_to: str = ""
    time: float = field(default_factory=time.time)


class World:
    """One running process: its settings, what is remembered, and what is still to be posted."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory = Memory()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=POST_TIMEOUT_SECONDS))

    async def stop(self) -> None:
        """Lets what is due go out for a few seconds, then ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        if self._session:
            await self._session.close()

    def waiting(self) -> int:
        """Receipts and webhooks that are still to come."""
        return len(self._tasks)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside everything else; beyond TASKS_MAX it is dropped and counted."""
        if len(self._tasks) >= TASKS_MAX:
            self.memory.counts["dropped"] += 1
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> EdgeAnswer:
        """One attempt at the centre's edge."""
        if not self.settings.edge_url or self._session is None:
            return EdgeAnswer(0, "OUTSIDE_EDGE_URL is not set")
        try:
            async with self._session.post(self.settings.edge_url + path, data=body, headers=headers) as response:
                return EdgeAnswer(response.status, (await response.text(errors="replace"))[:ANSWER_LETTERS_MAX])
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            return EdgeAnswer(0, f"{type(trouble).__name__}: {trouble}"[:ANSWER_LETTERS_MAX])

    async def post_until_taken(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """At least once, like the originals; gives up after ATTEMPTS_MAX attempts."""
        for attempt in range(ATTEMPTS_MAX):
            if (await self.post(path, body, headers)).is_taken:
                self.memory.counts["webhooks_taken"] += 1
                return
            await asyncio.sleep(BACK_OFF_SECONDS * 2**attempt)
        self.memory.counts["webhooks_given_up"] += 1
        log.error("webhook_given_up", path=path.partition("?")[0])

    async def write_by_whatsapp(self, citizen: str, name: str, text: str) -> None:
        """A citizen writes in WhatsApp, whose simulator is a process of its own; while it is away nothing happens."""
        if self._session is None:
            return
        asked = {"from": citizen, "name": name, "text": text}
        url = f"{self.settings.whatsapp_url}/_simulator/citizens/messages"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._session.post(url, json=asked) as response:
                await response.read()

    async def fetch_json(self, url: str) -> Any:
        """What another simulator answers; None while it is away."""
        if self._session is None:
            return None
        try:
            async with self._session.get(url) as response:
                return await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None


class Provider(ABC):
    """One provider under its own path. `codes` are the refusals it can give on demand, as its documents list them."""

    name: ClassVar[str]
    codes: ClassVar[frozenset[str]]

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()

    @property
    def kinds(self) -> frozenset[str]:
        """Every fault that can be ordered: `code_<code>` refuses, `failed_<code>` accepts and then fails."""
        coded = {f"{how}_{code}" for code in self.codes for how in ("code", "failed")}
        return TRANSPORT_KINDS | RECEIPT_KINDS | coded

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Its API."""

    @abstractmethod
    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        """A citizen's message, on its way to the centre, or waiting until the centre asks."""

    @abstractmethod
    def accepted(self, message: Message) -> web.Response:
        """What it says to a send it takes; gives the message its id."""

    @abstractmethod
    def refused(self, code: str) -> web.Response:
        """What it says with one of `codes`."""

    @abstractmethod
    async def tell_receipt(self, message: Message, status: str) -> None:
        """Tell the centre; a provider that is asked for its report has nothing to do."""

    async def take(self, request: web.Request, message: Message) -> web.StreamResponse:
        """A send that its documents allow: taken, unless a fault was ordered for it."""
        fault = self.faults.strike(message.citizen)
        if fault is None:
            return self._accept(message)
        message.fault = fault.kind
        return await self._stumble(request, message, fault)

    def refuse(self, message: Message, code: str) -> web.Response:
        """Say no, and remember it."""
        answer = self.refused(code)
        message.status, message.error, message.http_status = "refused", code, answer.status
        self.world.memory.keep(message)
        return answer

    def _accept(self, message: Message, receipts: str = "", failure: str = "") -> web.Response:
        answer = self.accepted(message)
        message.http_status = answer.status
        self.world.memory.keep(message)
        self.world.later(self._tell_receipts(message, receipts, failure))
        return answer

    async def _stumble(self, request: web.Request, message: Message, fault: Fault) -> web.StreamResponse:
        kind = fault.kind
        if kind in RECEIPT_KINDS:
            if kind == "receipts_early":
                answer = self._accept(message, kind)
                await asyncio.sleep(0.1)
                return answer
            return self._accept(message, kind)
        if kind.startswith("failed_"):
            return self._accept(message, failure=kind.removeprefix("failed_"))
        if kind.startswith("code_"):
            return self.refuse(message, kind.removeprefix("code_"))
        if kind.startswith("http_"):
            message.status, message.http_status = "refused", int(kind.removeprefix("http_"))
            self.world.memory.keep(message)
            return web.Response(status=message.http_status, text="Sorry, something went wrong.")
        if kind == "huge":
            self._accept(message)
            return web.Response(body=b" " * HUGE_BYTES)
        if kind in ("slow", "drop_reply"):
            answer = self._accept(message)
            await asyncio.sleep(fault.seconds)
            return answer if kind == "slow" else cut(request)
        message.status = "refused"  # timeout and drop_request: nothing is accepted, nobody is told
        self.world.memory.keep(message)
        await asyncio.sleep(fault.seconds)
        return cut(request)

    async def _tell_receipts(self, message: Message, order: str, failure: str) -> None:
        delays = self.world.settings.delays_seconds
        steps = [(status, delays.get(status, 0.0)) for status in self.world.settings.receipts]
        if failure:
            steps = [("failed", delays.get("delivered", 0.0))]
        if order == "no_receipts":
            return
        if order == "receipts_twice":
            steps += steps
        if order == "receipts_backwards":
            steps = [(status, delay) for (status, _), (_, delay) in zip(reversed(steps), steps, strict=True)]
        began = time.monotonic() + (LATE_SECONDS if order == "receipts_late" else 0.0)
        for status, delay in steps:
            if order != "receipts_early":
                await asyncio.sleep(max(0.0, began + delay - time.monotonic()))
            self.world.memory.change(message, status, failure)
            await self.tell_receipt(message, status)


def cut(request: web.Request) -> web.Response:
    """Ends the connection without an answer; the response returned is never written."""
    if request.transport:
        request.transport.abort()
    return web.Response()
