"""Where a report lies: the neighbourhood from coordinates, from fields, and from the words of the text, weighed.

What can be found stands in `shared.places.found`: the codes of a clue are stable, pages have a sentence for each.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, TypeVar

from shared.addresses import AddressSpan
from shared.municipality import Area, CoastPoint, Landmark, Municipality, Neighbour, Neighbourhood, Street
from shared.places.elsewhere import Districts, Elsewhere
from shared.places.found import (
    CANDIDATE_FROM,
    CANDIDATES_MAX,
    KNOWN_FROM,
    NOWHERE,
    REFUSALS,
    Candidate,
    Clue,
    ClueCode,
    PlaceFound,
    StreetFound,
)
from shared.places.ground import Ground, PointFound
from shared.places.landmarks import LandmarkNamed, Landmarks
from shared.places.names import FIELD_WORDS_MAX, Named, NeighbourhoodNames
from shared.places.streets import StreetNamed, Streets
from shared.places.wording import key_of, read
from shared.text import fold, words

__all__ = ["Candidate", "Clue", "ClueCode", "Gazetteer", "GazetteerError", "PlaceFound", "StreetFound"]

# How often the point that was sent is where the trouble is.
POINT_TRUST: Final = 0.998
WORDS_TRUST: Final = 0.99
# A street of the neighbourhood next door is said to lie in this one too, in this share of the cases.
BESIDE_SHARE: Final = 0.02
OUTSIDE_DOUBT: Final = 0.5
CANDIDATES_TOLD_MAX: Final = 3
CLUES_MAX: Final = 12
CANDIDATE_TOLD_FROM: Final = 0.05
# So that a small neighbourhood full of shops counts too: it has more reports than inhabitants.
_PRIOR_INHABITANTS: Final = 2_000

Part = TypeVar("Part", Named, LandmarkNamed)


class GazetteerError(Exception):
    """Raised when a municipality's places cannot be used: nothing could be found with them."""


@dataclass(frozen=True, slots=True)
class _Witness:
    """Something that speaks for neighbourhoods: how much for each, how often it is right, and what to tell of it."""

    shares: Mapping[str, float]
    trust: float
    clue: Clue
    beside: frozenset[str] = frozenset()  # what it does not exclude: the street may run along the border


@dataclass(frozen=True, slots=True)
class _Reading:
    """All that fields and text name."""

    names: tuple[Named, ...]
    streets: tuple[StreetNamed, ...]
    landmarks: tuple[LandmarkNamed, ...]


class Gazetteer:
    """The municipality's names and ground, indexed once; safe to share, finding changes nothing."""

    def __init__(
        self,
        neighbourhoods: Sequence[Neighbourhood],
        streets: Sequence[Street],
        areas: Sequence[Area],
        neighbours: Sequence[Neighbour],
        landmarks: Sequence[Landmark] = (),
        coast: Sequence[CoastPoint] = (),
        district: str = "",
        province: str = "",
    ) -> None:
        self._names = NeighbourhoodNames(neighbourhoods)
        self._streets = Streets(streets)
        self._landmarks = Landmarks(landmarks)
        self._ground = Ground(areas, neighbours, coast)
        self._districts = Districts(neighbours, self._names, district, province)
        self._prior = {row.code: sqrt(row.population + _PRIOR_INHABITANTS) for row in neighbourhoods}
        self._beside = defaultdict(frozenset, self._ground.adjacent())
        self._even = dict.fromkeys(self._prior, 1.0)

    @classmethod
    def of(cls, municipality: Municipality) -> "Gazetteer":
        """The gazetteer of a municipality's data. Raises GazetteerError when it has no places, or broken ones."""
        if not municipality.neighbourhoods or not municipality.areas:
            raise GazetteerError(municipality.without_ground or "the municipality has no neighbourhoods or no polygons")
        try:
            return cls(
                municipality.neighbourhoods,
                municipality.streets,
                municipality.areas,
                municipality.neighbours,
                municipality.landmarks,
                municipality.coast,
                municipality.district,
                municipality.province,
            )
        except (ValueError, IndexError, KeyError) as error:
            raise GazetteerError(f"the places cannot be indexed: {error}") from error

    @classmethod
    def or_empty(cls, municipality: Municipality) -> "Gazetteer":
        """As `of`, or one that finds nothing: for what goes on without places."""
        try:
            return cls.of(municipality)
        except GazetteerError:
            return cls.empty()

    @classmethod
    def empty(cls) -> "Gazetteer":
        """One that finds nothing and claims nothing, in the place of one that is broken."""
        return cls((), (), (), ())

    def locate(
        self,
        text_words: Sequence[str],
        street: str | None = None,
        neighbourhood: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        *,
        text: str = "",
        addresses: Sequence[AddressSpan] = (),
    ) -> PlaceFound:
        """The place by all witnesses together: coordinates, the fields, and the text's words.

        `text_words` are those of the folded text; `text` as written, and `addresses` found in it, tell a little more.
        A street of several neighbourhoods leaves the place open unless something else narrows it down.
        """
        if not self._prior:
            return replace(NOWHERE, address=_fullest(addresses))
        name_words = read(text_words)
        point = PointFound()
        if latitude is not None and longitude is not None:
            point = self._ground.at(latitude, longitude)
        reading = self._read(name_words, street, neighbourhood, text)
        at, told = _of_point(point), list(self._witnesses(reading))
        place = replace(
            self._weighed(told, at),
            streets=tuple(found.street for found in reading.streets),
            landmark=reading.landmarks[0].landmark.code if reading.landmarks else None,
            refused=point.refused,
            address=_fullest(addresses),
        )
        place = replace(place, evidence=(*_refusal(point), *_told(place, [*([at] if at else []), *told])))
        if point.is_outside:
            return _outside(place, point)
        if point.shares:
            return place
        elsewhere = self._elsewhere(name_words, addresses, reading)
        return _elsewhere(place, elsewhere) if elsewhere else place

    def _read(self, name_words: Sequence[str], street: str | None, neighbourhood: str | None, text: str) -> _Reading:
        streets = [*self._streets.field(street), *self._streets.find(name_words)]
        field_words = read(words(fold(street)))[:FIELD_WORDS_MAX] if street else []
        field = self._names.field(neighbourhood)
        names = [
            *([field] if field else []),
            *self._names.find(field_words),
            *_apart(self._names.find(name_words, text), streets),
            *self._before(name_words, streets),
        ]
        landmarks = _apart([*self._landmarks.find(field_words), *self._landmarks.find(name_words)], streets)
        along = [named for landmark in landmarks if (named := self._along(landmark))]
        return _Reading(_once(names), _each_street_once([*streets, *along]), tuple(landmarks))

    def _before(self, name_words: Sequence[str], streets: Sequence[StreetNamed]) -> Iterator[Named]:
        """A name before a street that lies in it ("Kale Gazi Caddesi")."""
        for street in streets:
            named = self._names.beside(name_words, street.start)
            if named and named.neighbourhood in street.street.shares:
                yield named

    def _along(self, named: LandmarkNamed) -> StreetNamed | None:
        """The street that a known name is another name of."""
        name, _, kind = named.landmark.street.rpartition(" ")
        street = self._streets.official(name, kind) if kind else None
        return StreetNamed(replace(street, words=named.words), named.trust, named.start, named.end) if street else None

    def _witnesses(self, reading: _Reading) -> Iterator[_Witness]:
        for named in reading.names:
            clue = Clue(named.code, (named.words,), named.neighbourhood)
            yield _Witness({named.neighbourhood: 1.0}, named.trust, clue)
        for street in reading.streets:
            shares, clue = street.street.shares, Clue(ClueCode.STREET, (street.street.words,))
            beside = frozenset(near for code in shares for near in self._beside[code] if near not in shares)
            yield _Witness(shares, street.trust, clue, beside)
        for landmark in reading.landmarks:
            if codes := landmark.landmark.neighbourhoods:
                yield _Witness(dict.fromkeys(codes, 1.0), landmark.trust, Clue(ClueCode.LANDMARK, (landmark.words,)))

    def _weighed(self, told: Sequence[_Witness], point: _Witness | None) -> PlaceFound:
        """Each neighbourhood by how many live there (with a point: alike), times what each witness says of it."""
        if not told and point is None:
            return NOWHERE
        prior = self._even if point else self._prior
        chances, rest = _product(prior, told)
        if point:
            # All words together may be about another place than where the trouble is.
            others = rest / max(1, len(prior) - len(chances))
            said = _Witness({code: chances.get(code, others) for code in prior}, WORDS_TRUST, point.clue)
            chances, _ = _product(prior, [point, said] if told else [point])
        best = sorted(chances, key=lambda code: (-chances[code], code))[:CANDIDATES_MAX]
        candidates = tuple(Candidate(code, chances[code]) for code in best if chances[code] >= CANDIDATE_FROM)
        if not candidates:
            return NOWHERE
        known = candidates[0].neighbourhood if candidates[0].probability >= KNOWN_FROM else None
        return PlaceFound(known, candidates[0].probability, candidates)

    def _elsewhere(
        self, name_words: Sequence[str], addresses: Sequence[AddressSpan], reading: _Reading
    ) -> Elsewhere | None:
        """Another district, unless something of ours is named that it does not have."""
        found = self._districts.find(name_words, addresses)
        district = next((row.landmark.district for row in reading.landmarks if row.landmark.district), "")
        if not found and district:
            found = Elsewhere(district, None, reading.landmarks[0].words)
        if not found:
            return None
        ours = [key_of(named.words.split()) for named in reading.names]
        theirs = [found.district and self._districts.is_theirs(found.district, key) for key in ours]
        at_ours = any(row.landmark.neighbourhoods for row in reading.landmarks)
        return found if all(theirs) and not at_ours else None


def _fullest(addresses: Sequence[AddressSpan]) -> AddressSpan | None:
    """The first that names a street or neighbourhood, rather than one that only names a district."""
    return next((one for one in addresses if one.street or one.neighbourhood), addresses[0] if addresses else None)


def _of_point(point: PointFound) -> _Witness | None:
    if point.is_outside or not point.shares:
        return None
    code = ClueCode.NEAR_COAST if point.is_near_coast else ClueCode.COORDINATES
    (inside, _), *_ = point.shares
    return _Witness(dict(point.shares), POINT_TRUST, Clue(code, (), inside))


def _product(prior: Mapping[str, float], witnesses: Sequence[_Witness]) -> tuple[dict[str, float], float]:
    """The probability of each neighbourhood that a witness names, and of all the others together."""
    chances = {code: prior[code] for witness in witnesses for code in witness.shares if code in prior}
    rest = sum(prior.values()) - sum(chances.values())
    for witness in witnesses:
        slip = (1 - witness.trust) / len(prior)
        rest *= slip
        for code in chances:
            share = BESIDE_SHARE if code in witness.beside else witness.shares.get(code, 0.0)
            chances[code] *= witness.trust * share + slip
    total = rest + sum(chances.values())
    return {code: chance / total for code, chance in chances.items()}, rest / total


def _refusal(point: PointFound) -> tuple[Clue, ...]:
    return (Clue(point.refused),) if point.refused else ()


def _told(place: PlaceFound, witnesses: Sequence[_Witness]) -> tuple[Clue, ...]:
    """What each witness says now that the place is weighed, and what it may be while it is open."""
    clues = [clue for witness in witnesses for clue in _clues_of(place, witness)]
    if place.neighbourhood is None and place.candidates:
        clues = clues[: CLUES_MAX - CANDIDATES_TOLD_MAX]
        few = [row for row in place.candidates if row.probability >= CANDIDATE_TOLD_FROM][:CANDIDATES_TOLD_MAX]
        clues += [Clue(ClueCode.CANDIDATE, (), row.neighbourhood, round(row.probability, 4)) for row in few]
    return tuple(dict.fromkeys(clues))[:CLUES_MAX]


def _clues_of(place: PlaceFound, witness: _Witness) -> Iterator[Clue]:
    clue, shares = witness.clue, witness.shares
    best = place.neighbourhood or (place.candidates[0].neighbourhood if place.candidates else "")
    if clue.code is ClueCode.STREET:
        yield _street_clue(place, clue, shares)
    elif clue.code is ClueCode.LANDMARK:
        yield replace(clue, detail=best if best in shares else next(iter(shares)))
    else:
        yield clue
    if clue.code is ClueCode.COORDINATES:
        for code, share in list(shares.items())[1:]:
            yield Clue(ClueCode.BORDER, (), code, round(share, 4))
    if place.neighbourhood and place.neighbourhood not in shares and len(shares) == 1:
        yield Clue(ClueCode.CONTRADICTION, clue.words, next(iter(shares)))


def _street_clue(place: PlaceFound, clue: Clue, shares: Mapping[str, float]) -> Clue:
    if len(shares) == 1:
        return replace(clue, detail=next(iter(shares)))
    if place.neighbourhood in shares:
        share = round(place.probability, 4)
        return replace(clue, code=ClueCode.STREET_SEVERAL, detail=place.neighbourhood or "", share=share)
    if place.neighbourhood:
        return replace(clue, code=ClueCode.STREET_ELSEWHERE, detail=place.neighbourhood)
    return replace(clue, code=ClueCode.STREET_OPEN)


def _outside(place: PlaceFound, point: PointFound) -> PlaceFound:
    """A point outside: words may still mean a place of ours, and then halve what is certain."""
    told = tuple(replace(row, probability=row.probability * OUTSIDE_DOUBT) for row in place.candidates)
    near = tuple(Candidate(code, share) for code, share in point.shares if not told)
    share = round(point.district_share, 4) if point.district_share is not None else None
    clue = Clue(ClueCode.OUTSIDE_IN, (), point.district, share) if point.district else Clue(ClueCode.OUTSIDE)
    borders = tuple(Clue(ClueCode.BORDER, (), row.neighbourhood, round(row.probability, 4)) for row in near)
    against = tuple(Clue(ClueCode.CONTRADICTION, (), place.neighbourhood) for _ in told[:1] if place.neighbourhood)
    candidates = told or near
    return replace(
        place,
        neighbourhood=None,
        probability=candidates[0].probability if candidates else 0.0,
        candidates=candidates,
        outside_district=point.district,
        is_outside=True,
        evidence=(clue, *borders, *place.evidence, *against),
    )


def _elsewhere(place: PlaceFound, elsewhere: Elsewhere) -> PlaceFound:
    code = ClueCode.DISTRICT if elsewhere.district else ClueCode.FAR
    clue = Clue(code, (elsewhere.words,), elsewhere.district or elsewhere.far or "")
    return replace(
        place,
        neighbourhood=None,
        probability=0.0,
        candidates=(),
        streets=(),  # ours of that name are not meant
        outside_district=elsewhere.district,
        is_outside=True,
        evidence=(clue, *(row for row in place.evidence if row.code in REFUSALS)),
    )


def _apart(found: Iterable[Part], streets: Sequence[StreetNamed]) -> list[Part]:
    """Without what stands within a street's name: "Liman Reis Sokak" names no Liman."""
    spans = [(street.start, street.end) for street in streets if street.end]
    return [part for part in found if not any(start <= part.start and part.end <= end for start, end in spans)]


def _once(names: Iterable[Named]) -> tuple[Named, ...]:
    """The surest naming of each neighbourhood: to say it twice makes it no truer."""
    best: dict[str, Named] = {}
    for named in names:
        if named.neighbourhood not in best or best[named.neighbourhood].trust < named.trust:
            best[named.neighbourhood] = named
    return tuple(best.values())


def _each_street_once(streets: Iterable[StreetNamed]) -> tuple[StreetNamed, ...]:
    best: dict[tuple[str, str], StreetNamed] = {}
    for named in streets:
        best.setdefault((named.street.type, named.street.name), named)
    return tuple(best.values())
