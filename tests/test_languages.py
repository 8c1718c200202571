"""Languages are told apart, and doubt means Turkish; whoever writes another is answered in English."""

import pytest

from services.intake.handlers.reading import normalised
from shared.contracts import Channel, Sender
from shared.languages import answer_language, detect
from tests.builders import PHONE, a_message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "Hello",
        "çöp",
        "COPLER ALINMADI LUTFEN BAKIN",
        "sokak lambasi yanmiyor",
        "Atatürk Bulvarı 15 numaranın önü",
        "112 233 44 55 66 77",
        "slm bizim mahallede wifi yok mu park icinde",
        "Bahcelievler mah gecen hafta bildirdim donus olmadi",
        "No parking yazan yere park ediyorlar",
        "Mc Donalds yani otopark sorunu",
        "Bizim məhəllədə su yoxdur",
    ],
)
def test_turkish_short_and_unsure_texts_are_answered_in_turkish(text: str) -> None:
    assert answer_language(text) == "tr"


@pytest.mark.parametrize(
    "text",
    [
        "Hello, there is a broken street light near my house",
        "The garbage was not collected again this week, please help",
        "Guten Tag, die Straße ist kaputt und niemand kümmert sich",
        "مرحبا، هناك حفرة كبيرة في الشارع أمام المدرسة",
        "Здравствуйте, на нашей улице не работает фонарь",
    ],
)
def test_other_languages_are_answered_in_english(text: str) -> None:
    assert answer_language(text) == "en"


def test_what_a_citizen_chose_stays_and_numbers_become_one() -> None:
    chosen = a_message(channel=Channel.WEB, language="en", sender=Sender(address="0532 111 22 33"))
    told = a_message(channel=Channel.SMS, text="The street light is broken", sender=Sender(address="05321112233"))

    assert normalised(chosen) is chosen
    assert (normalised(told).language, normalised(told).sender.address) == ("en", PHONE)
    assert normalised(a_message(channel=Channel.SMS, sender=Sender(address="BANKAM"))).sender.address == "BANKAM"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Sokağımızdaki lamba üç gündür yanmıyor", "tr"),
        ("doner tas sokakta rogar kapagi acik", "tr"),
        ("internet basvurusu nasil yapiliyor", "tr"),
        ("su yok", "und"),
        ("", "und"),
        ("Can you tell me when the park will be open again?", "en"),
        ("Der Müll wurde seit drei Tagen nicht abgeholt", "de"),
        ("Il y a un grand trou devant ma maison, merci de réparer", "fr"),
        ("нет света", "ru"),
        ("Сміття не вивозять вже тиждень, допоможіть будь ласка", "uk"),
        ("القمامة لم تجمع منذ أسبوع", "ar"),
        ("سلام، چراغ خیابان ما خراب است", "fa"),
        ("Zibil bir həftədir yığılmır", "az"),
        ("წყალი არ არის", "ka"),
        ("Kale Mahallesi улица", "tr"),
    ],
)
def test_languages_written_in_town_are_told_apart(text: str, language: str) -> None:
    assert detect(text).language == language


def test_letters_that_are_no_words_of_any_language_are_nobodys() -> None:
    assert not detect("xqzw " * 4_000).is_foreign
    assert not detect("\0\u202e" * 10_000).is_foreign
