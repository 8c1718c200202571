"""How soon a case must be seen: levels by danger, words, topic; and by when it is due."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from services.router.domain.clock import earliest_due
from services.router.domain.urgency import UrgencyFound, UrgencyWords
from shared.contracts import EvidenceKind
from shared.municipality import Target, TargetUnit
from shared.text import fold, words
from tests.router.conftest import ilkadim

PLACE: Final = ilkadim()
URGENCY: Final = UrgencyWords.of(PLACE)
AT: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
URGENT_TOPIC: Final = next(topic.code for topic in PLACE.topics if topic.urgency == "urgent")


def judged(text: str, topic: str | None = None) -> UrgencyFound:
    return URGENCY.judge(words(fold(text)), topic)


@pytest.mark.parametrize(
    ("text", "topic", "level", "lane"),
    [
        ("Çöpler alınmadı", None, "routine", "routine"),
        ("Kaldırım taşı yerinden oynamış, çok tehlikeli", None, "high", "routine"),
        ("Sokakta su borusu patlamış, kaldırım ıslak", None, "urgent", "urgent"),
        ("Çöpler alınmadı", URGENT_TOPIC, "urgent", "urgent"),
        ("Yangın var, çok tehlikeli", None, "emergency", "urgent"),
        ("Yangın var", URGENT_TOPIC, "emergency", "urgent"),
    ],
)
def test_the_most_urgent_of_all_that_speaks_for_a_level_counts(
    text: str, topic: str | None, level: str, lane: str
) -> None:
    found = judged(text, topic)

    assert (found.level, found.lane) == (level, lane)


def test_each_ground_is_told() -> None:
    found = judged("Yangın var, çok tehlikeli", URGENT_TOPIC)

    assert [(row.kind, row.code) for row in found.evidence] == [
        (EvidenceKind.EMERGENCY, "fire"),
        (EvidenceKind.URGENCY, "high"),
        (EvidenceKind.URGENCY, "urgent"),
    ]
    assert found.evidence[0].words == ("yangin var",)
    assert found.evidence[0].detail == "112"


def test_a_level_is_raised_and_never_lowered() -> None:
    assert URGENCY.raised("urgent", "high") == "urgent"
    assert URGENCY.raised("high", "emergency") == "emergency"
    assert URGENCY.raised("high", None) == "high"
    assert URGENCY.raised("gone", "routine") == "routine"
    assert URGENCY.raised("gone", None) == "routine"


def test_levels_have_earlier_targets_the_more_urgent_they_are() -> None:
    dues = [earliest_due(AT, [level.target], PLACE.calendar, PLACE.zone) for level in PLACE.levels[:-1]]

    assert None not in dues
    assert dues == sorted(dues, key=lambda due: due or AT)


def test_a_case_is_due_by_the_earlier_of_its_topic_and_its_level() -> None:
    hours, days = Target(amount=4, unit=TargetUnit.HOURS), Target(amount=2, unit=TargetUnit.DAYS)

    assert earliest_due(AT, [days, hours], PLACE.calendar, PLACE.zone) == AT + timedelta(hours=4)
    assert earliest_due(AT, [days, None], PLACE.calendar, PLACE.zone) == AT + timedelta(days=2)
    assert earliest_due(AT, [None, None], PLACE.calendar, PLACE.zone) is None
