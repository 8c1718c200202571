"""Which topics the words of a text point to, and how strongly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.municipality import Topic
from shared.phrases import PhraseBook

STRENGTH_MAX = 4.0  # so that a long text that repeats itself cannot outshout everything else
_SINGLE_WORD_STRENGTH = 1.0
_FURTHER_WORD_STRENGTH = 0.75  # a phrase of two words is seldom there by chance


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """A topic with its strength (0 to `STRENGTH_MAX`) and the phrases that pointed to it."""

    topic: Topic
    strength: float
    phrases: tuple[str, ...]


class TopicWords:
    """All topics of a municipality, compiled once; safe to share, finding changes nothing."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._phrases = PhraseBook((phrase, topic) for topic in topics for phrase in topic.phrases)

    def find(self, words: Sequence[str]) -> tuple[TopicEvidence, ...]:
        """The topics the words point to, the strongest first; a repeated phrase counts once."""
        phrases_by_topic: dict[str, dict[str, Topic]] = {}
        for hit in self._phrases.find(words):
            phrases_by_topic.setdefault(hit.key.code, {})[hit.phrase] = hit.key
        found = [_evidence(phrases) for phrases in phrases_by_topic.values()]
        return tuple(sorted(found, key=lambda evidence: (-evidence.strength, evidence.topic.code)))


def _evidence(phrases: dict[str, Topic]) -> TopicEvidence:
    strength = sum(_SINGLE_WORD_STRENGTH + _FURTHER_WORD_STRENGTH * phrase.count(" ") for phrase in phrases)
    return TopicEvidence(next(iter(phrases.values())), min(strength, STRENGTH_MAX), tuple(phrases))
