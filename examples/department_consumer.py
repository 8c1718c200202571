"""A department's own program: takes its assignments from the broker, keeps them, answers, and closes them by hand.

    python department_consumer.py consume                          take work until Ctrl-C
    python department_consumer.py close 482-715-936 "Konteyner boşaltıldı."   tell the citizen it is done

Needs `pip install aio-pika` and two environment variables, AMQP_URL (amqp://user:password@host:5672/ilkim) and
DEPARTMENT (the code, e.g. temizlik-isleri). Work is kept in WORK_FILE, an SQLite database (default: work.db).
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

PREFETCH = {"urgent": 20, "routine": 5}
PUBLISH_TIMEOUT_SECONDS = 5


async def consume(url: str, department: str, work: sqlite3.Connection) -> None:
    """Take assignments of both lanes until told to stop; each lane has a channel of its own.

    Anything unexpected ends the program: whoever runs it (systemd, Docker) starts it again, and what was not
    acknowledged is delivered again.
    """
    stop = _told_to_stop()

    async def on_message(message: AbstractIncomingMessage) -> None:
        try:
            await take(message, department, work, answers)
        except Exception as error:
            if not stop.done():
                stop.set_exception(error)

    connection = await aio_pika.connect_robust(url)
    async with connection:
        answers = await connection.channel(publisher_confirms=True, on_return_raises=True)
        for lane, prefetch in PREFETCH.items():
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=prefetch)
            # Declared by İLKİM already: `ensure=False` asks for nothing we have no right to.
            queue = await channel.get_queue(f"department.{department}.{lane}", ensure=False)
            await queue.consume(on_message)
        with suppress(asyncio.CancelledError):
            await stop


async def take(
    message: AbstractIncomingMessage, department: str, work: sqlite3.Connection, answers: AbstractChannel
) -> None:
    """Keep it, answer that we have it, and only then acknowledge: a crash in between means the same once more."""
    try:
        content = json.loads(message.body)
        kind = content["type"]
    except (ValueError, KeyError, TypeError):
        await message.reject(requeue=False)  # nobody can ever read it: İLKİM's people look at it
        return
    if kind == "assignment.offered.v1":
        keep(work, content)
        await answer(answers, department, content, "accepted")
    elif kind == "citizen.added.v1":
        add(work, content)
    # What we do not know is not for us (yet).
    await message.ack()


def keep(work: sqlite3.Connection, offer: dict[str, Any]) -> None:
    """Store an assignment once; the same one may come again."""
    row = (offer["assignment_id"], offer["number"], offer["lane"], offer["text"], json.dumps(offer))
    with work:
        work.execute("INSERT OR IGNORE INTO assignment (id, number, lane, text, offer) VALUES (?, ?, ?, ?, ?)", row)


def add(work: sqlite3.Connection, addition: dict[str, Any]) -> None:
    """Store what the citizen wrote later, once."""
    with work:
        work.execute(
            "INSERT OR IGNORE INTO addition (id, assignment_id, text) VALUES (?, ?, ?)",
            (addition["id"], addition["assignment_id"], addition["text"]),
        )


async def close(url: str, department: str, work: sqlite3.Connection, number: str, text: str) -> None:
    """Tell İLKİM that the newest assignment of a tracking number is solved; the citizen reads the text."""
    row = work.execute("SELECT offer FROM assignment WHERE number = ? ORDER BY rowid DESC", (number,)).fetchone()
    if row is None:
        raise SystemExit(f"no assignment with the number {number}")
    connection = await aio_pika.connect(url)
    async with connection:
        answers = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await answer(answers, department, json.loads(row[0]), "closed", outcome="solved", answer=text)
    with work:
        work.execute("UPDATE assignment SET closed = 1 WHERE number = ?", (number,))


async def answer(channel: AbstractChannel, department: str, offer: dict[str, Any], word: str, **content: str) -> None:
    """Publish one answer and wait for the broker's confirm. The same answer always has the same id."""
    name = "citizen.asked.v1" if word == "asked" else f"assignment.{word}.v1"
    said = json.dumps(content, sort_keys=True)
    body = {
        "type": name,
        "id": str(uuid.uuid5(uuid.UUID(offer["assignment_id"]), f"{name} {said}")),
        "occurred_at": datetime.now(UTC).isoformat(),
        "trace_id": offer.get("trace_id", ""),
        "assignment_id": offer["assignment_id"],
        "case_id": offer["case_id"],
        "owner": department,
        **content,
    }
    exchange = await channel.get_exchange("ilkim.answers", ensure=False)
    await exchange.publish(
        aio_pika.Message(
            json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=body["id"],
        ),
        routing_key=f"answer.{department}.{word}",
        mandatory=True,
        timeout=PUBLISH_TIMEOUT_SECONDS,
    )


def open_work(file: str) -> sqlite3.Connection:
    """The department's own store; two tables are enough here."""
    work = sqlite3.connect(file)
    work.executescript(
        """
        CREATE TABLE IF NOT EXISTS assignment (
            id TEXT PRIMARY KEY, number TEXT NOT NULL, lane TEXT NOT NULL, text TEXT NOT NULL, offer TEXT NOT NULL,
            closed INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE IF NOT EXISTS addition (id TEXT PRIMARY KEY, assignment_id TEXT NOT NULL, text TEXT NOT NULL);
        """
    )
    return work


def _told_to_stop() -> asyncio.Future[None]:
    """Done when the program shall end."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.cancel)
    return stop


def main() -> None:
    """Read the command line and the environment."""
    url, department = os.environ["AMQP_URL"], os.environ["DEPARTMENT"]
    work = open_work(os.environ.get("WORK_FILE", "work.db"))
    match sys.argv[1:]:
        case ["consume"]:
            asyncio.run(consume(url, department, work))
        case ["close", number, text]:
            asyncio.run(close(url, department, work, number, text))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
