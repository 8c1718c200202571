"""What is urgent: the two levels, and the words that mean danger to life and limb."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.phrases import PhraseBook


class Urgency(StrEnum):
    """How soon a case must be seen (aciliyet); the names of the two lanes."""

    URGENT = "urgent"
    ROUTINE = "routine"


@dataclass(frozen=True, slots=True)
class Emergency:
    """A kind of danger, the number a citizen should call at once, and the folded phrases that tell of it.

    `unless` are phrases that take the danger away ("yangın merdiveni", "yangın tüpü").
    """

    code: str
    name: str
    name_en: str
    number: str
    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alarm:
    """An emergency found in a text, with the phrase that told it."""

    emergency: Emergency
    phrase: str


class EmergencyWords:
    """All emergencies of a municipality, compiled once; safe to share, finding changes nothing."""

    def __init__(self, emergencies: Iterable[Emergency]) -> None:
        self._emergencies = tuple(emergencies)
        self._phrases = PhraseBook(
            (phrase, place) for place, emergency in enumerate(self._emergencies) for phrase in emergency.phrases
        )
        self._unless = [PhraseBook((phrase, None) for phrase in row.unless) for row in self._emergencies]

    def find(self, words: Sequence[str]) -> Alarm | None:
        """The gravest emergency the words tell of (the order of the data is the order of gravity), or None.

        `words` are those of the folded text, see `shared.text`.
        """
        for hit in sorted(self._phrases.find(words), key=lambda hit: hit.key):
            if not self._unless[hit.key].find(words):
                return Alarm(self._emergencies[hit.key], hit.phrase)
        return None
