"""What a citizen typed: read, judged, and made one contact however often it is sent."""

from urllib.parse import urlencode
from uuid import uuid4

import pytest

from services.intake.pages import SHORT_MAX, Entry, faults, read_entry
from shared.contracts.channel import TEXT_MAX
from shared.problems import Problem


def an_entry(**more: str) -> Entry:
    given = {"submission_id": "7c0e0dc3-46f8-4d85-9a55-64d2f2a9b6d5", "text": "Sokak lambası yanmıyor", **more}
    return read_entry(urlencode(given).encode())


def test_a_double_press_is_one_submission_and_another_text_is_another() -> None:
    assert an_entry().submission_id == an_entry().submission_id
    assert an_entry().submission_id != an_entry(text="Sokak lambası kırık").submission_id
    assert an_entry().submission_id != an_entry(submission_id=str(uuid4())).submission_id


def test_what_is_wrong_is_told_by_its_field() -> None:
    assert faults(an_entry()) == {}
    assert faults(an_entry(text="  ")) == {"text": "form.text_missing"}
    assert faults(an_entry(text="a" * (TEXT_MAX + 1))) == {"text": "form.text_too_long"}
    assert faults(an_entry(street="a" * (SHORT_MAX + 1))) == {"street": "form.too_long"}


def test_a_text_of_the_greatest_length_in_lines_is_taken() -> None:
    assert faults(an_entry(text="\r\n".join(["a"] * (TEXT_MAX // 2)))) == {}


@pytest.mark.parametrize("wrong", ["", "nan", "inf", "91", "x"])
def test_a_place_the_browser_cannot_have_meant_counts_as_not_told(wrong: str) -> None:
    assert an_entry(latitude=wrong, longitude="36.3").message("tr").place.longitude is None


def test_a_place_goes_with_the_message() -> None:
    place = an_entry(latitude="41.28", longitude="36.33", neighbourhood="Kadıköy", street="").message("tr").place

    assert (place.latitude, place.longitude, place.neighbourhood, place.street) == (41.28, 36.33, "Kadıköy", None)


def test_unsafe_letters_are_made_safe() -> None:
    assert read_entry(b"text=a%00b%ed%a0%80c%FFd").text.isprintable()


def test_a_body_of_too_many_fields_is_no_form() -> None:
    with pytest.raises(Problem):
        read_entry("&".join(f"a{number}=1" for number in range(100)).encode())
