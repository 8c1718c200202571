"""Typing errors are put right only in words that are none, only when one word stands out, and never in names."""

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.municipality import load
from shared.spelling import Correction, Speller, expanded
from shared.spelling.turkish import is_turkish
from shared.text import fold, words
from shared.topic_words import TopicWords

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
VOCABULARY = (
    "sokak",
    "lambasi",
    "kaldirim",
    "kanalizasyon",
    "cop",
    "konteyner",
    "yanmiyor",
    "alinmadi",
    "yol",
    "bozuk",
)


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(VOCABULARY, kept=("kaldirimoglu", "sokan"))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("kaldirm", "kaldirim"),
        ("kladirim", "kaldirim"),
        ("kaldurimda", "kaldirimda"),
        ("kaldirrimlar", "kaldirimlar"),
        ("kanalzsayon", "kanalizasyon"),
        ("yanmiyot", "yanmiyor"),
        ("sokqk", "sokak"),
        ("soookak", "sokak"),
        ("engellli", "engelli"),
        ("coooook", "cok"),
        ("s0kak", "sokak"),
        ("sokaklambasi", "sokak lambasi"),
        ("copalinmadi", "cop alinmadi"),
        ("yolbozuk", "yol bozuk"),
    ],
)
def test_an_unknown_word_is_read_as_the_one_that_stands_out(speller: Speller, typed: str, read: str) -> None:
    assert speller.correct([typed]) == (read.split(), (Correction(typed, read),))


@pytest.mark.parametrize(
    "word",
    [
        "sokaklar",  # known with its ending
        "sokan",  # kept
        "kaldirimoglu",
        "soka",  # too short to tell
        "yagmurluk",  # another word of Turkish
        "kapali",
        "gelemiyorlarmis",
        "0532",
        "12b",
        "wxyzq",
        "фонарь",
        "",
    ],
)
def test_other_words_stay(speller: Speller, word: str) -> None:
    assert speller.correct([word]) == ([word], ())


def test_of_two_words_equally_near_none_is_taken() -> None:
    assert Speller(("banlik", "bankik")).correct(["bannik"]) == (["bannik"], ())


@pytest.mark.parametrize("word", ["evlerimizdekiler", "yapilamayacakmis", "agaclarin", "uyuyamiyoruz", "suyu"])
def test_turkish_words_are_known_with_their_endings(word: str) -> None:
    assert is_turkish(word)


@pytest.mark.parametrize("word", ["kaldirm", "yanmiyot", "lamabsi", "coplwr", "the", "garbage"])
def test_errors_and_foreign_words_are_not(word: str) -> None:
    assert not is_turkish(word)


def test_abbreviations_are_spelt_out() -> None:
    assert expanded(words(fold("B.şehir bld. Kale mah. 2. sok. bsb tşk"))) == [
        *("b", "sehir", "belediye", "kale", "mahalle", "2", "sokak", "buyuksehir", "belediye", "tesekkur"),
    ]


def test_a_municipality_speller_finds_topics_in_spite_of_errors_and_keeps_its_streets() -> None:
    place = load(ILKADIM)
    speller, topics = Speller.of(place), TopicWords(place.topics)
    typed = words(fold("sokak lambsı yanmıyro"))

    read, _ = speller.correct(typed)

    assert read == ["sokak", "lambasi", "yanmiyor"]
    assert topics.find(read)[0].strength > max((found.strength for found in topics.find(typed)), default=0)
    names = [word for street in place.streets for word in words(fold(street.name))]
    assert speller.correct(names[:300])[1] == ()


def test_a_hostile_text_costs_little(speller: Speller) -> None:
    text = [f"abcdefghijklmnopqrst{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(600)]
    began = process_time()

    speller.correct(text)

    assert process_time() - began < 0.5


@given(st.lists(st.text(max_size=30), max_size=20))
def test_reading_is_total(said: list[str]) -> None:
    read, corrections = Speller(VOCABULARY).correct(said)

    assert len(read) >= len(said)
    assert all(correction.typed in said for correction in corrections)
