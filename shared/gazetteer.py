"""Where a report lies: the neighbourhood from coordinates, from fields, or from the words of the text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from math import cos, hypot, isfinite, radians

from rapidfuzz import fuzz, process
from shapely import MultiPolygon, Point, Polygon, STRtree, prepare

from shared.municipality import Area, Municipality, Neighbour, Neighbourhood, Street
from shared.text import fold, words

NAME_WORDS_MAX = 8
NEIGHBOURHOOD_WORDS_MAX = 4
FUZZY_SCORE_MIN = 88.0  # of 100; "kilicdde" is Kılıçdede (94), two different names of ours stay below 86
NEIGHBOUR_KILOMETRES_MAX = 6.0  # a rural centroid may lie that far from the edge of its own neighbourhood
_KILOMETRES_PER_DEGREE = 111.2

# Ordinary words and names of persons that are names of neighbourhoods all over Türkiye: alone they say nothing.
_ORDINARY_WORDS = (
    "adalet anadolu bahcelievler baruthane bilmece cay cedit cumhuriyet ciftlik fatih gazi guzeldere hastane "
    "hastanebasi hurriyet istasyon kadifekale kadikoy kale kalkanci kapakli karadeniz kavacik kiran kisla liman "
    "merkez pazar rasathane resadiye tepecik yenidogan yesiltepe zafer zeytinlik "
)
_ORDINARY_NAMES = frozenset(
    [*_ORDINARY_WORDS.split(), "fevzi cakmak", "fevzicakmak", "kazim karabekir", "kazimkarabekir", "yeni dogan"]
)
_WHERE_ENDINGS = (
    *("", "de", "da", "te", "ta", "den", "dan", "ten", "tan", "deki", "daki", "teki", "taki"),
    *("nde", "nda", "nden", "ndan", "ndeki", "ndaki", "ye", "ya", "nin"),
)
_FILLERS = frozenset(["no", "nolu", "lu", "li", "numarali", "sayili"])  # "1234 nolu sokak"
_NEIGHBOURHOOD_WORDS = ("mahalle", "mah", "mh", "koyu", "semt")
_STREET_TYPES = (
    ("sokak", ("sokak", "sokag", "sok", "sk", "skk")),
    ("cadde", ("cadde", "cad", "cd")),
    ("bulvar", ("bulvar", "blv", "bulv")),
    ("meydan", ("meydan",)),
)
_TYPE_OF_START = {start: kind for kind, starts in _STREET_TYPES for start in starts}


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """The neighbourhood's official id (None: not known), the neighbouring district if it lies outside, and why."""

    neighbourhood: str | None
    outside_district: str | None = None
    is_outside: bool = False
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Guess:
    codes: frozenset[str]
    evidence: str


class Gazetteer:
    """The municipality's names and ground, indexed once; safe to share, finding changes nothing."""

    def __init__(
        self,
        neighbourhoods: Iterable[Neighbourhood],
        streets: Iterable[Street],
        areas: Iterable[Area],
        neighbours: Iterable[Neighbour],
    ) -> None:
        self._names = {_name(written): row.code for row in neighbourhoods for written in (row.name, *row.aliases)}
        self._distinct = _distinct_forms(self._names)
        self._first_words = frozenset(name.split()[0] for name in chain(self._names, self._distinct))
        self._streets = _streets_by_name(streets)
        self._areas = tuple(areas)
        self._shapes = [_shape(area) for area in self._areas]
        prepare(self._shapes)
        self._tree = STRtree(self._shapes)
        self._neighbours = tuple(neighbours)
        self._districts = {_name(row.district): row.district for row in self._neighbours}

    @classmethod
    def of(cls, municipality: Municipality) -> "Gazetteer":
        """The gazetteer of a municipality's checked data."""
        return cls(municipality.neighbourhoods, municipality.streets, municipality.areas, municipality.neighbours)

    def locate(
        self,
        text_words: Sequence[str],
        street: str | None = None,
        neighbourhood: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> PlaceFound:
        """The place by the best witness: coordinates, then the neighbourhood and street fields, then the text.

        A street that lies in several neighbourhoods leaves the place open unless something else narrows it down.
        """
        refused: tuple[str, ...] = ()
        if latitude is not None and longitude is not None:
            at = self._at(latitude, longitude)
            if at.neighbourhood or at.is_outside:
                return at
            refused = at.evidence
        guesses = list(self._guesses(text_words, street, neighbourhood))
        evidence = refused + tuple(guess.evidence for guess in guesses)
        if len(code := _agreed(guesses)) == 1:
            return PlaceFound(next(iter(code)), evidence=evidence)
        district = None if guesses else self._district_named(text_words)
        if district:
            return PlaceFound(None, district, True, (*evidence, f"place:text names {district}"))
        return PlaceFound(None, evidence=evidence)

    def _at(self, latitude: float, longitude: float) -> PlaceFound:
        if trouble := self._trouble_with(latitude, longitude):
            return PlaceFound(None, evidence=(f"place:coordinates refused, {trouble}",))
        inside = self._tree.query(Point(longitude, latitude), predicate="intersects")
        if len(inside):
            return PlaceFound(self._areas[int(min(inside))].code, evidence=("place:coordinates",))
        district = self._district_near(latitude, longitude)
        where = f"in {district}" if district else "far away"
        return PlaceFound(None, district, True, (f"place:coordinates outside, {where}",))

    def _trouble_with(self, latitude: float, longitude: float) -> str:
        if not (isfinite(latitude) and isfinite(longitude)) or abs(latitude) > 90 or abs(longitude) > 180:
            return "not on the globe"
        if latitude == 0 and longitude == 0:
            return "0,0 means unknown"
        if len(self._tree.query(Point(latitude, longitude), predicate="intersects")):
            return "latitude and longitude look swapped"
        return ""

    def _district_near(self, latitude: float, longitude: float) -> str | None:
        """The district of the nearest neighbouring centroid, if that is near."""
        narrow = cos(radians(latitude))
        distances = (
            (hypot(row.latitude - latitude, (row.longitude - longitude) * narrow), row.district)
            for row in self._neighbours
        )
        degrees, district = min(distances, default=(float("inf"), ""))
        return district if degrees * _KILOMETRES_PER_DEGREE <= NEIGHBOUR_KILOMETRES_MAX else None

    def _district_named(self, text_words: Sequence[str]) -> str | None:
        found = {district for word in text_words for name, district in self._districts.items() if word == name}
        return found.pop() if len(found) == 1 else None

    def _guesses(self, text_words: Sequence[str], street: str | None, neighbourhood: str | None) -> Iterator[_Guess]:
        """The fields when they say something; the text only where they are silent."""
        fields = [guess for guess in (self._field_name(neighbourhood), *self._field_street(street)) if guess]
        yield from fields
        if len(_agreed(fields)) == 1:
            return
        yield from self._names_in(text_words)
        yield from self._streets_in(text_words)

    def _field_name(self, written: str | None) -> _Guess | None:
        """A neighbourhood field; typing errors are forgiven, since the field can hold nothing else."""
        name = _name(_without_neighbourhood_word(written or ""))
        if not name:
            return None
        if name in self._names:
            return _Guess(frozenset([self._names[name]]), "place:neighbourhood field")
        near = process.extractOne(name, self._names.keys(), scorer=fuzz.ratio, score_cutoff=FUZZY_SCORE_MIN)
        if near is None:
            return None
        return _Guess(frozenset([self._names[near[0]]]), f"place:neighbourhood field, read as {near[0]}")

    def _field_street(self, written: str | None) -> list[_Guess]:
        field_words = words(fold(written or ""))[: NAME_WORDS_MAX * 2]
        found = [*self._names_in(field_words), *self._streets_in(field_words)]
        if found or not field_words:
            return found
        codes = self._streets.get(("", " ".join(field_words)))
        return [_Guess(codes, f"place:street {' '.join(field_words)}")] if codes else []

    def _names_in(self, text_words: Sequence[str]) -> Iterator[_Guess]:
        """Names with "mahallesi" behind them, and names that can be nothing else."""
        read_to = 0
        for position, word in enumerate(text_words):
            if position >= read_to and word in self._first_words:
                guess, read_to = self._name_at(text_words, position)
                if guess:
                    yield guess

    def _name_at(self, text_words: Sequence[str], position: int) -> tuple[_Guess | None, int]:
        """The longest name that starts here, and where it ends: "Aşağı Avdan" does not name Avdan too."""
        for end in range(min(position + NEIGHBOURHOOD_WORDS_MAX, len(text_words)), position, -1):
            name = " ".join(text_words[position:end])
            if name in self._names and _is_neighbourhood_word(text_words, end):
                return _Guess(frozenset([self._names[name]]), f"place:text {name} mahallesi"), end
            if name in self._distinct and not _is_street_word(text_words, end):
                return _Guess(frozenset([self._distinct[name]]), f"place:text {name}"), end
        return None, position + 1

    def _streets_in(self, text_words: Sequence[str]) -> Iterator[_Guess]:
        """For each word like "sokakta": the longest street name of that type right before it."""
        for position, word in enumerate(text_words):
            kind = _street_type(word)
            if not kind:
                continue
            end = position - (text_words[position - 1] in _FILLERS) if position else 0
            for start in range(max(0, end - NAME_WORDS_MAX), end):
                name = " ".join(text_words[start:end])
                if codes := self._streets.get((kind, name)):
                    doubt = "" if len(codes) == 1 else f", in {len(codes)} neighbourhoods"
                    yield _Guess(codes, f"place:street {name} {kind}{doubt}")
                    break


def _agreed(guesses: Sequence[_Guess]) -> frozenset[str]:
    """What all guesses allow; when they contradict each other, what the first one says alone."""
    if not guesses:
        return frozenset()
    common = reduce(frozenset.intersection, (guess.codes for guess in guesses))
    return common or (guesses[0].codes if len(guesses[0].codes) == 1 and not _contradict(guesses) else frozenset())


def _contradict(guesses: Sequence[_Guess]) -> bool:
    """Two neighbourhoods named outright: nobody can say which is meant."""
    named = {guess.codes for guess in guesses if len(guess.codes) == 1}
    return len(named) > 1


def _streets_by_name(streets: Iterable[Street]) -> dict[tuple[str, str], frozenset[str]]:
    """Neighbourhoods by (type, folded name), and by ("", name) for fields that leave the type out."""
    codes: dict[tuple[str, str], set[str]] = {}
    for street in streets:
        kind = _street_type(fold(street.type)) or fold(street.type)
        for key in ((kind, _name(street.name)), ("", _name(street.name))):
            codes.setdefault(key, set()).add(street.neighbourhood)
    return {key: frozenset(found) for key, found in codes.items() if key[1]}


def _name(written: str) -> str:
    return " ".join(words(fold(written)))


def _street_type(word: str) -> str:
    """ "sokakta", "caddesi" and "bulv" alike; "" for any other word."""
    if word in _TYPE_OF_START:
        return _TYPE_OF_START[word]
    start = word[:6] if word.startswith(("bulvar", "meydan")) else word[:5]
    return _TYPE_OF_START.get(start, "") if len(start) >= 5 else ""


def _is_neighbourhood_word(text_words: Sequence[str], position: int) -> bool:
    if position >= len(text_words):
        return False
    word = text_words[position]
    return word in _NEIGHBOURHOOD_WORDS or word.startswith(("mahalle", "semti"))


def _is_street_word(text_words: Sequence[str], position: int) -> bool:
    """So that "Hançerli Sokak" is read as a street, not as the neighbourhood Hançerli."""
    return position < len(text_words) and bool(_street_type(text_words[position]))


def _distinct_forms(codes_by_name: dict[str, str]) -> dict[str, str]:
    """Names that say enough alone, with the endings that answer "where?"."""
    distinct = {name: code for name, code in codes_by_name.items() if name not in _ORDINARY_NAMES}
    return {name + ending: code for name, code in distinct.items() for ending in _WHERE_ENDINGS}


def _without_neighbourhood_word(written: str) -> str:
    kept = [word for word in words(fold(written)) if not _is_neighbourhood_word([word], 0)]
    return " ".join(kept[:NAME_WORDS_MAX])


def _shape(area: Area) -> MultiPolygon:
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in area.polygons])
