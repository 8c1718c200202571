"""Netgsm's inbox: rows in any shape, windows between which nothing falls, and receipts from the report."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from services.intake.channels import Reading, netgsm, sms
from services.intake.channels.asking import Refused
from services.intake.channels.base import BothAway
from services.intake.channels.netgsm import Inbox, NetgsmInboxSettings, Row, rows_of
from shared.contracts import Channel, NoticeStatus, WebhookReceived
from shared.text import fold
from simulators.faults import Fault
from simulators.outside.app import Outside
from simulators.outside.memory import Message
from simulators.outside.settings import Settings
from simulators.outside.world import CitizenWrote
from tests.builders import AT, a_webhook, an_id
from tests.outside import CREDENTIALS

TIME = "02.03.2026 12:30:00"


def read(body: str | bytes, what: str = "inbox") -> Reading:
    raw = body if isinstance(body, bytes) else body.encode()
    return netgsm.read(
        a_webhook(raw, channel=Channel.SMS, provider="netgsm", account="8503020000", details={"what": what})
    )


class Kept:
    """Bookmarks in memory."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self.values.get(name)

    async def set(self, name: str, value: str) -> None:
        self.values[name] = value


class Taken:
    """What the edge made safe; fails as often as told."""

    def __init__(self) -> None:
        self.payloads: list[WebhookReceived] = []
        self.failures = 0

    async def __call__(self, payload: WebhookReceived) -> None:
        if self.failures:
            self.failures -= 1
            raise BothAway
        self.payloads.append(payload)

    def texts(self) -> list[str]:
        """The contacts these payloads become, each once, in order."""
        found = {row.provider_id: row.text for payload in self.payloads for row in netgsm.read(payload).messages}
        return list(found.values())

    def receipts(self) -> list[tuple[str, NoticeStatus]]:
        rows = [row for payload in self.payloads for row in netgsm.read(payload).receipts]
        return [(row.provider_id, row.status) for row in rows]


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Outside, str]]:
    outside = Outside(Settings(secrets=CREDENTIALS, receipts=()))
    async with TestServer(outside.application()) as server:
        yield outside, str(server.make_url("/netgsm"))


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def an_inbox(url: str, **changed: Any) -> Inbox:
    settings = {"netgsm_usercode": "8503020000", "netgsm_password": SecretStr("netgsm-password"), "netgsm_api_url": url}
    return Inbox(NetgsmInboxSettings(**(settings | changed)))


def citizens_write(outside: Outside, text: str, at: datetime, citizen: str = "+905321112233") -> None:
    outside.world.memory.keep(
        Message("netgsm", citizen, text, True, f"{text}-{at.timestamp()}", "sent", at.timestamp())
    )


def test_each_row_is_a_message_with_number_words_and_time() -> None:
    first, second = read(
        "05321112233 | Çöp alınmadı | 02.03.2026 12:30:00<br>905330000000|Su yok|02.03.2026 12:31:05<br>"
    ).messages

    assert (first.sender.address, first.text) == ("+905321112233", "Çöp alınmadı")
    assert first.occurred_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert (second.sender.address, second.text, second.account) == ("+905330000000", "Su yok", "8503020000")


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-9", "cp1254"])
def test_turkish_letters_are_read_whatever_the_header_declares(encoding: str) -> None:
    [message] = read("05321112233 | Şişli'de ığdır çöğüş | 02.03.2026 12:30:00<br>".encode(encoding)).messages

    assert message.text == "Şişli'de ığdır çöğüş"


@pytest.mark.parametrize("text", ["a | b", "a|b|c", "bir<br>iki", "bir<br>iki | üç", "<b>kalın</b>", "||"])
def test_a_text_may_hold_the_signs_that_part_the_rows(text: str) -> None:
    rows = rows_of(f"0532 | x | {TIME}<br>05321112233 | {text} | {TIME}<br>0533 | y | {TIME}")

    assert [row.number for row in rows] == ["0532", "05321112233", "0533"]
    assert {row.time for row in rows} == {TIME}
    assert fold(rows[1].text).replace(" ", "") == fold(text.replace("<br>", "\n")).replace(" ", "")


def test_what_is_written_twice_within_a_second_is_two_messages() -> None:
    row = "05321112233 | Alo | 02.03.2026 12:30:00<br>"
    once, twice = read(row).messages, read(row * 2).messages

    assert [message.provider_id for message in twice][:1] == [message.provider_id for message in once]
    assert len({message.provider_id for message in twice}) == 2


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+905321112233", "+905321112233"),
        ("00905321112233", "+905321112233"),
        ("05321112233", "+905321112233"),
        ("905321112233", "+905321112233"),
        ("5321112233", "+905321112233"),
        ("+90 532 111 22 33", "+905321112233"),
        ("0049 171 0000000", "+491710000000"),
        ("4609", None),
        ("BANKAM", None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_one_in_all_its_spellings_and_a_name_is_none(written: str | None, number: str | None) -> None:
    assert sms.number_of(written) == number


def test_an_empty_inbox_holds_nothing_and_a_refusal_is_no_inbox() -> None:
    assert read("40") == Reading()
    for code in ("30", "50", "60", "70", "", "<html>"):
        with pytest.raises(ValueError, match="no inbox"):
            read(code)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, None),
        (1, "delivered"),
        (2, "failed"),
        (3, "failed"),
        (11, "failed"),
        (13, "sent"),
        (16, "failed"),
        (99, None),
    ],
)
def test_each_status_of_the_report_is_read(status: int, expected: str | None) -> None:
    ours = an_id()
    job = {"jobid": "1737", "telno": "5321112233", "status": status, "referansID": str(ours), "errorCode": 102}
    receipts = read(json.dumps({"code": "00", "jobs": [job]}), "report").receipts

    assert [receipt.status for receipt in receipts] == ([expected] if expected else [])
    for receipt in receipts:
        assert receipt.reference == ours
        assert receipt.error == ("102" if expected == "failed" else None)


async def test_what_waits_in_the_inbox_is_given_once(
    outside: tuple[Outside, str], client: aiohttp.ClientSession
) -> None:
    world, url = outside
    inbox, kept, taken = an_inbox(url), Kept(), Taken()
    now = datetime.now(UTC)
    citizens_write(world, "Çöp alınmadı", now - timedelta(minutes=3))
    for turn in range(3):
        await inbox.collect(client, taken, kept, now + timedelta(seconds=20 * turn))

    assert taken.texts() == ["Çöp alınmadı"]
    assert len(taken.payloads) == 1


async def test_nothing_falls_between_two_windows(outside: tuple[Outside, str], client: aiohttp.ClientSession) -> None:
    """A message is seen however late its operator hands it over, and in the very minute of a turn."""
    world, url = outside
    inbox, kept, taken = an_inbox(url), Kept(), Taken()
    now = datetime.now(UTC)
    await inbox.collect(client, taken, kept, now)
    citizens_write(world, "on dakika geç", now - timedelta(minutes=10))
    citizens_write(world, "tam o anda", now)
    await inbox.collect(client, taken, kept, now + timedelta(seconds=20))

    assert taken.texts() == ["on dakika geç", "tam o anda"]


async def test_a_new_process_begins_at_the_bookmark_and_doubles_nothing(
    outside: tuple[Outside, str], client: aiohttp.ClientSession
) -> None:
    world, url = outside
    kept, taken, now = Kept(), Taken(), datetime.now(UTC)
    citizens_write(world, "önce", now - timedelta(minutes=1))
    await an_inbox(url).collect(client, taken, kept, now)
    citizens_write(world, "sonra", now + timedelta(minutes=1))
    await an_inbox(url).collect(client, taken, kept, now + timedelta(minutes=2))

    assert taken.texts() == ["önce", "sonra"]


async def test_a_long_absence_is_walked_through_in_windows(
    outside: tuple[Outside, str], client: aiohttp.ClientSession
) -> None:
    world, url = outside
    kept, taken, now = Kept(), Taken(), datetime.now(UTC)
    kept.values["inbox"] = (now - timedelta(days=40)).isoformat()
    for days in (39, 20, 1):
        citizens_write(world, f"{days} gün önce", now - timedelta(days=days))
    await an_inbox(url).collect(client, taken, kept, now)

    assert taken.texts() == ["39 gün önce", "20 gün önce", "1 gün önce"]


async def test_what_could_not_be_made_safe_is_given_again(
    outside: tuple[Outside, str], client: aiohttp.ClientSession
) -> None:
    world, url = outside
    inbox, kept, taken = an_inbox(url), Kept(), Taken()
    now = datetime.now(UTC)
    citizens_write(world, "Su yok", now - timedelta(minutes=1))
    taken.failures = 1
    with pytest.raises(BothAway):
        await inbox.collect(client, taken, kept, now)
    assert kept.values == {}
    await inbox.collect(client, taken, kept, now)

    assert taken.texts() == ["Su yok"]


@pytest.mark.parametrize("code", ["30", "50", "60", "70"])
async def test_a_refusal_moves_no_bookmark(
    outside: tuple[Outside, str], client: aiohttp.ClientSession, code: str
) -> None:
    world, url = outside
    world.providers["netgsm"].faults.add(Fault(f"code_{code}"), 1)
    kept = Kept()
    with pytest.raises(Refused, match=code):
        await an_inbox(url).collect(client, Taken(), kept, datetime.now(UTC))

    assert kept.values == {}


@pytest.mark.parametrize("answer", [b"<html>Bak\xc4\xb1mday\xc4\xb1z</html>", b"", b"100", b"OK"])
async def test_an_answer_that_is_no_inbox_moves_no_bookmark(client: aiohttp.ClientSession, answer: bytes) -> None:
    """A page of maintenance under status 200 would else hide what waits behind it."""

    async def say(_: web.Request) -> web.Response:
        return web.Response(body=answer)

    application, kept = web.Application(), Kept()
    application.router.add_post("/sms/receive", say)
    async with TestServer(application) as server:
        with pytest.raises(Refused, match="unreadable"):
            await an_inbox(str(server.make_url(""))).collect(client, Taken(), kept, datetime.now(UTC))

    assert kept.values == {}


async def test_a_wrong_password_is_refused(outside: tuple[Outside, str], client: aiohttp.ClientSession) -> None:
    _, url = outside
    with pytest.raises(Refused, match="30"):
        await an_inbox(url, netgsm_password=SecretStr("x")).collect(client, Taken(), Kept(), datetime.now(UTC))


async def test_the_report_tells_each_status_once(outside: tuple[Outside, str], client: aiohttp.ClientSession) -> None:
    world, url = outside
    inbox, taken, now = an_inbox(url), Taken(), datetime.now(UTC) + timedelta(seconds=5)
    await inbox.ask(client, taken, Kept(), now)
    sent = [Message("netgsm", f"+90532{number:07}", "x", False, f"job-{number}") for number in range(250)]
    for message in sent:
        world.world.memory.keep(message)
        world.world.memory.change(message, "delivered")
    world.world.memory.change(sent[7], "failed", "16")
    for _ in range(2):
        await inbox.ask(client, taken, Kept(), now)

    assert len(taken.payloads) == 3
    assert dict(taken.receipts()) == {
        message.id: NoticeStatus.FAILED if message is sent[7] else NoticeStatus.DELIVERED for message in sent
    }


async def test_the_collector_goes_on_after_a_bad_turn(outside: tuple[Outside, str]) -> None:
    world, url = outside
    world.providers["netgsm"].faults.add(Fault("code_30"), 2)
    taken = Taken()
    running = asyncio.create_task(
        an_inbox(url, netgsm_poll_seconds=0.02, netgsm_report_seconds=0.02).run(taken, Kept())
    )
    await world.providers["netgsm"].citizen_writes(CitizenWrote("+905321112233", "Çöp alınmadı"))
    async with asyncio.timeout(5):
        while not taken.payloads:  # noqa: ASYNC110 - what is awaited lies behind HTTP
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert taken.texts() == ["Çöp alınmadı"]


def test_a_row_with_a_time_of_no_known_shape_counts_as_received() -> None:
    [message] = read("05321112233 | Alo | dün akşam<br>").messages

    assert message.occurred_at == AT
    assert rows_of("05321112233 | Alo | dün akşam") == [Row("05321112233", "Alo", "dün akşam")]
