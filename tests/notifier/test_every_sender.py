"""What every sender must do, whoever its provider is. A new one joins with a kit in `tests/notifier/kits`."""

import importlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from services.notifier.domain import Answer, Result
from services.notifier.senders import SENDERS, Sender
from shared.ids import new_id
from tests.notifier.kits import KITS
from tests.notifier.kits.base import RunningProvider, SenderKit

ANSWERED_WITHIN_SECONDS = 10.0
every_sender = pytest.mark.parametrize("kit", KITS.values(), ids=list(KITS))
every_code = pytest.mark.parametrize(
    ("kit", "code", "answer"),
    [
        pytest.param(kit, code, answer, id=f"{name}-{code}")
        for name, kit in KITS.items()
        for code, answer in kit.codes.items()
    ],
)


@asynccontextmanager
async def at(kit: SenderKit, url: str) -> AsyncIterator[Sender]:
    sender = kit.sender(url)
    try:
        yield sender
    finally:
        await sender.close()


@asynccontextmanager
async def meeting(
    kit: SenderKit, fault: str | None = None, seconds: float = 0.0
) -> AsyncIterator[tuple[Sender, RunningProvider]]:
    """A sender and its provider, which meets the next send with a fault."""
    async with kit.provider() as provider, at(kit, provider.url) as sender:
        if fault:
            provider.order(fault, seconds)
        yield sender, provider


async def met(kit: SenderKit, fault: str, seconds: float = 0.0) -> tuple[Result, list[str]]:
    async with meeting(kit, fault, seconds) as (sender, provider):
        return await sender.send(kit.letter), provider.taken()


@pytest.fixture
def hurried(kit: SenderKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module(kit.timeout_module), "TIMEOUT_SECONDS", 0.4)


def test_every_row_of_the_table_has_a_kit() -> None:
    assert set(KITS) == set(SENDERS)


@every_sender
async def test_a_letter_is_taken_once_under_an_id(kit: SenderKit) -> None:
    async with meeting(kit) as (sender, provider):
        result = await sender.send(kit.letter)

        assert (result.answer, result.letter_id, result.error) == (Answer.ACCEPTED, kit.letter.id, None)
        assert result.provider_id
        assert len(result.provider_id) <= 256
        assert provider.taken() == [kit.letter.text]


@every_sender
async def test_two_letters_have_two_ids(kit: SenderKit) -> None:
    async with meeting(kit) as (sender, _):
        first, second = await sender.send(kit.letter), await sender.send(replace(kit.letter, id=new_id()))

        assert first.provider_id != second.provider_id


@every_sender
async def test_what_is_refused_for_good_is_never(kit: SenderKit) -> None:
    result, taken = await met(kit, kit.refused)

    assert result.answer is Answer.NEVER
    assert result.error
    assert taken == []


@every_sender
async def test_what_is_refused_for_now_is_later(kit: SenderKit) -> None:
    result, taken = await met(kit, kit.later)

    assert result.answer is Answer.LATER
    assert taken == []


@every_code
async def test_each_documented_code_becomes_our_answer(kit: SenderKit, code: str, answer: str) -> None:
    result, taken = await met(kit, code)

    assert (result.answer, taken) == (Answer(answer), [])


@every_sender
async def test_a_refused_connection_is_certainly_not_sent(kit: SenderKit) -> None:
    async with at(kit, f"http://127.0.0.1:{unused_port()}") as sender:
        assert (await sender.send(kit.letter)).answer is Answer.LATER


@every_sender
async def test_an_answer_that_is_lost_after_the_send_leaves_the_outcome_unknown(kit: SenderKit) -> None:
    result, taken = await met(kit, kit.drop_reply)

    assert result.answer is Answer.UNKNOWN
    assert taken == [kit.letter.text]


@every_sender
async def test_a_failure_inside_the_provider_leaves_the_outcome_unknown(kit: SenderKit) -> None:
    result, _ = await met(kit, kit.failing)

    assert result.answer is Answer.UNKNOWN


@every_sender
@pytest.mark.usefixtures("hurried")
async def test_a_provider_that_does_not_answer_leaves_the_outcome_unknown(kit: SenderKit) -> None:
    began = time.monotonic()
    result, _ = await met(kit, kit.slow, seconds=3.0)

    assert result.answer is Answer.UNKNOWN
    assert time.monotonic() - began < 3.0


@every_sender
def test_a_send_ends_within_ten_seconds(kit: SenderKit) -> None:
    assert importlib.import_module(kit.timeout_module).TIMEOUT_SECONDS <= ANSWERED_WITHIN_SECONDS


@pytest.mark.parametrize("kit", [pytest.param(kit, id=name) for name, kit in KITS.items() if kit.huge])
async def test_an_answer_without_an_end_is_not_read_to_its_end(kit: SenderKit) -> None:
    assert kit.huge is not None
    result, taken = await met(kit, kit.huge)

    assert result.answer is Answer.UNKNOWN
    assert taken == [kit.letter.text]


@pytest.mark.parametrize("kit", [pytest.param(kit, id=name) for name, kit in KITS.items() if kit.speaks_http])
@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 403, 404, 418, 429, 500, 503])
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b'{"code":[]}', b"\xff\xfe", b"[" * 50_000], ids=len)
async def test_no_answer_whatever_makes_it_raise(kit: SenderKit, status: int, body: bytes) -> None:
    """Nor is anything but a documented acceptance one."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server, at(kit, str(server.make_url("")).rstrip("/")) as sender:
        result = await sender.send(kit.letter)

        assert result.answer is not Answer.ACCEPTED
        assert result.letter_id == kit.letter.id


@every_sender
async def test_closing_is_safe_before_the_first_letter_and_twice(kit: SenderKit) -> None:
    sender = kit.sender("http://127.0.0.1:9")

    await sender.close()
    await sender.close()
