"""Telegram: every kind of update, groups left alone, and a block that is told."""

from typing import Any

import pytest

from services.intake.channels import Reading, telegram
from services.intake.channels.base import FailedAddress
from services.intake.channels.telegram import account_of
from shared.contracts import Channel, MessageReceived, Purpose
from tests.builders import AT, a_webhook
from tests.intake.kits.telegram import a_message, an_update

LATER = int(AT.timestamp()) + 60


def read(**update: Any) -> Reading:
    body = an_update(**update)
    return telegram.read(a_webhook(body, channel=Channel.SOCIAL, provider="telegram", account="telegram-7700000001"))


def the_message(**content: Any) -> MessageReceived:
    [message] = read(message=a_message("a", **content)).messages
    return message


def test_a_message_is_read_whole() -> None:
    message = the_message(text="Çöp alınmadı", reply_to_message={"message_id": 7, "chat": {"id": 500000001}})

    assert message.sender.name == "Ayşe Yılmaz"
    assert message.occurred_at == AT
    assert message.provider_id == "500000001:97"
    assert message.in_reply_to == "500000001:7"
    assert message.purpose is Purpose.REQUEST


@pytest.mark.parametrize(
    ("kind", "content", "media_type"),
    [
        ("video", {"file_id": "v1", "mime_type": "video/mp4"}, "video/mp4"),
        ("voice", {"file_id": "v1"}, "audio/ogg"),
        ("audio", {"file_id": "v1", "mime_type": "audio/mp4"}, "audio/mp4"),
        ("document", {"file_id": "v1", "file_name": "dilekçe.pdf", "mime_type": "application/pdf"}, "application/pdf"),
        ("video_note", {"file_id": "v1"}, "video/mp4"),
    ],
)
def test_each_kind_of_file_is_an_attachment(kind: str, content: Any, media_type: str) -> None:
    message = the_message(**{kind: content}, caption="bakın")

    assert (message.kind, message.text) == (kind, "bakın")
    assert [(file.provider_id, file.media_type) for file in message.attachments] == [("v1", media_type)]


def test_the_largest_size_of_a_photo_is_taken() -> None:
    [message] = read(message=a_message(photo=[{"file_id": "s"}, {"file_id": "m"}, {"file_id": "x"}])).messages

    assert [file.provider_id for file in message.attachments] == ["x"]


def test_an_animation_that_stands_in_two_fields_is_one_file() -> None:
    file = {"file_id": "gif"}

    assert len(the_message(animation=file, document=file).attachments) == 1


def test_an_album_is_as_many_messages_as_pictures() -> None:
    updates = [read(message=a_message(id_, media_group_id="1", photo=[{"file_id": id_}])) for id_ in "abc"]

    assert len({update.messages[0].provider_id for update in updates}) == 3
    assert len({update.messages[0].occurred_at for update in updates}) == 1


def test_a_place_is_a_place() -> None:
    location = {"latitude": 41.2867, "longitude": 36.33}
    message = the_message(location=location)
    venue = the_message(venue={"location": location, "title": "Çiftlik Parkı", "address": "Çiftlik Mahallesi"})

    assert (message.place.latitude, message.place.longitude) == (41.2867, 36.33)
    assert venue.place == message.place
    assert venue.text == "Çiftlik Parkı\nÇiftlik Mahallesi"


def test_a_contact_card_is_its_words() -> None:
    message = the_message(contact={"first_name": "Muhtar", "phone_number": "05000000000"})

    assert message.text == "Muhtar\n05000000000"


@pytest.mark.parametrize("kind", ["sticker", "poll", "dice", "game"])
def test_what_asks_for_nothing_is_no_request(kind: str) -> None:
    assert the_message(**{kind: {"file_id": "x"}}).purpose is Purpose.THANKS


def test_the_button_that_opens_a_chat_writes_no_request() -> None:
    assert the_message(text="/start").purpose is Purpose.AUTOMATIC


def test_an_edit_names_what_it_edits() -> None:
    [message] = read(edited_message=a_message("a", text="Çöp hâlâ duruyor", edit_date=LATER)).messages

    assert (message.kind, message.concerns) == ("edited", "500000001:97")
    assert message.provider_id != "500000001:97"
    assert int(message.occurred_at.timestamp()) == LATER


def test_a_pressed_button_is_an_answer_to_our_message() -> None:
    below = a_message("b", text="Çözüldü mü?")
    [message] = read(
        callback_query={"id": "42", "from": {"first_name": "Ayşe"}, "message": below, "data": "Evet"}
    ).messages

    assert (message.text, message.in_reply_to, message.sender.address) == ("Evet", "500000001:98", "500000001")


def test_a_reaction_names_its_message_and_asks_for_nothing() -> None:
    signs = [{"type": "emoji", "emoji": "👍"}]
    [message] = read(message_reaction=a_message("a", user={"first_name": "Ayşe"}, new_reaction=signs)).messages

    assert (message.kind, message.concerns, message.purpose) == ("reaction", "500000001:97", Purpose.THANKS)


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
@pytest.mark.parametrize("update", ["message", "edited_message", "message_reaction", "my_chat_member"])
def test_groups_are_left_alone(kind: str, update: str) -> None:
    message = a_message(text="Selam", chat={"id": -100500, "type": kind}, new_chat_member={"status": "kicked"})

    assert read(**{update: message}) == Reading()


def test_a_block_is_told_and_its_end_is_not() -> None:
    gone = read(my_chat_member=a_message(new_chat_member={"status": "kicked"}))
    back = read(my_chat_member=a_message(new_chat_member={"status": "member"}))

    assert gone.failed_addresses == (FailedAddress("500000001", "blocked", is_permanent=True),)
    assert back == Reading()


@pytest.mark.parametrize("update", ["inline_query", "poll", "channel_post", "chat_join_request", "shipping_query"])
def test_an_update_of_another_kind_holds_nothing(update: str) -> None:
    assert read(**{update: {"id": "1"}}) == Reading()


@pytest.mark.parametrize(("token", "account"), [("77:x", "telegram-77"), ("x", "telegram"), ("", "telegram")])
def test_a_bot_is_an_account_of_its_own(token: str, account: str) -> None:
    assert account_of(token) == account
