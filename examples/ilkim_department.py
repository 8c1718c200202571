"""İLKİM's conversation with a department's own program, in one file to copy beside your own: `pip install aio-pika`.

    async with connect(url, "temizlik-isleri") as ilkim:
        await ilkim.serve({OFFERED: keep, ADDED: add})   # until SIGTERM or Ctrl-C

    await ilkim.close(offer, "solved", "Konteyner boşaltıldı.")

A handler stores what it is given and returns; only then is the message acknowledged. Whatever a handler raises ends
`serve`: whoever runs the program (systemd, Docker) starts it again, and what was not acknowledged comes again. So
expect everything twice. The rules behind this file: docs/department.md.
"""

import asyncio
import json
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractRobustConnection

OFFERED: Final = "assignment.offered.v1"
ENDED: Final = "assignment.ended.v1"
WARNED: Final = "assignment.warned.v1"
ADDED: Final = "citizen.added.v1"
SILENT: Final = "citizen.silent.v1"
GREW: Final = "incident.grew.v1"

PREFETCH: Final = {"urgent": 20, "routine": 5}
PUBLISH_TIMEOUT_SECONDS: Final = 5

Content = dict[str, Any]
Handler = Callable[[Content], Awaitable[None] | None]


@asynccontextmanager
async def connect(url: str, department: str) -> AsyncIterator["Ilkim"]:
    """A conversation as `department` (its code); `url` is amqp://user:password@host:5672/ilkim."""
    connection = await aio_pika.connect_robust(url)
    async with connection:
        yield Ilkim(connection, await connection.channel(publisher_confirms=True, on_return_raises=True), department)


class Ilkim:
    """Takes a department's messages and sends its answers. Every answer may be sent again: its id stays the same."""

    def __init__(self, connection: AbstractRobustConnection, answers: AbstractChannel, department: str) -> None:
        self._connection, self._answers, self._department = connection, answers, department

    async def serve(self, handlers: Mapping[str, Handler]) -> None:
        """Take messages of both lanes until told to stop, each to the handler of its `type`; others are passed over.

        An offer is answered `accepted` once its handler has stored it.
        """
        stop = _told_to_stop()

        async def on_message(message: AbstractIncomingMessage) -> None:
            try:
                await self._take(message, handlers)
            except Exception as error:
                if not stop.done():
                    stop.set_exception(error)

        for lane, prefetch in PREFETCH.items():
            channel = await self._connection.channel()  # one each, so that neither lane waits for the other
            await channel.set_qos(prefetch_count=prefetch)
            # Declared by İLKİM already: `ensure=False` asks for nothing we have no right to.
            queue = await channel.get_queue(f"department.{self._department}.{lane}", ensure=False)
            await queue.consume(on_message)
        with suppress(asyncio.CancelledError):
            await stop

    async def accept(self, offer: Content) -> None:
        """We have it; `serve` says so by itself."""
        await self._say(offer, "assignment.accepted.v1", "accepted")

    async def progress(self, offer: Content, note: str = "") -> None:
        """Work began or goes on; `note` is for colleagues."""
        await self._say(offer, "assignment.progressed.v1", "progressed", note=note)

    async def ask(self, offer: Content, question: str) -> None:
        """The citizen reads the question; the answer comes as `citizen.added.v1`, or none does: `citizen.silent.v1`."""
        await self._say(offer, "citizen.asked.v1", "asked", question=question)

    async def give_back(self, offer: Content, reason: str, proposal: str | None = None) -> None:
        """Not ours, and whose we think it is; the assignment is over."""
        await self._say(offer, "assignment.returned.v1", "returned", reason=reason, proposal=proposal)

    async def close(self, offer: Content, outcome: str, answer: str) -> None:
        """Done: the citizen reads the answer; the assignment is over. Outcomes: docs/department.md."""
        await self._say(offer, "assignment.closed.v1", "closed", outcome=outcome, answer=answer)

    async def gather(self, offer: Content, into: str) -> None:
        """It is the same problem as the case `into` (its case_id); the assignment is over."""
        await self._say(offer, "assignment.gathered.v1", "gathered", into=into)

    async def separate(self, offer: Content, case_id: str) -> None:
        """A report of this incident is a problem of its own after all."""
        await self._say(offer, "assignment.separated.v1", "separated", separate=case_id)

    async def _take(self, message: AbstractIncomingMessage, handlers: Mapping[str, Handler]) -> None:
        try:
            content = json.loads(message.body)
            kind = content["type"]
        except (ValueError, KeyError, TypeError):
            await message.reject(requeue=False)  # nobody can ever read it: İLKİM's people look at it
            return
        if handler := handlers.get(kind):
            done = handler(content)
            if done is not None:
                await done
        if kind == OFFERED:
            await self.accept(content)
        await message.ack()

    async def _say(self, offer: Content, kind: str, word: str, **content: str | None) -> None:
        """Publish one answer and wait for the broker's confirm. Raises when none comes in time: say it again."""
        said = {name: value for name, value in content.items() if value is not None}
        body = {
            "type": kind,
            "id": str(uuid.uuid5(uuid.UUID(offer["assignment_id"]), f"{kind} {json.dumps(said, sort_keys=True)}")),
            "occurred_at": datetime.now(UTC).isoformat(),
            "trace_id": offer.get("trace_id", ""),
            "assignment_id": offer["assignment_id"],
            "case_id": offer["case_id"],
            "owner": self._department,
            **said,
        }
        exchange = await self._answers.get_exchange("ilkim.answers", ensure=False)
        message = aio_pika.Message(
            json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=body["id"],
        )
        async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):  # a frozen broker does not honour its own
            await exchange.publish(message, routing_key=f"answer.{self._department}.{word}", mandatory=True)


def _told_to_stop() -> asyncio.Future[None]:
    """Done when the program shall end."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.cancel)
    return stop
