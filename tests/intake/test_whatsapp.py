"""The WhatsApp reader: every message and status of a webhook, whatever shape its other parts have."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels import Reading, whatsapp
from services.intake.channels.meta import signature
from services.intake.channels.whatsapp_words import NOT_PASSED_ON
from shared.contracts import DeliveryReported, MessageReceived, NoticeStatus, Purpose
from simulators.whatsapp.payloads import (
    Account,
    CitizenMessage,
    FailureReason,
    Location,
    MessageStatus,
    message_webhook,
    sign,
    status_webhook,
)
from tests.builders import AT, a_webhook, an_id
from tests.intake.deciding import registered

ACCOUNT = Account()
# A folder with webhooks as providers send them, below it `webhook/whatsapp_cloud`; none of it is in the project.
REAL = Path(os.environ.get("ILKIM_DATA", "/nonexistent")) / "webhook" / "whatsapp_cloud"


def read(value: Any) -> Reading:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return whatsapp.read(a_webhook(body))


def a_citizen_message(**changed: Any) -> CitizenMessage:
    default = {"sender": "905321112233", "id": "wamid.A", "timestamp": int(AT.timestamp()), "text": "Çöp alınmadı"}
    return CitizenMessage(**{**default, "name": "Ayşe Yılmaz", **changed})


def a_body(*messages: dict[str, Any], **value: Any) -> dict[str, Any]:
    """A webhook with messages in Meta's own shape."""
    inner = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "106540352242922"}}
    change = {"field": "messages", "value": inner | {"messages": list(messages)} | value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def a_raw_message(**changed: Any) -> dict[str, Any]:
    text = {"type": "text", "text": {"body": "Çöp alınmadı"}}
    return {"from": "905321112233", "id": "wamid.A", "timestamp": str(int(AT.timestamp()))} | text | changed


def test_a_text_message_is_read_whole() -> None:
    [message] = read(message_webhook(ACCOUNT, [a_citizen_message(reply_to="wamid.ours")])).messages

    assert message.sender.address == "+905321112233"
    assert message.sender.name == "Ayşe Yılmaz"
    assert message.text == "Çöp alınmadı"
    assert message.provider_id == "wamid.A"
    assert message.account == ACCOUNT.phone_number_id
    assert message.occurred_at == AT
    assert message.in_reply_to == "wamid.ours"
    assert message.purpose is Purpose.REQUEST


def test_a_location_is_a_place_and_its_words() -> None:
    place = Location(41.2867, 36.33, "Çiftlik Caddesi", "İlkadım")
    [message] = read(message_webhook(ACCOUNT, [a_citizen_message(location=place)])).messages

    assert (message.place.latitude, message.place.longitude) == (41.2867, 36.33)
    assert message.text == "Çiftlik Caddesi\nİlkadım"


def test_every_message_of_a_webhook_is_read_in_order() -> None:
    asked = [a_citizen_message(id=f"wamid.{number}", sender=f"90532111{number:04}") for number in range(200)]
    messages = read(message_webhook(ACCOUNT, asked)).messages

    assert [message.provider_id for message in messages] == [message.id for message in asked]
    assert [message.sender.address for message in messages] == [f"+{message.sender}" for message in asked]


def test_several_messages_in_one_change_are_all_read() -> None:
    messages = read(a_body(a_raw_message(), a_raw_message(id="wamid.B", **{"from": "905320000000"}))).messages

    assert [message.provider_id for message in messages] == ["wamid.A", "wamid.B"]


@pytest.mark.parametrize(
    ("kind", "part", "text", "attachments"),
    [
        ("image", {"id": "m1", "mime_type": "image/jpeg", "caption": "çukur"}, "çukur", 1),
        ("image", {"id": "m1"}, "", 1),
        ("video", {"id": "m1", "mime_type": "video/mp4"}, "", 1),
        ("audio", {"id": "m1", "voice": True}, "", 1),
        ("document", {"id": "m1", "filename": "dilekçe.pdf", "caption": "dilekçem"}, "dilekçem", 1),
        ("button", {"text": "Evet", "payload": "yes"}, "Evet", 0),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "1", "title": "Devam"}}, "Devam", 0),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "Yol"}}, "Yol", 0),
        (
            "contacts",
            [{"name": {"formatted_name": "X"}, "phones": [{"phone": "0500 000 00 00"}]}],
            "X\n0500 000 00 00",
            0,
        ),
        ("unsupported", {"type": "poll"}, NOT_PASSED_ON, 0),
        ("hologram", {"depth": 3}, NOT_PASSED_ON, 0),
    ],
)
def test_each_kind_of_message_gives_its_words_and_files(kind: str, part: Any, text: str, attachments: int) -> None:
    raw = a_raw_message(type=kind) | {kind: part}
    [message] = read(a_body(raw)).messages

    assert message.text == text
    assert len(message.attachments) == attachments


@pytest.mark.parametrize("kind", ["reaction", "sticker", "system"])
def test_what_asks_for_nothing_opens_no_case(kind: str) -> None:
    [message] = read(a_body(a_raw_message(type=kind))).messages

    assert not registered(message).opens


def test_statuses_are_receipts_with_our_reference() -> None:
    reference = an_id()
    steps = [
        MessageStatus("wamid.ours", status, "905321112233", int(AT.timestamp()), str(reference))
        for status in ("sent", "delivered", "read")
    ]
    reading = read(status_webhook(ACCOUNT, steps))

    assert reading.messages == ()
    assert [receipt.status for receipt in reading.receipts] == ["sent", "delivered", "read"]
    assert {receipt.reference for receipt in reading.receipts} == {reference}
    assert len({receipt.id for receipt in reading.receipts}) == 3


def test_a_failure_tells_its_code() -> None:
    failure = FailureReason(131026, "Message undeliverable", "no WhatsApp")
    [receipt] = read(
        status_webhook(ACCOUNT, [MessageStatus("wamid.x", "failed", "90532", 1700000000, None, failure)])
    ).receipts

    assert receipt.status is NoticeStatus.FAILED
    assert receipt.error == "131026"
    assert receipt.reference is None


def test_the_same_webhook_gives_the_same_ids() -> None:
    body = message_webhook(ACCOUNT, [a_citizen_message()])

    assert read(body).messages[0].id == read(body).messages[0].id


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 7},
        {"from": 905321112233},
        {"from": None},
        {"timestamp": None},
        {"timestamp": "soon"},
        {"timestamp": "9" * 5000},
        {"timestamp": "253402300799"},
        {"timestamp": "-62135596800"},
        {"type": None},
        {"type": ["text"]},
        {"text": "no object"},
        {"text": {"body": 7}},
        {"text": {"body": "a\u0000b"}},
        {"text": {"body": "half \ud83d"}},
        {"text": {"body": "x" * 1_000_000}},
        {"id": "wamid.\u0000\ud83d"},
        {"id": "x" * 10_000},
        {"context": "nothing"},
        {"context": {"id": 5}},
        {"location": {"latitude": "north"}},
    ],
)
def test_a_part_of_an_unexpected_shape_costs_no_message(wrong: dict[str, Any]) -> None:
    reading = read(a_body(a_raw_message(**wrong), a_raw_message(id="wamid.B")))

    assert len(reading.messages) == 2
    for message in reading.messages:
        row = registered(message)
        assert "\0" not in row.message.provider_id + row.opens[0].text
        row.message.provider_id.encode()
        assert 2000 < row.message.occurred_at.year < 2100
        MessageReceived.read(message.model_dump_json().encode())


@pytest.mark.parametrize(
    "wrong", [{"status": ["sent"]}, {"status": {}}, {"status": None}, {"status": "warped"}, {"errors": 5}, {"id": [1]}]
)
def test_a_status_of_an_unexpected_shape_costs_no_message(wrong: dict[str, Any]) -> None:
    status = {"id": "wamid.ours", "status": "sent", "timestamp": "1700000000"} | wrong
    reading = read(a_body(a_raw_message(), statuses=[status]))

    assert len(reading.messages) == 1


@pytest.mark.parametrize("names", [[7], [{"wa_id": ["x"]}], [{"wa_id": "1", "profile": 5}], "x", [{"profile": {}}]])
def test_contacts_of_an_unexpected_shape_cost_no_message(names: Any) -> None:
    assert len(read(a_body(a_raw_message(), contacts=names)).messages) == 1


@pytest.mark.parametrize("value", [[], 7, None, "text"])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        read(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    message=st.dictionaries(st.sampled_from(["id", "from", "type", "text", "timestamp", "image", "context"]), JSON),
    status=st.dictionaries(st.sampled_from(["id", "status", "timestamp", "errors", "biz_opaque_callback_data"]), JSON),
    contacts=JSON,
    metadata=JSON,
)
def test_no_shape_whatever_costs_the_other_message(message: Any, status: Any, contacts: Any, metadata: Any) -> None:
    body = a_body(message, a_raw_message(id="wamid.good"), contacts=contacts, metadata=metadata, statuses=[status])
    reading = read(body)

    assert "wamid.good" in [message.provider_id for message in reading.messages]
    for receipt in reading.receipts:
        DeliveryReported.read(receipt.model_dump_json().encode())


def test_the_signature_is_meta_s() -> None:
    body = message_webhook(ACCOUNT, [a_citizen_message()])

    assert signature(body, b"secret") == sign(body, "secret")


@pytest.mark.skipif(not REAL.exists(), reason="ILKIM_DATA names no folder with real webhooks")
def test_every_real_webhook_is_read_and_none_of_its_messages_is_missing() -> None:
    files = [file for file in REAL.rglob("*") if file.is_file() and file.suffix == ".json"]
    assert files
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        for value in _webhooks(content):
            reading = read(value)
            messages = _count(value, "messages")
            assert len(reading.messages) == messages + _count_said(value), file
            for message in reading.messages:
                assert message.occurred_at < datetime(2030, 1, 1, tzinfo=UTC), file


def _webhooks(content: Any) -> list[Any]:
    if isinstance(content, dict) and "entry" in content:
        return [content]
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else []
    return [webhook for part in inner for webhook in _webhooks(part)]


def _count_said(value: Any) -> int:
    """Preferences that are told like a message of the citizen."""
    changes = [change["value"] for entry in value["entry"] for change in entry.get("changes", [])]
    return sum(
        said.get("value") in ("stop", "resume") for change in changes for said in change.get("user_preferences") or []
    )


def _count(value: Any, name: str) -> int:
    changes = [change for entry in value["entry"] for change in entry.get("changes", [])]
    values = [change.get("value") for change in changes if isinstance(change.get("value"), dict)]
    return sum(1 for one in values for item in one.get(name) or [] if isinstance(item, dict) and item.get("id"))
