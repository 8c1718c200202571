"""Posts signed webhooks to the product: statuses in batches when they fall due, with retries and back-off."""

import asyncio
import contextlib
import time
from collections import Counter, deque
from dataclasses import dataclass

import aiohttp
import structlog

from simulators.whatsapp.memory import Entry, Memory
from simulators.whatsapp.payloads import Account, MessageStatus, sign, status_webhook
from simulators.whatsapp.protocol import failure_reason
from simulators.whatsapp.settings import Settings

BATCH_STATUSES_MAX = 50
BATCH_WINDOW_SECONDS = 0.025
PENDING_STATUSES_MAX = 200_000
BODIES_WAITING_MAX = 200
POSTERS = 4
POST_TIMEOUT_SECONDS = 10.0
ATTEMPTS_MAX = 12
BACK_OFF_FIRST_SECONDS = 0.25
BACK_OFF_MAX_SECONDS = 30.0
DRAIN_SECONDS = 3.0
ANSWER_CHARACTERS_MAX = 2_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """What the product's edge said; status 0 means it could not be reached, `text` then says why."""

    status: int
    text: str

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class DueStatus:
    due: float
    status: str
    entry: Entry
    failure_code: int | None = None


class Webhooks:
    """At least once and in no promised order, like the original; gives up after ATTEMPTS_MAX attempts."""

    def __init__(self, settings: Settings, memory: Memory) -> None:
        self.statuses = settings.statuses
        self.delays_seconds = dict(settings.delays_seconds)
        self.counts: Counter[str] = Counter()
        self._account: Account = settings.account
        self._url = settings.webhook_url
        self._secret = settings.app_secret
        self._memory = memory
        # One line a status: equal delays keep each line in order of due time.
        self._pending: dict[str, deque[DueStatus]] = {}
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue(BODIES_WAITING_MAX)
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._posting = 0
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=POSTERS * 4),
            timeout=aiohttp.ClientTimeout(total=POST_TIMEOUT_SECONDS),
        )
        self._tasks = [asyncio.create_task(self._collect())]
        self._tasks += [asyncio.create_task(self._post_waiting()) for _ in range(POSTERS)]

    async def stop(self) -> None:
        """Lets what is due go out for a few seconds, then ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while self.waiting():  # noqa: ASYNC110 - it runs once, at the end
                    await asyncio.sleep(0.02)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    def waiting(self) -> int:
        """Statuses not yet due and webhooks not yet taken."""
        return sum(map(len, self._pending.values())) + self._bodies.qsize() + self._posting

    def schedule(self, entry: Entry, failure_code: int | None = None) -> None:
        """Plans the statuses of an accepted message; a failure takes the place of all of them."""
        if failure_code is not None:
            self._plan("failed", self.delays_seconds["delivered"], entry, failure_code)
            return
        for status in self.statuses:
            self._plan(status, self.delays_seconds[status], entry, None)

    async def post(self, body: bytes) -> EdgeAnswer:
        """One attempt."""
        if not self._url or self._session is None:
            return EdgeAnswer(0, "WHATSAPP_WEBHOOK_URL is not set")
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(body, self._secret)}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                return EdgeAnswer(response.status, (await response.text())[:ANSWER_CHARACTERS_MAX])
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            return EdgeAnswer(0, f"{type(trouble).__name__}: {trouble}"[:ANSWER_CHARACTERS_MAX])

    def enqueue(self, body: bytes) -> bool:
        """For later, with retries; False when too many wait already."""
        try:
            self._bodies.put_nowait(body)
        except asyncio.QueueFull:
            return False
        return True

    async def verify(self, token: str) -> EdgeAnswer:
        """The call that Meta makes once when a webhook is set up; taken means our challenge came back."""
        challenge = str(time.time_ns())
        if not self._url or self._session is None:
            return EdgeAnswer(0, "WHATSAPP_WEBHOOK_URL is not set")
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
        try:
            async with self._session.get(self._url, params=query) as response:
                text = (await response.text())[:ANSWER_CHARACTERS_MAX]
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            return EdgeAnswer(0, f"{type(trouble).__name__}: {trouble}")
        if response.status == 200 and text != challenge:
            return EdgeAnswer(0, "the answer is not the challenge")
        return EdgeAnswer(response.status, text)

    def _plan(self, status: str, delay_seconds: float, entry: Entry, failure_code: int | None) -> None:
        line = self._pending.setdefault(status, deque())
        if len(line) >= PENDING_STATUSES_MAX:
            self.counts["statuses_dropped"] += 1
            return
        line.append(DueStatus(entry.time + delay_seconds, status, entry, failure_code))
        self._work.set()

    async def _collect(self) -> None:
        while True:
            await self._work.wait()
            heads = [line[0].due for line in self._pending.values() if line]
            if not heads:
                self._work.clear()
                continue
            # The window lets statuses gather, so that one webhook carries many.
            await asyncio.sleep(max(min(heads) - time.time(), BATCH_WINDOW_SECONDS))
            for batch in self._due_batches(time.time()):
                self.counts["statuses"] += len(batch)
                if self._url:
                    await self._bodies.put(status_webhook(self._account, batch))

    def _due_batches(self, now: float) -> list[list[MessageStatus]]:
        due = [self._take(line.popleft()) for line in self._pending.values() for _ in range(_due(line, now))]
        return [due[start : start + BATCH_STATUSES_MAX] for start in range(0, len(due), BATCH_STATUSES_MAX)]

    def _take(self, due: DueStatus) -> MessageStatus:
        entry = due.entry
        self._memory.change_status(entry, due.status, due.failure_code)
        failure = failure_reason(due.failure_code) if due.failure_code is not None else None
        return MessageStatus(entry.wamid or "", due.status, entry.number, int(due.due), entry.callback_data, failure)

    async def _post_waiting(self) -> None:
        while True:
            body = await self._bodies.get()
            self._posting += 1
            try:
                await self._post_until_taken(body)
            finally:
                self._posting -= 1

    async def _post_until_taken(self, body: bytes) -> None:
        for attempt in range(ATTEMPTS_MAX):
            answer = await self.post(body)
            if answer.is_taken:
                self.counts["webhooks_taken"] += 1
                return
            self.counts["webhook_attempts_failed"] += 1
            log.warning("webhook_not_taken", status=answer.status, attempt=attempt + 1)
            await asyncio.sleep(min(BACK_OFF_FIRST_SECONDS * 2**attempt, BACK_OFF_MAX_SECONDS))
        self.counts["webhooks_given_up"] += 1
        log.error("webhook_given_up", attempts=ATTEMPTS_MAX)


def _due(line: deque[DueStatus], now: float) -> int:
    """How many at the head of the line are due; the line is in order of due time."""
    count = 0
    for status in line:
        if status.due > now:
            break
        count += 1
    return count
