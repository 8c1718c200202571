"""Messenger and Instagram: every kind of event, and which of them are the citizen's own words."""

import json
from typing import Any

import pytest

from services.intake.channels import Reading, messenger
from shared.contracts import Channel, MessageReceived, NoticeStatus, Purpose
from tests.builders import AT, a_webhook
from tests.intake.kits.messenger import CITIZEN, PAGE, an_event

URL = "https://scontent.xx.fbcdn.net/v/1.jpg"


def read(body: bytes, provider: str = "messenger") -> Reading:
    return messenger.read(a_webhook(body, channel=Channel.SOCIAL, provider=provider))


def the_message(**what: Any) -> MessageReceived:
    [message] = read(an_event(**what)).messages
    return message


def test_a_message_is_read_whole() -> None:
    message = the_message(message={"mid": "m_1", "text": "Çöp alınmadı", "reply_to": {"mid": "m_ours"}})

    assert (message.account, message.provider_id, message.in_reply_to) == (f"messenger-{PAGE}", "m_1", "m_ours")
    assert message.occurred_at == AT


def test_instagram_is_an_account_of_its_own() -> None:
    body = an_event("instagram", message={"mid": "m_1", "text": "Merhaba"})

    assert read(body, "instagram").messages[0].account == f"instagram-{PAGE}"


def test_instagram_s_other_shape_is_read_too() -> None:
    value = {
        "sender": {"id": CITIZEN},
        "recipient": {"id": PAGE},
        "timestamp": 1,
        "message": {"mid": "m", "text": "Su yok"},
    }
    body = {"object": "instagram", "entry": [{"id": PAGE, "changes": [{"field": "messages", "value": value}]}]}

    assert [message.text for message in read(json.dumps(body).encode(), "instagram").messages] == ["Su yok"]


def test_every_event_of_every_entry_is_read_in_order() -> None:
    events = [json.loads(an_event(message={"mid": f"m_{at}", "text": str(at)}))["entry"][0] for at in range(60)]
    reading = read(json.dumps({"object": "page", "entry": events}).encode())

    assert [message.text for message in reading.messages] == [str(at) for at in range(60)]


@pytest.mark.parametrize("kind", ["image", "video", "audio", "file"])
def test_each_kind_of_file_is_an_attachment_with_its_address(kind: str) -> None:
    files = [{"type": kind, "payload": {"url": URL}}] * 2
    message = the_message(message={"mid": "m_1", "attachments": files})

    assert [file.url for file in message.attachments] == [URL, URL]
    assert len({file.provider_id for file in message.attachments}) == 2
    assert message.purpose is Purpose.REQUEST


def test_a_place_is_a_place() -> None:
    where = {"type": "location", "title": "Konum", "payload": {"coordinates": {"lat": 41.28, "long": 36.33}}}
    message = the_message(message={"mid": "m_1", "attachments": [where]})

    assert (message.place.latitude, message.place.longitude) == (41.28, 36.33)


@pytest.mark.parametrize(
    "attachment",
    [
        {"type": "image", "payload": {"url": URL, "sticker_id": 369239263222822}},
        {"type": "story_mention", "payload": {"url": URL}},
    ],
)
def test_what_is_written_to_nobody_asks_for_nothing(attachment: dict[str, Any]) -> None:
    message = the_message(message={"mid": "m_1", "attachments": [attachment]})

    assert (message.purpose, message.attachments) == (Purpose.THANKS, ())


def test_a_quick_reply_and_a_postback_are_what_the_citizen_chose() -> None:
    quick = the_message(message={"mid": "m_1", "text": "Evet", "quick_reply": {"payload": "YES"}})
    pressed = the_message(postback={"mid": "m_2", "title": "Yol bozuk", "payload": "ROAD"})

    assert (quick.text, quick.kind) == ("Evet", "quick_reply")
    assert (pressed.text, pressed.kind, pressed.provider_id) == ("Yol bozuk", "postback", "m_2")


def test_the_button_that_opens_a_conversation_writes_no_request() -> None:
    assert the_message(postback={"title": "Başlayın", "payload": "GET_STARTED"}).purpose is Purpose.AUTOMATIC


def test_edits_unsends_and_reactions_name_their_message() -> None:
    edited = the_message(message_edit={"mid": "m_1", "text": "Su hâlâ yok", "num_edit": 2})
    unsent = the_message(message={"mid": "m_1", "is_deleted": True})
    reaction = the_message(reaction={"mid": "m_ours", "action": "react", "emoji": "❤"})

    assert (edited.kind, edited.concerns, edited.text) == ("edited", "m_1", "Su hâlâ yok")
    assert (unsent.kind, unsent.concerns) == ("deleted", "m_1")
    assert (reaction.kind, reaction.concerns, reaction.purpose) == ("reaction", "m_ours", Purpose.THANKS)
    assert len({message.provider_id for message in (edited, unsent, reaction)}) == 3


def test_our_own_messages_and_other_apps_threads_are_passed_over() -> None:
    echo = an_event(message={"mid": "m_1", "text": "Başvurunuz alındı", "is_echo": True})
    ours = an_event(sender={"id": PAGE}, recipient={"id": CITIZEN}, message={"mid": "m_1", "text": "x"})
    standby = json.loads(an_event(message={"mid": "m_1", "text": "x"}))
    standby["entry"][0]["standby"] = standby["entry"][0].pop("messaging")

    assert [read(body) for body in (echo, ours, json.dumps(standby).encode())] == [Reading()] * 3


def test_receipts_that_name_messages_are_read_and_bare_watermarks_are_not() -> None:
    delivered = read(an_event(delivery={"mids": ["m_1", "m_2"], "watermark": 1})).receipts
    seen = read(an_event(read={"mid": "m_1"})).receipts

    assert [(row.provider_id, row.status) for row in delivered] == [
        ("m_1", NoticeStatus.DELIVERED),
        ("m_2", NoticeStatus.DELIVERED),
    ]
    assert [row.status for row in seen] == [NoticeStatus.READ]
    assert read(an_event(read={"watermark": 1})) == Reading()


@pytest.mark.parametrize("what", [{"optin": {"type": "x"}}, {"referral": {}}, {"pass_thread_control": {}}, {}])
def test_an_event_of_another_kind_holds_nothing(what: dict[str, Any]) -> None:
    assert read(an_event(**what)) == Reading()
