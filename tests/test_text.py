"""Turkish text: folding, cleaning and order."""

import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.text import clean, fold, sort_key, words

ANY_TEXT = st.text(st.characters(), max_size=200)
TURKISH = st.text("abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ .,'-0123456789", max_size=120)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("İLKADIM", "ilkadim"),
        ("ilkadım", "ilkadim"),
        ("Çığ ÖRDÜ Şu", "cig ordu su"),
        ("  çöp \t\n toplanmadı ", "cop toplanmadi"),
        ("ﬁdan ①", "fidan 1"),
        ("kâğıt", "kagit"),
        ("a\0b\ud800c", "a b c"),
        ("", ""),
    ],
)
def test_folding_makes_one_form_of_all_spellings(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(ANY_TEXT)
@example("İ̇ı")
def test_folding_is_total_idempotent_and_blind_to_normal_form(text: str) -> None:
    once = fold(text)

    assert fold(once) == once
    once.encode()
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == once


@given(TURKISH)
def test_folding_is_blind_to_casing(text: str) -> None:
    turkish_upper = text.replace("i", "İ").replace("ı", "I").upper()
    turkish_lower = text.replace("I", "ı").replace("İ", "i").lower()

    assert fold(turkish_upper) == fold(turkish_lower) == fold(text) == fold(text.upper())


def test_words_leave_punctuation_and_suffix_marks_behind() -> None:
    assert words(fold("Gazi Caddesi’nde, 2.sokak!")) == ["gazi", "caddesi", "nde", "2", "sokak"]


@given(ANY_TEXT)
@example("\ud83d\ude00")
@example("\r\r\n\0\u202e")
def test_cleaned_text_is_safe_for_json_and_postgresql_and_stays_so(text: str) -> None:
    cleaned = clean(text)

    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\0" not in cleaned
    assert json.loads(json.dumps(cleaned).encode()) == cleaned
    cleaned.encode()


def test_cleaning_keeps_what_people_write() -> None:
    assert clean("Çöp\r\nvar 👨‍👩‍👧 \t مرحبا") == "Çöp\nvar 👨‍👩‍👧 \t مرحبا"
    assert clean("a\u202eb\ufeffc\x07") == "abc"
    assert clean("\ud83d\ude00 \ud83d") == "😀 \ufffd"


def test_a_turkish_reader_finds_names_in_their_order() -> None:
    names = [
        "Zafer",
        "Şirin",
        "Sarı",
        "İlyasköy",
        "Isparta",
        "Öz",
        "Ova",
        "Çay",
        "Cedit",
        "Ğ",
        "Gazi",
        "Ün",
        "Uz",
    ]

    assert sorted(names, key=sort_key) == [
        "Cedit", "Çay", "Gazi", "Ğ", "Isparta", "İlyasköy", "Ova", "Öz", "Sarı", "Şirin", "Uz", "Ün", "Zafer"
    ]  # fmt: skip
