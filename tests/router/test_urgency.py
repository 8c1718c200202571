"""How soon a case must be seen: levels by danger, words, topic; and by when it is due."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from services.router.domain.urgency import UrgencyFound, UrgencyWords
from services.router.handlers.ground import Ground
from shared.clocks import WorkingTime, counted
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
    working = WorkingTime(PLACE.calendar, PLACE.zone)
    targets = [level.target for level in PLACE.levels[:-1] if level.target]
    dues = [counted(AT, target, working) for target in targets]

    assert len(dues) == len(PLACE.levels) - 1
    assert dues == sorted(dues)


def test_a_case_is_due_by_the_earlier_of_its_topic_and_its_level() -> None:
    ground = Ground(PLACE, None)  # type: ignore[arg-type]
    topic = next(row for row in PLACE.topics if row.target == Target(amount=2, unit=TargetUnit.DAYS))
    level = next(row for row in PLACE.levels if row.target and row.target.unit is TargetUnit.HOURS)

    by_level = ground.due(AT, None, level.code, topic.owner)
    assert by_level is not None and by_level < AT + timedelta(days=2)
    assert ground.due(AT, topic.code, None, topic.owner) == AT + timedelta(days=2)
    assert ground.due(AT, topic.code, level.code, topic.owner) == by_level
    assert ground.due(AT, None, None, topic.owner) is None


def test_each_owner_has_its_own_calendar() -> None:
    ground = Ground(PLACE, None)  # type: ignore[arg-type]
    topic = next(row for row in PLACE.topics if row.target == Target(amount=5, unit=TargetUnit.WORKING_DAYS))
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=PLACE.zone)

    by_day = ground.due(friday, topic.code, None, "fen-isleri")
    round_the_clock = ground.due(friday, topic.code, None, "zabita")

    assert by_day == datetime(2026, 12, 4, 17, 0, tzinfo=PLACE.zone)
    assert round_the_clock == datetime(2026, 12, 3, 0, 0, tzinfo=PLACE.zone)
