"""Standard texts: filled from the case, for its topic first, and never whole while a slot stands open."""

from pathlib import Path

import pytest

from shared import municipality
from shared.contracts import Outcome
from shared.municipality.standard_texts import Slot, StandardText, TextUse, filled, unfilled

PLACE = municipality.load(Path(__file__).parent.parent / "municipality" / "ilkadim")
EVERYTHING = dict.fromkeys(Slot, "x")


def test_what_is_known_is_put_in_and_the_rest_stays_open() -> None:
    text = filled("{number}: {place}, {due}", {Slot.NUMBER: "111-222-333", Slot.PLACE: "Kale", Slot.DUE: None})

    assert text == "111-222-333: Kale, {due}"
    assert unfilled(text) == ["{due}"]


def test_what_is_put_in_is_no_slot_itself() -> None:
    assert filled("{place}", {Slot.PLACE: "{number}", Slot.NUMBER: "1"}) == "{number}"


def test_braces_that_are_no_slot_are_a_persons_own() -> None:
    assert unfilled("Bkz. {ek} ve { }") == []


@pytest.mark.parametrize("text", PLACE.standard_texts, ids=lambda text: text.code)
@pytest.mark.parametrize("language", ["tr", "en"])
def test_every_text_is_whole_once_the_case_fills_it(text: StandardText, language: str) -> None:
    whole = filled(text.text_in(language), EVERYTHING)

    assert unfilled(whole) == []
    assert "{" not in whole


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.FORWARDED])
def test_every_ending_a_person_chooses_has_a_text_for_every_topic(outcome: Outcome) -> None:
    assert any(text.is_general and text.outcome is outcome for text in PLACE.standard_texts)


def test_there_are_texts_of_every_use() -> None:
    assert {text.use for text in PLACE.standard_texts} == set(TextUse)


def test_a_text_of_a_topic_is_not_for_others() -> None:
    [mended] = [text for text in PLACE.standard_texts if text.code == "yol-onarildi"]

    assert mended.is_for("yol-bakim", "yol") and not mended.is_for("cop-toplama", "temizlik")
    assert not mended.is_for(None, None)
