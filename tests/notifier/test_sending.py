"""Sending by values alone: what answers, receipts and time make of a reply; and WhatsApp's answers in every shape."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import Answer, Result, Standing, advance, receipt_change, result_change
from services.notifier.senders import ApprovedTemplate, Letter
from services.notifier.senders.http import ANSWER_BYTES_MAX, Said
from services.notifier.senders.whatsapp import CODES, WhatsApp, read_answer
from shared.contracts import NoticeStatus
from tests.builders import PHONE, an_id

LETTER = Letter(an_id(), "106540352242922", PHONE, "Başvurunuz alındı", 1)
ACCEPTED = json.dumps({"messages": [{"id": "wamid.1"}]}).encode()


def standing(
    status: NoticeStatus, attempts: int = 1, is_last: bool = True, notice: NoticeStatus | None = None
) -> Standing:
    return Standing(LETTER.id, LETTER.id, status, attempts, is_last, notice or status, attempts)


@pytest.mark.parametrize(("code", "answer"), CODES.items())
def test_each_row_of_the_code_table_is_read(code: str, answer: Answer) -> None:
    for status in (400, 401, 429, 500):
        assert read_answer(LETTER, Said(status, json.dumps({"error": {"code": int(code)}}).encode())).answer is answer


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, ACCEPTED, Answer.ACCEPTED),
        (200, b"{}", Answer.UNKNOWN),
        (200, b"", Answer.UNKNOWN),
        (200, ACCEPTED[:-5], Answer.UNKNOWN),
        (200, b'{"messages":[{"id":7}]}', Answer.UNKNOWN),
        (200, b'{"error":{"code":131026}}', Answer.UNKNOWN),
        (302, b"", Answer.UNKNOWN),
        (400, b"", Answer.NEVER),
        (400, b'{"error":{"code":999999}}', Answer.NEVER),
        (400, b'{"error":{"code":"190"}}', Answer.NEVER),
        (400, b'{"error":7}', Answer.NEVER),
        (404, b"<html>", Answer.NEVER),
        (429, b"", Answer.LATER),
        (500, b"", Answer.UNKNOWN),
        (503, b"[" * 100_000, Answer.UNKNOWN),
        (504, b"\xff", Answer.UNKNOWN),
    ],
)
def test_an_answer_of_any_shape_is_one_of_ours(status: int, body: bytes, answer: Answer) -> None:
    assert read_answer(LETTER, Said(status, body)).answer is answer


@pytest.mark.parametrize("pieces", [[ACCEPTED], [ACCEPTED[:7], ACCEPTED[7:]], [bytes([byte]) for byte in ACCEPTED]])
async def test_an_answer_that_comes_in_pieces_is_read_whole(pieces: list[bytes]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.002)
        return response

    assert (await send_to(answer)).answer is Answer.ACCEPTED


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" " * ANSWER_BYTES_MAX)
        return response

    assert (await send_to(answer)).answer is Answer.UNKNOWN


async def test_a_redirect_is_not_followed() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert "elsewhere" not in request.path
        raise web.HTTPFound("/elsewhere")

    assert (await send_to(answer)).answer is Answer.UNKNOWN


async def send_to(answer: Any, letter: Letter = LETTER) -> Result:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        sender = WhatsApp(str(server.make_url("")), "token")
        try:
            return await sender.send(letter)
        finally:
            await sender.close()


@given(st.lists(st.sampled_from(list(NoticeStatus)), max_size=12))
def test_reports_only_move_a_status_upward_whatever_their_order(reported: list[NoticeStatus]) -> None:
    status = NoticeStatus.ACCEPTED
    seen = []
    for report in reported:
        status = advance(status, report)
        seen.append(status)
    again = status
    for report in reported:
        again = advance(again, report)

    assert again is status
    assert len(set(seen)) == len([1 for at, one in enumerate(seen) if at == 0 or one is not seen[at - 1]])


def test_a_receipt_that_says_nothing_new_changes_nothing() -> None:
    for known in (NoticeStatus.DELIVERED, NoticeStatus.READ):
        assert receipt_change(standing(known), NoticeStatus.SENT, "w", None) is None


def test_a_receipt_knows_better_than_an_answer_that_comes_after_it() -> None:
    for answer in Answer:
        assert result_change(standing(NoticeStatus.DELIVERED), Result(LETTER.id, answer), 1, 60, False) is None


def test_the_answer_to_an_earlier_send_never_takes_the_count_back() -> None:
    later = standing(NoticeStatus.SENDING, attempts=2)
    for answer in (Answer.UNKNOWN, Answer.LATER, Answer.NEVER):
        assert result_change(later, Result(LETTER.id, answer), 1, 60, False) is None
    change = result_change(later, Result(LETTER.id, Answer.ACCEPTED, "w"), 1, 60, False)

    assert change is not None
    assert (change.status, change.attempts, change.look_again) == (NoticeStatus.ACCEPTED, 2, None)


def test_an_acceptance_that_comes_late_ends_the_waiting() -> None:
    change = result_change(standing(NoticeStatus.WAITING, 2), Result(LETTER.id, Answer.ACCEPTED, "w"), 1, 60, False)

    assert change is not None
    assert change.status is NoticeStatus.ACCEPTED


def test_a_failure_after_an_arrival_is_none() -> None:
    assert receipt_change(standing(NoticeStatus.DELIVERED), NoticeStatus.FAILED, "w", "131026") is None


def test_an_arrival_by_an_earlier_way_ends_the_notice_whatever_else_is_under_way() -> None:
    earlier = standing(NoticeStatus.FAILED, is_last=False, notice=NoticeStatus.SENDING)
    change = receipt_change(earlier, NoticeStatus.DELIVERED, "w", None)

    assert change is not None
    assert (change.notice_status, change.look_again, change.keeps_watch) == (NoticeStatus.DELIVERED, None, False)


def test_news_of_an_earlier_way_leave_the_present_one_alone() -> None:
    earlier = standing(NoticeStatus.ACCEPTED, is_last=False, notice=NoticeStatus.SENDING)
    change = receipt_change(earlier, NoticeStatus.FAILED, "w", "131026")

    assert change is not None
    assert (change.notice_status, change.keeps_watch) == (NoticeStatus.SENDING, True)


def test_what_cannot_go_now_goes_at_once_where_another_provider_was_not_asked_yet() -> None:
    refused = Result(LETTER.id, Answer.LATER)
    waits = [
        result_change(standing(NoticeStatus.SENDING), refused, 1, 60, has_another) for has_another in (True, False)
    ]

    assert [change and change.look_again for change in waits] == [timedelta(), timedelta(seconds=2)]


def test_a_provider_s_own_wish_when_to_try_again_is_granted() -> None:
    body = json.dumps({"error": {"code": 131056}}).encode()
    change = result_change(standing(NoticeStatus.SENDING), read_answer(LETTER, Said(400, body)), 1, 60, False)

    assert change is not None
    assert change.look_again == timedelta(seconds=6)


async def sent_by_whatsapp(**changed: Any) -> dict[str, Any]:
    """What the request to WhatsApp says."""
    asked: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.Response(body=ACCEPTED)

    await send_to(answer, replace(LETTER, **changed))
    return asked[0]


async def test_whatsapp_answers_below_the_citizen_s_own_message() -> None:
    assert (await sent_by_whatsapp(thread_id="wamid.7"))["context"] == {"message_id": "wamid.7"}


async def test_whatsapp_is_given_an_approved_text_by_name_with_its_parameters_in_order() -> None:
    template = ApprovedTemplate("ilkim_basvuru_alindi", "tr", ("482-715-936", "7K2M-9QXD"))
    asked = await sent_by_whatsapp(template=template, thread_id="wamid.7")

    assert asked["type"] == "template"
    assert asked["template"]["name"] == "ilkim_basvuru_alindi"
    assert [one["text"] for one in asked["template"]["components"][0]["parameters"]] == ["482-715-936", "7K2M-9QXD"]
    assert "context" not in asked


@pytest.mark.parametrize(
    ("address", "field", "value"),
    [
        (PHONE, "to", PHONE.removeprefix("+")),
        ("TR.1234567", "recipient", "TR.1234567"),
        ("wa:TR.12", "recipient", "TR.12"),
    ],
)
async def test_whatsapp_reaches_who_hides_their_number_by_their_id(address: str, field: str, value: str) -> None:
    asked = await sent_by_whatsapp(address=address)

    assert asked[field] == value
    assert len({"to", "recipient"} & asked.keys()) == 1
