"""Verimor: pushes of both kinds in one list, numbers that are dead, and an inbox that catches what a push lost."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from services.intake.channels import Reading, verimor
from services.intake.channels.asking import Refused
from services.intake.channels.base import FailedAddress
from services.intake.channels.verimor import Inbox, VerimorInboxSettings
from shared.contracts import Channel, NoticeStatus
from simulators.outside.app import Outside
from simulators.outside.settings import Settings
from simulators.outside.world import CitizenWrote
from tests.builders import a_webhook, an_id
from tests.intake.kits.verimor import inbound, outbound
from tests.intake.test_netgsm import Kept, Taken
from tests.outside import CREDENTIALS


def read(body: bytes) -> Reading:
    return verimor.read(a_webhook(body, channel=Channel.SMS, provider="verimor"))


def test_a_list_may_hold_messages_and_receipts() -> None:
    both = json.loads(inbound("Çöp alınmadı", "a")) + json.loads(outbound())
    reading = read(json.dumps(both).encode())

    assert [message.text for message in reading.messages] == ["Çöp alınmadı"]
    assert [receipt.status for receipt in reading.receipts] == [NoticeStatus.DELIVERED]


def test_a_message_is_dated_in_turkiye_and_belongs_to_the_line_it_was_sent_to() -> None:
    [message] = read(inbound("Alo", "a")).messages

    assert message.occurred_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert message.account == "908500000000"


def test_a_short_number_or_a_name_cannot_be_answered() -> None:
    for sender in ("4609", "BANKAM", "", None):
        [row] = json.loads(inbound("Kampanya", "a"))
        [message] = read(json.dumps([row | {"source_addr": sender}]).encode()).messages
        assert message.sender.address is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("WAITING", "sent"),
        ("SENT", "sent"),
        ("DELIVERED", "delivered"),
        ("DOUBLE_SEND_ERROR", "sent"),
        ("NOT_DELIVERED", "failed"),
        ("EXPIRED", "failed"),
        ("BLACKLISTED_DESTINATION_ADDRESS", "failed"),
    ],
)
def test_each_status_of_a_report_is_read_with_our_reference(word: str, status: str) -> None:
    ours = an_id()
    [receipt] = read(outbound(word, message_custom_id=str(ours), gsm_error="6")).receipts

    assert (receipt.status, receipt.reference, receipt.provider_id) == (status, ours, "20121")
    assert receipt.error == (f"{word} 6" if status == "failed" else None)


@pytest.mark.parametrize("word", ["SENDING", "NEW_ONE", "", None, 7])
def test_a_status_that_says_nothing_new_is_no_receipt(word: object) -> None:
    assert read(outbound(status=word)).receipts == ()


def test_a_number_that_no_operator_knows_is_told() -> None:
    dead = (FailedAddress("+905321112233", "INVALID_DESTINATION_ADDRESS", is_permanent=True),)

    assert read(outbound("INVALID_DESTINATION_ADDRESS")).failed_addresses == dead
    assert read(outbound("NOT_DELIVERED", gsm_error="6")).failed_addresses == ()
    assert len(read(outbound("NOT_DELIVERED", gsm_error="1")).failed_addresses) == 1


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Outside, str]]:
    outside = Outside(Settings(secrets=CREDENTIALS, receipts=()))
    async with TestServer(outside.application()) as server:
        yield outside, str(server.make_url("/verimor"))


async def test_the_inbox_gives_what_no_push_brought_page_by_page_and_once(outside: tuple[Outside, str]) -> None:
    world, url = outside
    password = SecretStr(CREDENTIALS["VERIMOR_PASSWORD"])
    settings = VerimorInboxSettings(
        verimor_username=CREDENTIALS["VERIMOR_USERNAME"], verimor_password=password, verimor_api_url=url
    )
    for number in range(250):
        await world.providers["verimor"].citizen_writes(CitizenWrote("+905321112233", f"mesaj {number}"))
    inbox, kept, taken = Inbox(settings), Kept(), Taken()
    async with aiohttp.ClientSession() as client:
        for _ in range(3):
            await inbox.collect(client, taken, kept, datetime.now(UTC))

    assert [len(read(payload.body).messages) for payload in taken.payloads] == [100, 100, 50]
    texts = [message.text for payload in taken.payloads for message in read(payload.body).messages]
    assert texts == [f"mesaj {number}" for number in range(250)]


async def test_a_wrong_password_is_not_now(outside: tuple[Outside, str]) -> None:
    _, url = outside
    settings = VerimorInboxSettings(verimor_username="x", verimor_password=SecretStr("x"), verimor_api_url=url)
    async with aiohttp.ClientSession() as client:
        with pytest.raises(Refused, match="401"):
            await Inbox(settings).collect(client, Taken(), Kept(), datetime.now(UTC))
