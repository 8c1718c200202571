"""Phone numbers in every way of writing become one; what is no number stays what it is."""

import pytest

from shared.phone import bare, e164, takes_sms

OURS = "+905000000000"


@pytest.mark.parametrize(
    "written",
    [
        "+905000000000",
        "00905000000000",
        "905000000000",
        "05000000000",
        "5000000000",
        "0500 000 00 00",
        "+90 (500) 000 00 00",
        "0(500)000-00-00",
        " 0500.000.0000 ",
    ],
)
def test_every_way_of_writing_a_number_is_the_same_number(written: str) -> None:
    assert e164(written) == OURS


@pytest.mark.parametrize(("written", "number"), [("03620000000", "+903620000000"), ("0049 30 000000", "+4930000000")])
def test_fixed_lines_and_other_countries_are_numbers_too(written: str, number: str) -> None:
    assert e164(written) == number


@pytest.mark.parametrize("written", ["BANKAM", "112", "3030", "ILKIM 55", "", "ayse@example.org", "1" * 20])
def test_what_is_no_number_stays_as_it_is(written: str) -> None:
    assert e164(written) is None
    assert bare(written) == written


@pytest.mark.parametrize(
    ("number", "takes"),
    [("+905321112233", True), (OURS, True), ("+4915112345678", True), ("+903624310000", False), ("BANKAM", False)],
)
def test_a_fixed_line_takes_no_sms(number: str, takes: bool) -> None:
    assert takes_sms(number) is takes
