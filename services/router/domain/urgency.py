"""How soon a case must be seen: by danger to life, by what the words say, by its topic, by a rule that raises it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.contracts import Evidence, EvidenceKind, Lane
from shared.municipality import Municipality
from shared.phrases import PhraseBook
from shared.urgency import Alarm, Alarms

TOLD_LETTERS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class UrgencyFound:
    """The level and its lane, the emergency if there is one, and what spoke for it."""

    level: str
    lane: Lane
    alarm: Alarm | None
    evidence: tuple[Evidence, ...]


class UrgencyWords:
    """A municipality's levels, compiled; `levels` are codes with their lanes, the most urgent first."""

    def __init__(
        self, alarms: Alarms, levels: Mapping[str, Lane], phrases: PhraseBook[str], level_of_topic: Mapping[str, str]
    ) -> None:
        self.alarms = alarms
        self._lanes = dict(levels)
        self._order = {code: place for place, code in enumerate(levels)}
        self._phrases = phrases
        self._level_of_topic = level_of_topic

    @classmethod
    def of(cls, municipality: Municipality) -> "UrgencyWords":
        """With the levels, emergencies and topics of a municipality."""
        return cls(
            municipality.alarms,
            {level.code: level.lane for level in municipality.levels},
            PhraseBook((phrase, level.code) for level in municipality.levels for phrase in level.phrases),
            {topic.code: topic.urgency for topic in municipality.topics},
        )

    def judge(self, text_words: Sequence[str], topic: str | None, typed: Sequence[str] | None = None) -> UrgencyFound:
        """The most urgent level that anything speaks for. Danger makes a case urgent; it never changes its owner.

        `text_words` are those of the folded text as they were meant, `typed` as they stand: danger is judged by these,
        as intake judges it before anything is corrected; None: they are the same.
        """
        alarm = self.alarms.find(text_words if typed is None else typed)
        hits = self._phrases.find(text_words)
        by_words = min(hits, key=lambda hit: self._order[hit.key], default=None)
        by_topic = self.of_topic(topic)
        evidence = []
        level = self._ordinary
        if alarm:
            level = self._gravest
            evidence.append(told_of(alarm))
        if by_words:
            level = self.raised(level, by_words.key)
            words = (by_words.phrase[:TOLD_LETTERS_MAX],)
            evidence.append(Evidence(kind=EvidenceKind.URGENCY, code=by_words.key, words=words))
        if by_topic != self._ordinary:
            level = self.raised(level, by_topic)
            evidence.append(Evidence(kind=EvidenceKind.URGENCY, code=by_topic, detail=topic or ""))
        return UrgencyFound(level, self.lane(level), alarm, tuple(evidence))

    def raised(self, level: str, to: str | None) -> str:
        """The more urgent of the two: a level is raised and never lowered. One nobody knows does not count."""
        known = [code for code in (level, to) if code in self._order]
        return min(known, key=self._order.__getitem__, default=self._ordinary)

    def of_topic(self, topic: str | None) -> str:
        """The level of a topic; the ordinary one of one nobody knows."""
        return self._level_of_topic.get(topic or "", self._ordinary)

    def lane(self, level: str) -> Lane:
        """The lane of a level."""
        return self._lanes[level]

    @property
    def _gravest(self) -> str:
        return next(iter(self._lanes))

    @property
    def _ordinary(self) -> str:
        return next(reversed(self._order))


def told_of(alarm: Alarm) -> Evidence:
    """What told of the danger: the phrase, or without one the model alone with how likely it says."""
    return Evidence(
        kind=EvidenceKind.EMERGENCY,
        code=alarm.emergency.code,
        words=(alarm.phrase[:TOLD_LETTERS_MAX],) if alarm.phrase else (),
        detail=alarm.emergency.number,
        share=alarm.score,
    )
