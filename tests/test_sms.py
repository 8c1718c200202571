"""SMS parts are counted as 3GPP TS 23.038 counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sms import Letters, plain, size

WITHOUT_SHIFT = frozenset({Letters.GSM7, Letters.UCS2})


@pytest.mark.parametrize(
    ("text", "letters", "units", "parts"),
    [
        ("", Letters.GSM7, 0, 1),
        ("a" * 160, Letters.GSM7, 160, 1),
        ("a" * 161, Letters.GSM7, 161, 2),
        ("a" * 306, Letters.GSM7, 306, 2),
        ("a" * 307, Letters.GSM7, 307, 3),
        ("öüÖÜÇ", Letters.GSM7, 5, 1),
        ("€" * 80, Letters.GSM7, 160, 1),
        ("[" * 81, Letters.GSM7, 162, 2),
        ("ş" + "a" * 153, Letters.TURKISH, 155, 1),
        ("ş" + "a" * 154, Letters.TURKISH, 156, 2),
        ("ığşİĞŞç", Letters.TURKISH, 14, 1),
        ("ж" * 70, Letters.UCS2, 70, 1),
        ("ж" * 71, Letters.UCS2, 71, 2),
        ("ж" * 134, Letters.UCS2, 134, 2),
        ("ж" * 135, Letters.UCS2, 135, 3),
        ("👍" * 35, Letters.UCS2, 70, 1),
        ("👍" * 36, Letters.UCS2, 72, 2),
    ],
)
def test_a_text_takes_the_parts_the_standard_says(text: str, letters: Letters, units: int, parts: int) -> None:
    found = size(text)

    assert (found.letters, found.units, found.parts) == (letters, units, parts)


def test_a_letter_of_two_units_is_never_cut_in_two() -> None:
    assert size("a" * 152 + "€" + "a" * 152).parts == 3
    assert size("a" * 153 + "€" + "a" * 151).parts == 2
    assert size("a" * 66 + "👍" + "a" * 66, frozenset()).parts == 3


def test_turkish_letters_make_ucs2_where_the_provider_knows_no_shift_table() -> None:
    assert size("ş" * 71, WITHOUT_SHIFT).letters is Letters.UCS2
    assert size("ş" * 71).parts == 1
    assert size("ş" * 71, WITHOUT_SHIFT).parts == 2


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Şişli'de çöp", "Sisli'de cöp"),
        ("İĞNE ılık ÜÇ", "IGNE ilik ÜÇ"),
        ("“gör” – bak…", '"gör" - bak...'),
        ("50 ₺ â î", "50 TL a i"),
        ("é ê ẽ", "é e e"),
        ("iyi 👍", "iyi ?"),
    ],
)
def test_plain_letters_are_what_a_reader_would_write(text: str, folded: str) -> None:
    assert plain(text) == folded


@given(st.text(max_size=400))
def test_plain_text_is_gsm7_and_stays_as_it_is(text: str) -> None:
    folded = plain(text)

    assert plain(folded) == folded
    assert size(folded).letters is Letters.GSM7
    assert size(folded).parts >= 1
