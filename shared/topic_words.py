"""Which topics the words of a text point to, and how strongly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shared.municipality import Topic
from shared.phrases import Hit, PhraseBook

STRENGTH_MAX = 4.0  # so that a long text that repeats itself cannot outshout everything else
_SINGLE_WORD_STRENGTH = 1.0
_FURTHER_WORD_STRENGTH = 0.75  # a phrase of two words is seldom there by chance
_HINT_PART = 0.3


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """A topic with its strength (0 to `STRENGTH_MAX`) and the phrases that pointed to it; `is_hint`: only hints did."""

    topic: Topic
    strength: float
    phrases: tuple[str, ...]
    is_hint: bool = False


class TopicWords:
    """All topics of a municipality, compiled once; safe to share, finding changes nothing."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        topics = tuple(topics)
        self.by_code: Mapping[str, Topic] = {topic.code: topic for topic in topics}
        self._phrases = PhraseBook(
            (phrase, (topic, is_hint))
            for topic in topics
            for phrases, is_hint in ((topic.phrases, False), (topic.hints, True))
            for phrase in phrases
        )

        self._unless = PhraseBook((phrase, topic.code) for topic in topics for phrase in topic.unless)

    def find(self, words: Sequence[str]) -> tuple[TopicEvidence, ...]:
        """The topics the words point to, the strongest first.

        Of phrases that start with the same word the longest counts, and a repeated phrase counts once.
        """
        hits = self._phrases.find(words)
        hits_by_topic: dict[str, list[_TopicHit]] = {}
        for hit in [hit for hit in hits if not hit.key[1]] or hits:
            hits_by_topic.setdefault(hit.key[0].code, []).append(hit)
        for against in self._unless.find(words):
            hits_by_topic.pop(against.key, None)
        found = [_evidence(hits) for hits in hits_by_topic.values()]
        return tuple(sorted(found, key=lambda evidence: (-evidence.strength, evidence.topic.code)))


_TopicHit: TypeAlias = Hit[tuple[Topic, bool]]


def _evidence(hits: Sequence[_TopicHit]) -> TopicEvidence:
    """Hints count only where no phrase does, and however many there are only the best of them."""
    topic = hits[0].key[0]
    longest: dict[int, str] = {}
    for hit in hits:
        if not hit.key[1] and len(hit.phrase) > len(longest.get(hit.position, "")):
            longest[hit.position] = hit.phrase
    if longest:
        phrases = tuple(dict.fromkeys(longest.values()))
        return TopicEvidence(topic, min(sum(map(_strength, phrases)), STRENGTH_MAX), phrases)
    hints = tuple(dict.fromkeys(hit.phrase for hit in hits))
    return TopicEvidence(topic, _HINT_PART * max(map(_strength, hints)), hints, is_hint=True)


def _strength(phrase: str) -> float:
    return _SINGLE_WORD_STRENGTH + _FURTHER_WORD_STRENGTH * phrase.count(" ")
