"""X: direct messages to us, what was read, and the challenge that comes every day."""

import json
from typing import Any

import pytest

from services.intake.channels import Knock, Reading, x
from services.intake.channels.x import XEndpoint, signature
from shared.contracts import Channel, NoticeStatus
from shared.problems import Problem
from tests.builders import AT, a_webhook
from tests.intake.kits.x import KIT, OURS, SEEN, an_activity, an_event


def read(**what: Any) -> Reading:
    return x.read(a_webhook(an_activity(**what), channel=Channel.SOCIAL, provider="x"))


def asked(query: dict[str, str]) -> Knock:
    return Knock("GET", "https://ilkim.example.org/webhooks/x", query, {}, b"", AT)


def test_a_message_is_read_whole() -> None:
    [message] = x.read(a_webhook(KIT.text("Çöp alınmadı", "7"), channel=Channel.SOCIAL, provider="x")).messages

    assert (message.account, message.provider_id, message.sender.name) == (f"x-{OURS}", "7", "Ayşe Yılmaz")
    assert message.occurred_at == AT


def test_our_own_messages_are_passed_over() -> None:
    assert read(direct_message_events=[an_event("Başvurunuz alındı", "7", sender=OURS)]) == Reading()


def test_the_address_of_the_picture_is_no_part_of_the_text() -> None:
    assert KIT.photo is not None
    [message] = x.read(a_webhook(KIT.photo("7"), channel=Channel.SOCIAL, provider="x")).messages

    assert message.text == "Çukur"
    assert [file.url for file in message.attachments] == ["https://ton.twitter.com/1.1/ton/data/dm/1/2/3.jpg"]


def test_what_the_citizen_read_is_a_receipt_and_what_we_read_is_none() -> None:
    [receipt] = read(direct_message_mark_read_events=[SEEN]).receipts

    assert (receipt.provider_id, receipt.status) == ("77", NoticeStatus.READ)
    assert read(direct_message_mark_read_events=[SEEN | {"sender_id": OURS}]) == Reading()


@pytest.mark.parametrize("kind", ["tweet_create_events", "favorite_events", "direct_message_indicate_typing_events"])
def test_everything_else_is_passed_over(kind: str) -> None:
    assert read(**{kind: [{"id": "1"}]}) == Reading()


def test_a_challenge_is_answered_with_our_secret() -> None:
    answer = XEndpoint((b"secret", b"before")).challenge(asked({"crc_token": "abc", "nonce": "x"}))

    assert json.loads(answer.body) == {"response_token": signature(b"abc", b"secret")}


def test_two_secrets_are_valid_while_one_is_changed() -> None:
    body = KIT.text("Alo", "7")
    knock = Knock("POST", "https://x", {}, {"x-twitter-webhooks-signature": signature(body, b"before")}, body, AT)

    assert XEndpoint((b"secret", b"before")).admit(knock)
    with pytest.raises(Problem):
        XEndpoint((b"secret",)).admit(knock)


@pytest.mark.parametrize("query", [{}, {"crc_token": ""}, {"crc_token": "x" * 10_000}])
def test_a_challenge_that_is_none_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        XEndpoint((b"secret",)).challenge(asked(query))

    assert refused.value.status == 400
