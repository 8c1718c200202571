"""What a citizen typed: read, judged, and made one contact however often it is sent."""

from uuid import UUID, uuid4

import pytest

from services.intake.pages.entry import SHORT_MAX, Entry, faults, phone_number, read_entry
from services.intake.pages.photos import PHOTOS_MAX
from services.intake.pages.seals import KeptPhoto, Seals
from shared.contracts import Channel
from shared.contracts.channel import TEXT_MAX
from shared.ids import new_id
from shared.keeping import StoredFile
from shared.pages.posted import Posted

PAGE = UUID("7c0e0dc3-46f8-4d85-9a55-64d2f2a9b6d5")
SEALS = Seals(bytes(range(32)))


def an_entry(*photos: str, **more: str) -> Entry:
    given = {"submission_id": str(PAGE), "text": "Sokak lambası yanmıyor", **more}
    return read_entry(Posted({name: (value,) for name, value in given.items()} | {"photo": photos}), SEALS)


def a_photo(page_id: UUID = PAGE, latitude: float | None = None, longitude: float | None = None) -> KeptPhoto:
    file = StoredFile(new_id(), "image/jpeg", "lamba.jpg", 1000, latitude=latitude, longitude=longitude)
    return KeptPhoto.of(page_id, file)


def test_a_double_press_is_one_submission_and_another_text_is_another() -> None:
    assert an_entry().submission_id == an_entry().submission_id
    assert an_entry().submission_id != an_entry(text="Sokak lambası kırık").submission_id
    assert an_entry().submission_id != an_entry(submission_id=str(uuid4())).submission_id
    assert an_entry().submission_id != an_entry(SEALS.photo(a_photo())).submission_id
    assert an_entry().submission_id != an_entry(about=SEALS.case(PAGE, new_id())).submission_id


def test_what_is_wrong_is_told_by_its_field() -> None:
    assert faults(an_entry()) == {}
    assert faults(an_entry(text="  ")) == {"text": "form.text_missing"}
    assert faults(an_entry(text="a" * (TEXT_MAX + 1))) == {"text": "form.text_too_long"}
    assert faults(an_entry(street="a" * (SHORT_MAX + 1))) == {"street": "form.too_long"}
    assert faults(an_entry(neighbourhood="Yokköy"), ["Kale"]) == {"neighbourhood": "form.neighbourhood_unknown"}
    assert faults(an_entry(phone="0500 12")) == {"phone": "form.phone_wrong"}


@pytest.mark.parametrize("wrong", ["ayse", "ayse@", "ayse@example", "a b@example.org", "a@example.org\nx@example.org"])
def test_what_cannot_be_a_mail_address_is_told(wrong: str) -> None:
    assert faults(an_entry(email=wrong)) == {"email": "form.email_wrong"}


@pytest.mark.parametrize("right", ["ayse.yilmaz+ilkim@example.org", "ayşe@örnek.example.com"])
def test_a_mail_address_is_taken(right: str) -> None:
    assert faults(an_entry(email=right)) == {}


@pytest.mark.parametrize("written", ["0500 000 00 00", "+90 (500) 000-00-00", "5000000000", "0090 500 000 0000"])
def test_a_mobile_number_is_known_however_it_is_written(written: str) -> None:
    assert phone_number(written) == "+905000000000"


@pytest.mark.parametrize("written", ["", "112", "0362 000 00 00", "bilmiyorum", "+1"])
def test_what_takes_no_sms_is_no_mobile_number(written: str) -> None:
    assert phone_number(written) is None


def test_the_ways_to_answer_go_with_the_message_the_mail_first() -> None:
    answers = an_entry(email="ayse@example.org", phone="0500 000 00 00").beside().answers

    assert [(answer.channel, answer.address) for answer in answers] == [
        (Channel.EMAIL, "ayse@example.org"),
        (Channel.SMS, "+905000000000"),
    ]
    assert an_entry().beside().answers == ()


@pytest.mark.parametrize("wrong", ["", "nan", "inf", "91", "x"])
def test_a_place_the_browser_cannot_have_meant_counts_as_not_told(wrong: str) -> None:
    assert an_entry(latitude=wrong, longitude="36.3").message("tr").place.longitude is None


def test_a_place_goes_with_the_message() -> None:
    place = an_entry(latitude="41.28", longitude="36.33", neighbourhood="Kadıköy", street="").message("tr").place

    assert (place.latitude, place.longitude, place.neighbourhood, place.street) == (41.28, 36.33, "Kadıköy", None)


def test_a_corrected_neighbourhood_outweighs_the_point_that_led_to_another() -> None:
    given = {"latitude": "41.28", "longitude": "36.33", "found": "Kale"}

    assert an_entry(**given, neighbourhood="Kale").settled().point == (41.28, 36.33)
    assert an_entry(**given, neighbourhood="Kadıköy").settled().point is None


def test_a_photos_place_is_the_place_only_when_it_was_chosen() -> None:
    token = SEALS.photo(a_photo(latitude=41.29, longitude=36.34))

    assert an_entry(token).settled().point is None
    assert an_entry(token, photo_place="yes").settled().point == (41.29, 36.34)


def test_photos_are_taken_from_their_own_page_only() -> None:
    ours, foreign = SEALS.photo(a_photo()), SEALS.photo(a_photo(uuid4()))

    assert [photo.name for photo in an_entry(ours, foreign, "x", f"{ours}x").photos] == ["lamba.jpg"]
    assert len(an_entry(*(SEALS.photo(a_photo()) for _ in range(PHOTOS_MAX + 2))).photos) == PHOTOS_MAX
    assert an_entry(ours, drop=ours).photos == ()


def test_only_a_case_that_this_page_showed_can_be_joined() -> None:
    case = new_id()

    assert an_entry(about=SEALS.case(PAGE, case)).about == case
    assert an_entry(about=SEALS.case(uuid4(), case)).about is None
    assert an_entry(about=str(case)).about is None
    assert an_entry(about=SEALS.photo(a_photo())).about is None
