"""Phrases, topics and emergencies found in the words of a text."""

from pathlib import Path

import pytest

from shared.municipality import load
from shared.phrases import PhraseBook
from shared.text import fold, words
from shared.topic_words import STRENGTH_MAX, TopicWords

MUNICIPALITY = load(Path(__file__).parent.parent / "municipality/ilkadim")
ALARMS = MUNICIPALITY.alarms
TOPICS = TopicWords(MUNICIPALITY.topics)


def found(text: str, *phrases: str) -> list[str]:
    book = PhraseBook((phrase, None) for phrase in phrases)
    return [hit.phrase for hit in book.find(words(fold(text)))]


def test_a_word_stands_for_its_endings_and_its_softened_form() -> None:
    assert found("Köpeğin sesi, köpekler", "kopek") == ["kopek", "kopek"]
    assert found("ağaçlar", "agac") == ["agac"]
    assert found("kapak", "kapi") == []


def test_a_short_or_marked_word_stands_only_for_itself() -> None:
    assert found("sunu ve suç", "su") == []
    assert found("su yok", "su") == ["su"]
    assert found("yanıyordu", "yaniyor=") == []


def test_a_phrase_keeps_its_order_and_bears_two_words_between() -> None:
    assert found("çöpler hâlâ hiç alınmadı", "copler alinm") == ["copler alinm"]
    assert found("çöpler bugün de yine hiç alınmadı", "copler alinm") == []
    assert found("alınmadı çöpler", "copler alinm") == []


@pytest.mark.parametrize("phrase", ["", "=", "co-p", "*"])
def test_what_is_no_folded_word_is_refused(phrase: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        PhraseBook([(phrase, None)])


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        ("Binada yangın çıktı", "fire", "112"),
        ("YANGIN VAR!", "fire", "112"),
        ("Apartmanda gaz kokusu var", "gas", "187"),
        ("Doğalgaz kaçağı var galiba", "gas", "187"),
        ("elektrik teli koptu, yerde", "live-wire", "186"),
        ("Rögar kapağı yok, açık duruyor", "open-manhole", "185"),
        ("Çocuğum kayboldu", "lost-person", "112"),
        ("Enkaz altında insanlar var", "trapped", "112"),
        ("köpek ısırdı çocuğu", "injured", "112"),
        ("evi su bastı", "flood", "112"),
    ],
)
def test_danger_to_life_is_noticed_with_the_number_to_call(text: str, code: str, number: str) -> None:
    for spelling in (text, fold(text), text.replace("i", "İ").upper()):
        alarm = ALARMS.find(words(fold(spelling)))
        assert alarm is not None
        assert (alarm.emergency.code, alarm.emergency.number) == (code, number)


@pytest.mark.parametrize(
    "text",
    [
        "Yangın merdiveni kilitli",
        "Sokak lambaları gündüz de yanıyor",
        "Gaz faturası çok yüksek geldi",
        "Çöpler alınmadı",
        "Kaçak elektrik kullanan komşu",
        "",
    ],
)
def test_what_only_sounds_like_danger_is_no_emergency(text: str) -> None:
    assert ALARMS.find(words(fold(text))) is None


def test_the_gravest_danger_is_told_first() -> None:
    alarm = ALARMS.find(words(fold("Rögar kapağı yok ve yangın çıktı")))

    assert alarm is not None
    assert alarm.emergency.code == "fire"


def test_every_topic_is_found_by_each_of_its_own_phrases() -> None:
    for topic in MUNICIPALITY.topics:
        for phrase in topic.phrases:
            codes = {evidence.topic.code for evidence in TOPICS.find(phrase.replace("=", "").split())}
            assert topic.code in codes, (topic.code, phrase)


def test_a_longer_phrase_is_stronger_and_strength_has_a_bound() -> None:
    one, two = TOPICS.find(["budama"])[0], TOPICS.find(["agac", "budama"])[0]

    assert one.strength < two.strength
    assert all(evidence.strength <= STRENGTH_MAX for evidence in TOPICS.find(words(fold("çöp alınmadı " * 99))))
