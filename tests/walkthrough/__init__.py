"""The walk-through of docs/new-channel.md: the invented Postacı joins both suites, by this pytest plugin alone."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from examples.new_channel import channel, sender
from services.intake import channels
from services.notifier import senders
from shared.contracts import Channel
from tests.builders import AT, an_id
from tests.intake import kits as channel_kits
from tests.intake.kits.base import ChannelKit, Posted
from tests.notifier import kits as sender_kits
from tests.notifier.kits.base import RunningProvider, SenderKit

SECRET = "between-us"


def _text(text: str, id_: str) -> bytes:
    message = {"id": id_, "from": "u-17", "name": "Deneme", "text": text, "at": int(AT.timestamp())}
    return json.dumps(message, ensure_ascii=False).encode()


def _signed(body: bytes, _: str) -> Posted:
    return Posted(headers={"X-Postaci-Signature": hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()})


CHANNEL_KIT = ChannelKit(
    provider="postaci",
    channel=Channel.SOCIAL,
    address="u-17",
    text=_text,
    environment={"POSTACI_SECRET": SECRET},
    signed=_signed,
    forged=lambda body, url: {"unsigned": Posted(), "another body": _signed(body + b" ", url)},
)


class _Provider:
    """Postacı itself, as far as a sender sees it."""

    def __init__(self) -> None:
        self.url = ""
        self._fault, self._seconds, self._texts = "", 0.0, list[str]()

    def order(self, fault: str, seconds: float = 0.0) -> None:
        self._fault, self._seconds = fault, seconds

    def taken(self) -> list[str]:
        return self._texts

    async def post(self, request: web.Request) -> web.Response:
        fault, self._fault = self._fault, ""
        if fault in ("blocked", "busy"):
            return web.json_response({"code": fault}, status=400)
        if fault == "http_500":
            return web.json_response({}, status=500)
        self._texts.append((await request.json())["text"])
        await asyncio.sleep(self._seconds)
        if fault == "drop_reply":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"id": an_id().hex} if fault != "huge" else {"pad": "x" * 200_000}, status=201)


@asynccontextmanager
async def _running() -> AsyncIterator[RunningProvider]:
    provider = _Provider()
    application = web.Application()
    application.router.add_post("/messages", provider.post)
    async with TestServer(application) as server:
        provider.url = str(server.make_url("")).rstrip("/")
        yield provider


SENDER_KIT = SenderKit(
    provider=_running,
    sender=sender.Postaci,
    letter=senders.Letter(an_id(), "main", "u-17", "Başvurunuz alındı: 482-715-936", 1),
    refused="blocked",
    later="busy",
    codes={"blocked": "never", "busy": "later"},
)


def pytest_configure() -> None:
    """The rows that the walk-through adds to the tables."""
    channels.ADAPTERS["postaci"] = channels.Adapter(Channel.SOCIAL, channel.read, endpoint=channel.endpoint)  # type: ignore[index]
    senders.SENDERS["postaci"] = senders.SenderRow(Channel.SOCIAL, sender.sender)  # type: ignore[index]
    channel_kits.KITS["postaci"] = CHANNEL_KIT  # type: ignore[index]
    sender_kits.KITS["postaci"] = SENDER_KIT  # type: ignore[index]
