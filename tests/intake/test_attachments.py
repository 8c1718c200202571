"""Files of messages: their ids, and the place a photo gives to a message that tells none."""

from datetime import timedelta

import pytest

from services.intake.domain import PhotoPlace, file_id, is_kept, with_file_ids, with_photo_place, without_addresses
from shared.contracts import Attachment, MessageReceived, Place
from tests.builders import AT, a_message, an_id

HERE = PhotoPlace(41.2867, 36.33, AT - timedelta(hours=2))


def a_photo_message(place: Place | None = None) -> MessageReceived:
    files = (Attachment(provider_id="1"), Attachment(provider_id="2"))
    return with_file_ids(a_message(attachments=files, place=place or Place()))


def placed(message: MessageReceived, *photos: PhotoPlace, is_ours: bool = True) -> Place:
    ids = [attachment.id for attachment in message.attachments]
    known = {id_: photo for id_, photo in zip(ids, photos, strict=False) if id_}
    return with_photo_place(message, known, lambda *_: is_ours).place


def test_the_same_message_gives_its_files_the_same_ids_and_each_its_own() -> None:
    message = a_message(attachments=(Attachment(provider_id="1"), Attachment(provider_id="1")))
    first, second = (with_file_ids(message).attachments for _ in range(2))

    assert [file.id for file in first] == [file.id for file in second]
    assert first[0].id != first[1].id


def test_a_file_that_has_an_id_keeps_it_and_counts_as_kept() -> None:
    id_ = an_id()
    message = with_file_ids(a_message(attachments=(Attachment(id=id_, provider_id="1"), Attachment(provider_id="2"))))

    assert message.attachments[0].id == id_
    assert [is_kept(message, position) for position in (0, 1)] == [True, False]
    assert message.attachments[1].id == file_id(message, 1, message.attachments[1])


def test_a_provider_s_address_of_a_file_is_told_to_nobody() -> None:
    message = a_message(attachments=(Attachment(provider_id="1", url="https://cdn.example.org/1?key=secret"),))

    assert "secret" not in without_addresses(message).model_dump_json()


def test_a_message_without_place_gets_that_of_its_first_photo_that_has_one() -> None:
    message = a_photo_message()
    second = message.attachments[1].id
    assert second

    assert placed(message, HERE).latitude == HERE.latitude
    assert with_photo_place(message, {second: HERE}, lambda *_: True).place.longitude == HERE.longitude


@pytest.mark.parametrize(
    "told", [Place(latitude=41.0, longitude=36.0), Place(neighbourhood="Kadıköy"), Place(street="x")]
)
def test_what_the_citizen_told_of_the_place_goes_before_the_photo(told: Place) -> None:
    assert placed(a_photo_message(told), HERE) == told


def test_a_photo_from_elsewhere_or_of_long_ago_gives_no_place() -> None:
    old = PhotoPlace(HERE.latitude, HERE.longitude, AT - timedelta(days=31))

    assert placed(a_photo_message(), HERE, is_ours=False) == Place()
    assert placed(a_photo_message(), old) == Place()
    assert placed(a_photo_message(), old, HERE).latitude == HERE.latitude


def test_a_photo_that_does_not_say_when_is_taken_at_its_word() -> None:
    assert placed(a_photo_message(), PhotoPlace(HERE.latitude, HERE.longitude, None)).latitude == HERE.latitude
