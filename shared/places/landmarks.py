"""Places that everybody knows, by their names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.municipality import Certainty, Landmark
from shared.places.wording import NAME_ENDINGS, key_of, read_name

NAME_WORDS_MAX: Final = 6
TRUST: Final = {Certainty.HIGH: 0.93, Certainty.MEDIUM: 0.6}
# "Saathane Meydanı'nda", "müzesinin": what grows behind a name that ends in -ı or -si.
_ENDINGS: Final = (
    *NAME_ENDINGS,
    "nde",
    "nda",
    "ndaki",
    "ndeki",
    "ndan",
    "nden",
    "ni",
    "si",
    "sinde",
    "nin",
    "na",
    "ne",
)


@dataclass(frozen=True, slots=True)
class LandmarkNamed:
    """A known place that was named by the words from `start` to `end`."""

    landmark: Landmark
    words: str
    trust: float
    start: int
    end: int


class Landmarks:
    """All known places, indexed once."""

    def __init__(self, rows: Iterable[Landmark]) -> None:
        self._by_key = {
            key_of(read_name(written)) + ending: row
            for row in rows
            for written in (row.name, *row.aliases)
            for ending in _ENDINGS
        }
        self._firsts = frozenset(key[:length] for key in self._by_key for length in range(1, 5))

    def find(self, text_words: Sequence[str]) -> Iterator[LandmarkNamed]:
        """The known places of a text, the longest name at each word."""
        read_to = 0
        for at, word in enumerate(text_words):
            if at < read_to or word[:4] not in self._firsts:
                continue
            for end in range(min(at + NAME_WORDS_MAX, len(text_words)), at, -1):
                if row := self._by_key.get(key_of(text_words[at:end])):
                    yield LandmarkNamed(row, " ".join(text_words[at:end]), TRUST[row.certainty], at, end)
                    read_to = end
                    break
