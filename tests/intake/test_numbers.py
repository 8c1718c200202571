"""Tracking numbers: spoken easily, found in any text, unique, not guessed onward, and wrong ones are noticed."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import Numbers, find_numbers

NUMBERS = Numbers(bytes(range(32)))


def digits(number: str) -> str:
    return number.replace("-", "")


def spelled(nine: str) -> str:
    return f"{nine[:3]}-{nine[3:6]}-{nine[6:]}"


def test_a_number_is_nine_digits_in_groups_of_three() -> None:
    for count in range(500):
        number = NUMBERS.at(count)
        assert len(number) == 11
        assert number[0] != "0"
        assert [len(group) for group in number.split("-")] == [3, 3, 3]


def test_a_hundred_thousand_numbers_are_unique_and_none_follows_the_one_before() -> None:
    numbers = [int(digits(NUMBERS.at(count))[:8]) for count in range(100_000)]

    assert len(set(numbers)) == 100_000
    steps = [abs(second - first) for first, second in pairwise(numbers)]
    assert sum(step < 1000 for step in steps) < 10, "a random walk takes about two such steps in 100,000"
    assert len(set(steps)) > 99_000


def test_another_installation_gives_other_numbers() -> None:
    other = Numbers(bytes(reversed(range(32))))

    assert sum(NUMBERS.at(count) == other.at(count) for count in range(1000)) == 0


@given(st.integers(0, 89_999_999))
def test_a_single_wrong_digit_is_always_noticed(count: int) -> None:
    number = digits(NUMBERS.at(count))
    for position in range(9):
        for digit in set("0123456789") - {number[position]}:
            wrong = number[:position] + digit + number[position + 1 :]
            assert find_numbers(spelled(wrong)) == []


@given(st.integers(0, 89_999_999))
def test_a_swap_of_neighbours_is_always_noticed(count: int) -> None:
    number = digits(NUMBERS.at(count))
    for position in range(8):
        swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
        assert swapped == number or find_numbers(spelled(swapped)) == []


@pytest.mark.parametrize("count", [-1, 90_000_000])
def test_there_is_no_number_outside_the_range(count: int) -> None:
    with pytest.raises(ValueError, match="tracking numbers end"):
        NUMBERS.at(count)


@pytest.mark.parametrize(
    "text",
    [
        "{0}-{1}-{2}",
        "{0} {1} {2}",
        "{0}{1}{2}",
        "{0}.{1}.{2}",
        "Takip numaram {0}-{1}-{2}.",
        "takipno:{0}{1}{2}!",
        "({0} {1} {2})",
        "{0}-{1}-{2} numaralı başvurum, yine {0}{1}{2}",
    ],
)
def test_a_quoted_number_is_found_once_however_it_is_written(text: str) -> None:
    number = NUMBERS.at(4711)

    assert find_numbers(text.format(*number.split("-"))) == [number]


def test_digits_of_other_scripts_are_read_as_ours() -> None:
    number = NUMBERS.at(7)
    arabic = "".join(chr(0x660 + int(letter)) if letter.isdigit() else letter for letter in number)

    assert find_numbers(arabic) in ([], [number])


@pytest.mark.parametrize("text", ["0532 111 22 33", "+905321112233", "1234567890", "000-000-000", "", "12 34"])
def test_a_phone_number_or_a_longer_one_is_no_tracking_number(text: str) -> None:
    assert find_numbers(text) == []


@settings(max_examples=300)
@given(st.text(st.characters() | st.sampled_from("0123456789٠١٢٣٩०१९-. ")))
def test_no_text_whatever_breaks_the_search(text: str) -> None:
    find_numbers(text)
