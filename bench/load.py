"""The load generator, a process of its own: signed WhatsApp webhooks over kept-alive connections, as fast as they go.

Every request is built before the first is sent, so that what this process costs while it is measured is small.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import SplitResult, urlsplit

import uvloop

from bench.sentences import Complaints
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook, new_wamid, sign

CONNECTIONS: Final = 32
# An edge that says "not now" is asked again after this long, and the refusal is counted.
REFUSED_WAIT_SECONDS: Final = 0.05
# The first citizen; nothing that is sent here leaves this machine.
FIRST_NUMBER: Final = 905_310_000_000


@dataclass
class Load:
    """Requests in order of sending; `refused` counts answers 429 and 503."""

    requests: Iterator[bytes]
    refused: int = 0
    seconds: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One kept-alive connection: send, wait for the status line and the end of the answer, send the next."""

    def __init__(self, load: Load, ended: asyncio.Future[None]) -> None:
        self._load = load
        self._ended = ended
        self._unread = b""
        self._request = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, of the same shape
        self._next()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, found, rest = self._unread.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        self._unread = rest[_length(head) :]
        self._answered(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_exception(error or ConnectionError("the edge closed a connection that should stay open"))

    def _answered(self, status: int) -> None:
        if status in (429, 503):
            self._load.refused += 1
            asyncio.get_running_loop().call_later(REFUSED_WAIT_SECONDS, self._send)
        elif 200 <= status < 300:
            self._load.seconds.append(time.perf_counter() - self._sent_at)
            self._next()
        elif not self._ended.done():
            self._ended.set_exception(RuntimeError(f"the edge answered {status}"))

    def _next(self) -> None:
        self._request = next(self._load.requests, b"")
        if self._request:
            self._send()
        elif not self._ended.done():
            self._ended.set_result(None)
            self._transport.close()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)


def _length(head: bytes) -> int:
    """Bytes of the body that follows; 0 when the answer names none."""
    _, found, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n", 1)[0]) if found else 0


async def send(requests: list[bytes], host: str, port: int) -> Load:
    """Send all and wait for every answer. Raises when the edge refuses one for good or drops a connection."""
    loop = asyncio.get_running_loop()
    load = Load(iter(requests))
    ends = [loop.create_future() for _ in range(CONNECTIONS)]
    for ended in ends:
        await loop.create_connection(lambda ended=ended: Connection(load, ended), host, port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return load


def webhooks(url: SplitResult, account: Account, secret: str, count: int, first_number: int) -> list[bytes]:
    """`count` whole requests: one citizen, one message, one webhook each."""
    complaints, chance = Complaints(), random.Random(first_number)
    requests = []
    for place in range(count):
        number = str(first_number + place)
        message = CitizenMessage(
            number, new_wamid(number, inbound=True), int(time.time()), complaints.one(chance), f"Vatandaş {place}"
        )
        body = message_webhook(account, [message])
        requests.append(_request(url, body, sign(body, secret)))
    return requests


def _request(url: SplitResult, body: bytes, signature: str) -> bytes:
    return (
        f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def main(edge_url: str, offset: str, *counts: str) -> None:
    """Build everything, then send each count when told to by a line; say `sent` with what was observed."""
    url = urlsplit(edge_url)
    account = Account(phone_number_id=os.environ["WHATSAPP_PHONE_NUMBER_ID"])
    first = FIRST_NUMBER + int(offset)
    prepared = []
    for count in map(int, counts):
        prepared.append(webhooks(url, account, os.environ["WHATSAPP_APP_SECRET"], count, first))
        first += count
    print("ready", flush=True)
    for requests in prepared:
        await asyncio.to_thread(sys.stdin.readline)
        began = time.perf_counter()
        load = await send(requests, url.hostname or "127.0.0.1", url.port or 80)
        answers = sorted(load.seconds)
        worst = answers[int(len(answers) * 0.99)]
        print(f"sent {time.perf_counter() - began:.3f} {worst:.4f} {load.refused}", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
