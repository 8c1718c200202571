"""The language a citizen is answered in: Turkish, unless the words are surely of another."""

import pytest

from services.intake.domain.languages import answer_language
from services.intake.handlers.reading import normalised
from shared.contracts import Channel, Sender
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
