"""Where a report lies, as the form shows it: the neighbourhood from a point, a street or words, and street names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.gazetteer import Gazetteer
from shared.municipality import Municipality, Street
from shared.text import fold, sort_key, words

SUGGESTIONS_MAX: Final = 10
QUERY_LETTERS_MIN: Final = 2
QUERY_LETTERS_MAX: Final = 100

# "İstiklal Caddesi", but "1203. Sokak" and, as people say it, "Hançerli Sokak".
_OF_A_NAME: Final = {"Cadde": "Caddesi", "Bulvar": "Bulvarı", "Meydan": "Meydanı"}


@dataclass(frozen=True, slots=True)
class Found:
    """A neighbourhood by code and name, empty when none was found; `district`: the neighbouring one it lies in.

    `by` says what led there: `point`, `words`, or nothing.
    """

    code: str = ""
    name: str = ""
    is_outside: bool = False
    district: str = ""
    by: str = ""


class Places:
    """The names and the ground of a municipality, indexed once; finding changes nothing."""

    def __init__(self, place: Municipality) -> None:
        self._place = place
        self._gazetteer = Gazetteer.or_empty(place)
        self.names = tuple(sorted((row.name for row in place.neighbourhoods), key=sort_key))
        rows = sorted(place.streets, key=lambda row: sort_key(f"{row.name} {row.type}"))
        named = [(_called(row), place.neighbourhood(row.neighbourhood).name) for row in rows]
        self._streets = [(fold(street), street, name) for street, name in named]
        self._known = {folded: street for folded, street, _ in self._streets}

    def at(self, latitude: float, longitude: float) -> Found:
        """The neighbourhood round a point."""
        return self._found("point", latitude=latitude, longitude=longitude)

    def of(self, neighbourhood: str, street: str, text: str) -> Found:
        """The neighbourhood that the fields name, or else the text."""
        return self._found("words", words(fold(text)), street=street or None, neighbourhood=neighbourhood or None)

    def suggest(self, query: str) -> list[str]:
        """Streets that begin with the query, then those with a word that does, each with its neighbourhood."""
        wanted = fold(query[:QUERY_LETTERS_MAX])
        if len(wanted) < QUERY_LETTERS_MIN:
            return []
        first = [row for row in self._streets if row[0].startswith(wanted)]
        later = [row for row in self._streets if f" {wanted}" in row[0]] if len(first) < SUGGESTIONS_MAX else []
        return [f"{street}, {name} Mahallesi" for _, street, name in (*first, *later)][:SUGGESTIONS_MAX]

    def street_named(self, written: str) -> str:
        """The street's official name when that is what was written, so that nothing private is shown to others."""
        return self._known.get(fold(written.split(",")[0]), "")

    def _found(
        self,
        by: str,
        text_words: Sequence[str] = (),
        street: str | None = None,
        neighbourhood: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> Found:
        place = self._gazetteer.locate(text_words, street, neighbourhood, latitude, longitude)
        if place.neighbourhood:
            return Found(place.neighbourhood, self._place.neighbourhood(place.neighbourhood).name, by=by)
        if place.is_outside:
            return Found(is_outside=True, district=place.outside_district or "", by=by)
        return Found()


def _called(street: Street) -> str:
    """The street's name as one says it."""
    kind = street.type if street.name.rstrip(".").isdecimal() else _OF_A_NAME.get(street.type, street.type)
    return f"{street.name} {kind}"
