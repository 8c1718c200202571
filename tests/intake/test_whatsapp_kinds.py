"""Every kind of WhatsApp message, with a sample of our own each: what it is, what it concerns, whether it asks."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels import Reading, whatsapp
from shared.contracts import CallState, Channel, MessageReceived, NoticeStatus, Purpose
from tests.builders import AT, a_webhook

SENDER = "905000000000"
USER = "TR.8123456789012345678"
STAMP = str(int(AT.timestamp()))


def a_change(field: str = "messages", **value: Any) -> dict[str, Any]:
    inner = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "106540352242922"}}
    return {"field": field, "value": inner | value}


def read(*changes: dict[str, Any]) -> Reading:
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": list(changes)}]}
    return whatsapp.read(a_webhook(json.dumps(body).encode()))


def a_written(kind: str, content: Any, **changed: Any) -> dict[str, Any]:
    return {"from": SENDER, "id": "wamid.A", "timestamp": STAMP, "type": kind, kind: content} | changed


def message(kind: str, content: Any, **changed: Any) -> MessageReceived:
    [found] = read(a_change(messages=[a_written(kind, content, **changed)])).messages
    return found


KINDS = [
    ("text", {"body": "Çöp alınmadı"}, "text", Purpose.REQUEST, "Çöp alınmadı"),
    ("image", {"id": "1", "mime_type": "image/jpeg", "caption": "çukur"}, "image", Purpose.REQUEST, "çukur"),
    ("video", {"id": "1", "mime_type": "video/mp4"}, "video", Purpose.REQUEST, ""),
    ("document", {"id": "1", "filename": "dilekçe.pdf"}, "document", Purpose.REQUEST, ""),
    ("audio", {"id": "1", "voice": False}, "audio", Purpose.REQUEST, ""),
    ("audio", {"id": "1", "voice": True}, "voice", Purpose.REQUEST, ""),
    ("sticker", {"id": "1", "animated": True}, "sticker", Purpose.THANKS, ""),
    ("location", {"latitude": 41.28, "longitude": 36.33, "name": "Park"}, "location", Purpose.REQUEST, "Park"),
    ("contacts", [{"name": {"formatted_name": "Muhtar"}}], "contacts", Purpose.REQUEST, "Muhtar"),
    (
        "interactive",
        {"type": "button_reply", "button_reply": {"id": "1", "title": "Evet"}},
        "interactive",
        Purpose.REQUEST,
        "Evet",
    ),
    (
        "interactive",
        {"type": "list_reply", "list_reply": {"id": "1", "title": "Yol", "description": "çukur, kaldırım"}},
        "interactive",
        Purpose.REQUEST,
        "Yol\nçukur, kaldırım",
    ),
    (
        "interactive",
        {"type": "nfm_reply", "nfm_reply": {"response_json": '{"konu": "su", "flow_token": "x"}', "body": "Sent"}},
        "interactive",
        Purpose.REQUEST,
        "konu: su",
    ),
    (
        "interactive",
        {"type": "nfm_reply", "nfm_reply": {"response_json": "{broken", "body": "Gönderildi"}},
        "interactive",
        Purpose.REQUEST,
        "Gönderildi",
    ),
    (
        "interactive",
        {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
        "call_permission",
        Purpose.AUTOMATIC,
        "",
    ),
    ("button", {"text": "Tamam", "payload": "ok"}, "button", Purpose.REQUEST, "Tamam"),
    ("reaction", {"message_id": "wamid.ours", "emoji": "👍"}, "reaction", Purpose.THANKS, "👍"),
    ("reaction", {"message_id": "wamid.ours"}, "reaction", Purpose.THANKS, ""),
    (
        "order",
        {"text": "Bordür", "product_items": [{"product_retailer_id": "B-1", "quantity": 2}]},
        "order",
        Purpose.REQUEST,
        "Bordür\n2 × B-1",
    ),
    (
        "system",
        {"type": "customer_identity_changed", "body": "User 905000000000 changed"},
        "system",
        Purpose.AUTOMATIC,
        "",
    ),
    ("revoke", {"original_message_id": "wamid.first"}, "deleted", Purpose.REQUEST, ""),
    (
        "edit",
        {"original_message_id": "wamid.first", "message": {"type": "text", "text": {"body": "Çöp iki gündür"}}},
        "edited",
        Purpose.REQUEST,
        "Çöp iki gündür",
    ),
]


@pytest.mark.parametrize(("written", "content", "kind", "purpose", "text"), KINDS)
def test_each_kind_is_told_with_its_words_and_whether_it_asks(
    written: str, content: Any, kind: str, purpose: Purpose, text: str
) -> None:
    found = message(written, content)

    assert (found.kind, found.purpose, found.text) == (kind, purpose, text)
    MessageReceived.read(found.model_dump_json().encode())


def test_an_edited_photo_tells_its_new_caption_and_what_it_concerns() -> None:
    now = {"type": "image", "image": {"id": "77", "mime_type": "image/jpeg", "caption": "asıl çukur bu"}}
    found = message("edit", {"original_message_id": "wamid.first", "message": now})

    assert (found.concerns, found.text) == ("wamid.first", "asıl çukur bu")
    assert [file.provider_id for file in found.attachments] == ["77"]


def test_a_deleted_message_tells_which_and_has_no_words() -> None:
    found = message("revoke", {"original_message_id": "wamid.first"})

    assert (found.kind, found.concerns, found.text) == ("deleted", "wamid.first", "")


@pytest.mark.parametrize("emoji", ["❤️", "", None])
def test_a_reaction_and_its_taking_back_answer_the_message_they_stand_at(emoji: str | None) -> None:
    found = message("reaction", {"message_id": "wamid.ours"} | ({"emoji": emoji} if emoji is not None else {}))

    assert (found.concerns, found.in_reply_to) == ("wamid.ours", "wamid.ours")
    assert found.purpose is Purpose.THANKS


def test_a_reply_tells_what_it_answers_and_a_forwarded_message_answers_nothing() -> None:
    assert message("text", {"body": "x"}, context={"from": "1", "id": "wamid.ours"}).in_reply_to == "wamid.ours"
    assert message("text", {"body": "x"}, context={"forwarded": True}).in_reply_to is None


def test_what_an_advertisement_says_is_not_the_citizen_s_word() -> None:
    referral = {"source_type": "ad", "headline": "Kampanya", "body": "Hemen yazın"}

    assert message("text", {"body": "Su kesik"}, referral=referral).text == "Su kesik"


def test_a_location_with_half_a_point_is_no_point() -> None:
    assert message("location", {"latitude": 41.2}).place.latitude is None


# Who writes


def test_who_hides_the_phone_number_is_known_by_the_user_id_and_can_be_answered() -> None:
    written = a_written("text", {"body": "x"}, from_user_id=USER)
    del written["from"]
    contacts = [{"profile": {"name": "Ayşe Yılmaz"}, "user_id": USER}]
    [found] = read(a_change(messages=[written], contacts=contacts)).messages

    assert (found.sender.address, found.sender.name) == (f"wa:{USER}", "Ayşe Yılmaz")


def test_who_is_named_beside_the_message_alone_is_its_sender() -> None:
    written = a_written("text", {"body": "x"})
    del written["from"]
    [found] = read(a_change(messages=[written], contacts=[{"profile": {"name": "A"}, "user_id": USER}])).messages

    assert found.sender.address == f"wa:{USER}"


def test_who_shows_both_is_known_by_the_phone_number() -> None:
    contacts = [{"profile": {"name": "Ayşe"}, "wa_id": SENDER, "user_id": USER}]
    [found] = read(a_change(messages=[a_written("text", {"body": "x"}, from_user_id=USER)], contacts=contacts)).messages

    assert (found.sender.address, found.sender.name) == (f"+{SENDER}", "Ayşe")


def test_a_message_of_nobody_is_anonymous() -> None:
    written = a_written("text", {"body": "x"})
    del written["from"]

    assert read(a_change(messages=[written])).messages[0].sender.address is None


def test_a_new_number_is_the_person_s_further_address_and_the_old_one_is_dead() -> None:
    system = {"type": "user_changed_number", "wa_id": "905000000001", "body": "A changed from … to …"}
    reading = read(a_change(messages=[a_written("system", system)]))

    [found], [failed] = reading.messages, reading.failed_addresses
    assert [(point.channel, point.address) for point in found.sender.answers] == [(Channel.WHATSAPP, "+905000000001")]
    assert (failed.address, failed.is_permanent) == (f"+{SENDER}", True)
    assert (found.text, found.purpose) == ("", Purpose.AUTOMATIC)


def test_a_new_user_id_is_told_the_same_way() -> None:
    system = {"type": "user_changed_user_id", "user_id": "TR.999", "body": "…"}
    reading = read(a_change(messages=[a_written("system", system, **{"from": USER})]))

    assert reading.messages[0].sender.answers[0].address == "wa:TR.999"
    assert reading.failed_addresses[0].address == f"wa:{USER}"


# What is no message


@pytest.mark.parametrize(
    ("status", "known"),
    [
        ("sent", NoticeStatus.SENT),
        ("delivered", NoticeStatus.DELIVERED),
        ("read", NoticeStatus.READ),
        ("played", NoticeStatus.READ),
        ("deleted", NoticeStatus.DELIVERED),
        ("failed", NoticeStatus.FAILED),
    ],
)
def test_each_status_is_a_receipt_and_no_message(status: str, known: NoticeStatus) -> None:
    told = {"id": "wamid.ours", "status": status, "timestamp": STAMP, "errors": [{"code": 131026}]}
    reading = read(a_change(statuses=[told]))

    assert [receipt.status for receipt in reading.receipts] == [known]
    assert reading.receipts[0].error == "131026"
    assert reading.messages == ()


def test_the_status_of_a_call_is_no_receipt() -> None:
    told = {"id": "wacid.1", "type": "call", "status": "delivered", "timestamp": STAMP}

    assert read(a_change("calls", statuses=[told])) == Reading()


@pytest.mark.parametrize(
    ("call", "state"),
    [
        ({"event": "connect"}, CallState.RINGING),
        ({"event": "terminate", "status": "COMPLETED", "duration": 40}, CallState.ENDED),
        ({"event": "terminate", "status": "FAILED"}, CallState.MISSED),
    ],
)
def test_a_citizen_s_call_within_whatsapp_is_a_call(call: dict[str, Any], state: CallState) -> None:
    told = {"id": "wacid.1", "from": SENDER, "direction": "USER_INITIATED", "timestamp": STAMP} | call
    [found] = read(a_change("calls", calls=[told])).calls

    assert (found.state, found.address, found.call_id) == (state, f"+{SENDER}", "wacid.1")


@pytest.mark.parametrize("changed", [{"direction": "BUSINESS_INITIATED"}, {"event": "ring"}, {"id": None}])
def test_our_own_call_and_an_event_we_never_heard_of_are_none(changed: dict[str, Any]) -> None:
    told = {"id": "wacid.1", "from": SENDER, "direction": "USER_INITIATED", "event": "connect", "timestamp": STAMP}

    assert read(a_change("calls", calls=[told | changed])).calls == ()


@pytest.mark.parametrize("value", ["stop", "resume"])
def test_the_marketing_menu_is_told_but_asks_for_nothing(value: str) -> None:
    said = {"wa_id": SENDER, "category": "marketing_messages", "value": value, "timestamp": STAMP}
    [found] = read(a_change("user_preferences", user_preferences=[said, said | {"value": "signup"}])).messages

    assert (found.kind, found.purpose) == (f"marketing_{value}", Purpose.AUTOMATIC)
    assert found.sender.address == f"+{SENDER}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}),
        ("message_template_status_update", {"event": "APPROVED", "message_template_id": 1}),
        ("message_template_quality_update", {"new_quality_score": "GREEN"}),
        ("template_category_update", {"new_category": "UTILITY"}),
        ("smb_message_echoes", {"message_echoes": [a_written("text", {"body": "bizden"})]}),
        ("messages", {"errors": [{"code": 131000}]}),
    ],
)
def test_what_meta_or_our_own_phone_says_is_kept_and_nothing_more(field: str, value: dict[str, Any]) -> None:
    assert read(a_change(field, **value)) == Reading()


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
SHAPE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2)
)


@given(
    kind=st.sampled_from([kind for kind, *_ in KINDS]),
    content=SHAPE,
    field=st.sampled_from(["context", "from", "from_user_id", "timestamp", "referral", "errors", "identity"]),
    value=SHAPE,
)
def test_no_shape_of_any_kind_costs_its_neighbour(kind: str, content: Any, field: str, value: Any) -> None:
    odd = a_written(kind, content, **{field: value})
    reading = read(a_change(messages=[odd, a_written("text", {"body": "x"}, id="wamid.good")]))

    assert [found.provider_id for found in reading.messages] == ["wamid.A", "wamid.good"]


@given(inner=st.dictionaries(st.sampled_from(["type", "text", "image", "context", "location"]), SHAPE))
def test_no_shape_of_an_edited_message_costs_anything(inner: dict[str, Any]) -> None:
    found = message("edit", {"original_message_id": "wamid.first", "message": inner})

    assert (found.kind, found.concerns) == ("edited", "wamid.first")


@given(name=st.sampled_from(["calls", "user_preferences", "statuses", "contacts"]), value=SHAPE, items=st.lists(SHAPE))
def test_no_shape_of_another_part_costs_a_message(name: str, value: Any, items: list[Any]) -> None:
    for part in (value, items):
        written = a_written("text", {"body": "x"})
        assert len(read(a_change(**{"messages": [written], name: part})).messages) >= 1
