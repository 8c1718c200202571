"""A channel's own program: hands citizens' messages to İLKİM and delivers the replies that come back.

    python channel_program.py send < messages.jsonl     one message a line; ends with 0 when the broker has them all
    python channel_program.py deliver                    take replies until Ctrl-C and report each as delivered

Needs `pip install aio-pika` and AMQP_URL (amqp://user:password@host:5672/ilkim). CHANNEL is the channel's code
(default: face_to_face), ACCOUNT which of its lines (default: main). A line of `messages.jsonl`:

    {"provider_id": "kiosk-3-000017", "text": "Parkın lambası yanmıyor.", "urgent": false,
     "sender": {"address": "+905000000000", "name": "Deneme Vatandaş"}, "place": {"neighbourhood": "Adalet"}}
"""

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

CHANNEL = os.environ.get("CHANNEL", "face_to_face")
ACCOUNT = os.environ.get("ACCOUNT", "main")
# Our own namespace: the same message of ours has the same id, today and after a restart.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, f"https://ornek.example/{CHANNEL}/{ACCOUNT}")
PUBLISH_TIMEOUT_SECONDS = 5
ATTEMPTS_MAX = 5


async def send(url: str, lines: Iterable[str]) -> None:
    """Hand over every line. Run it again after a failure, from the first line: nothing is counted twice."""
    connection = await aio_pika.connect_robust(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        for line in lines:
            own = json.loads(line)
            await publish(channel, received(own), "urgent" if own.get("urgent") else "routine")


def received(own: dict[str, Any]) -> dict[str, Any]:
    """Our own message in İLKİM's words."""
    return {
        "type": "message.received.v1",
        "id": str(uuid.uuid5(NAMESPACE, own["provider_id"])),
        "occurred_at": own.get("written_at") or _now(),
        "channel": CHANNEL,
        "account": ACCOUNT,
        "provider_id": own["provider_id"],
        "sender": own.get("sender", {}),
        "text": own["text"],
        "place": own.get("place", {}),
    }


async def deliver(url: str) -> None:
    """Take replies until told to stop. Anything unexpected ends the program: whoever runs it starts it again."""
    stop = _told_to_stop()
    shown: set[str] = set()  # a real program keeps this in its database

    async def on_message(message: AbstractIncomingMessage) -> None:
        try:
            await show(message, reports, shown)
        except Exception as error:
            if not stop.done():
                stop.set_exception(error)

    connection = await aio_pika.connect_robust(url)
    async with connection:
        reports = await connection.channel(publisher_confirms=True, on_return_raises=True)
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=10)
        queue = await channel.get_queue(f"reply.{CHANNEL}", ensure=False)
        await queue.consume(on_message)
        with suppress(asyncio.CancelledError):
            await stop


async def show(message: AbstractIncomingMessage, reports: AbstractChannel, shown: set[str]) -> None:
    """Deliver a reply once, report it, then acknowledge."""
    reply = json.loads(message.body)
    if reply.get("type") == "reply.requested.v1":
        if reply["id"] not in shown:
            sys.stdout.write(f"{reply['address']}: {reply['text']}\n")
            sys.stdout.flush()
            shown.add(reply["id"])
        await publish(reports, delivered(reply), "routine")
    await message.ack()


def delivered(reply: dict[str, Any]) -> dict[str, Any]:
    """The report that a reply reached its citizen."""
    return {
        "type": "delivery.reported.v1",
        "id": str(uuid.uuid5(NAMESPACE, f"delivered {reply['id']}")),
        "occurred_at": _now(),
        "trace_id": reply.get("trace_id", ""),
        "channel": CHANNEL,
        "account": reply["account"],
        "provider_id": reply["id"],
        "reference": reply["id"],
        "status": "delivered",
    }


async def publish(channel: AbstractChannel, body: dict[str, Any], lane: str) -> None:
    """Publish until the broker confirms, always with the same id; give up with an error after some attempts."""
    message = aio_pika.Message(
        json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=body["id"],
    )
    exchange = await channel.get_exchange("ilkim.intake", ensure=False)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                await exchange.publish(message, routing_key=lane, mandatory=True)
                return
        except (aio_pika.exceptions.AMQPError, OSError, TimeoutError, RuntimeError):
            if attempt == ATTEMPTS_MAX:
                raise
            await asyncio.sleep(attempt)


def _told_to_stop() -> asyncio.Future[None]:
    """Done when the program shall end."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.cancel)
    return stop


def _now() -> str:
    return datetime.now(UTC).isoformat()


def main() -> None:
    """Read the command line and the environment."""
    match sys.argv[1:]:
        case ["send"]:
            asyncio.run(send(os.environ["AMQP_URL"], sys.stdin))
        case ["deliver"]:
            asyncio.run(deliver(os.environ["AMQP_URL"]))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
