"""Our example messages: each has a topic that exists, and every owner is told of in several ways."""

from collections import Counter
from pathlib import Path

import pytest

from shared.municipality import Municipality, MunicipalityError, load
from shared.municipality.sentences import Sentence, load_sentences, owner_of
from shared.personal.numbers import find_numbers
from shared.personal.plain import plain
from shared.text import fold

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
HELD_PER_OWNER_MIN = 3
TAUGHT_PER_TOPIC_MIN = 10


@pytest.fixture(scope="module")
def place() -> Municipality:
    return load(ILKADIM)


@pytest.fixture(scope="module")
def sentences(place: Municipality) -> tuple[Sentence, ...]:
    return load_sentences(ILKADIM, place)


def test_every_topic_is_told_of_in_ten_ways_and_more(place: Municipality, sentences: tuple[Sentence, ...]) -> None:
    taught = Counter(sentence.topic for sentence in sentences if not sentence.held)

    assert {topic.code for topic in place.topics if taught[topic.code] < TAUGHT_PER_TOPIC_MIN} == set()


def test_every_owner_has_held_sentences_to_be_tried_with(place: Municipality, sentences: tuple[Sentence, ...]) -> None:
    held = Counter(owner_of(sentence, place) for sentence in sentences if sentence.held)
    owners = {owner.code for owner in (*place.departments, *place.institutions)}

    assert {owner for owner in owners if held[owner] < HELD_PER_OWNER_MIN} == set()


def test_no_sentence_stands_twice(sentences: tuple[Sentence, ...]) -> None:
    assert [text for text, times in Counter(fold(row.text) for row in sentences).items() if times > 1] == []


def test_no_sentence_tells_a_phone_number_or_an_address_of_mail(sentences: tuple[Sentence, ...]) -> None:
    assert [row.text for row in sentences if find_numbers(row.text, plain(row.text))] == []


def test_a_code_nobody_has_is_told_with_its_line(place: Municipality, tmp_path: Path) -> None:
    (tmp_path / "sentences.csv").write_text("topic,text,held,owner\nuzay,Uzaylılar indi,0,\n", encoding="utf-8")

    with pytest.raises(MunicipalityError, match=r"sentences\.csv: line 2: no topic is called uzay"):
        load_sentences(tmp_path, place)
