"""The kinds of danger a municipality knows, and the phrases that tell of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.phrases import PhraseBook


@dataclass(frozen=True, slots=True)
class Emergency:
    """A kind of danger, the number a citizen should call at once, and the folded phrases that tell of it.

    `phrases` mean it wherever they stand; `maybe` only when the rest of the text sounds like it too; `unless` are
    phrases that take the danger away ("yangın merdiveni", "yangın tüpü").
    """

    code: str
    name: str
    name_en: str
    number: str
    phrases: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """An emergency that words tell of. Not `is_certain`: the rest of the text has to sound like it."""

    emergency: Emergency
    phrase: str
    is_certain: bool


class EmergencyWords:
    """All emergencies of a municipality, compiled once; safe to share, finding changes nothing."""

    def __init__(self, emergencies: Iterable[Emergency]) -> None:
        self._emergencies = tuple(emergencies)
        self._phrases = PhraseBook(_entries(self._emergencies))
        self._unless = [PhraseBook((phrase, None) for phrase in row.unless) for row in self._emergencies]

    def find(self, words: Sequence[str]) -> list[Told]:
        """What the words tell of, the gravest first (the order of the data is the order of gravity).

        `words` are those of the folded text, see `shared.text`.
        """
        hits = sorted(self._phrases.find(words), key=lambda hit: hit.key)
        taken_away = {place for place in {hit.key[0] for hit in hits} if self._unless[place].find(words)}
        return [
            Told(self._emergencies[hit.key[0]], hit.phrase, is_certain=not hit.key[1])
            for hit in hits
            if hit.key[0] not in taken_away
        ]


def _entries(emergencies: Sequence[Emergency]) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Each phrase with the place of its emergency, and whether it is only a maybe."""
    for place, emergency in enumerate(emergencies):
        yield from ((phrase, (place, False)) for phrase in emergency.phrases)
        yield from ((phrase, (place, True)) for phrase in emergency.maybe)
