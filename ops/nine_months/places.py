"""Where it happens: a neighbourhood's name, a street only one neighbourhood has, fields, or coordinates."""

import random
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from shapely import MultiPolygon, Point, Polygon, prepare
from shapely.geometry.base import BaseGeometry

from shared.contracts import Place
from shared.municipality import Area, Municipality, Street
from shared.places.wording import key_of, read_name
from shared.text import fold, words

# About 30 metres: a point that near to the edge may lie next door in another map.
EDGE_DEGREES: Final = 0.0003
DRAWS_MAX: Final = 200
_STREET_TYPES: Final = frozenset({"Sokak", "Cadde", "Bulvar"})
_LANDMARKS: Final = (
    *("okulun önünde", "okulun karşısında", "okulun arkasında", "caminin yanında", "caminin arkasında"),
    *("caminin karşısında", "eczanenin önünde", "eczanenin yanında", "berberin karşısında", "fırının yanında"),
    *("fırının önünde", "kahvehanenin karşısında", "köşedeki binanın önünde", "yokuşun başında", "anaokulunun yanında"),
    *("köşe başında", "sokağın girişinde", "çıkmazın sonunda", "terzinin önünde", "kırtasiyenin karşısında"),
)


UNTOLD: Final = Place()


class Way(Enum):
    """How a contact tells its place."""

    NAME = auto()
    STREET = auto()
    FIELDS = auto()
    POINT = auto()


@dataclass(frozen=True, slots=True)
class Where:
    """A place as it is told: `at` begins a sentence, `address` stands alone, both are empty when only `place` tells."""

    neighbourhood: str | None = None
    at: str = ""
    address: str = ""
    place: Place = UNTOLD


NOWHERE: Final = Where()


class Places:
    """The municipality's ground, made ready for drawing places; drawing changes nothing but `chance`."""

    def __init__(self, municipality: Municipality) -> None:
        inhabited = [row for row in municipality.neighbourhoods if row.population > 0]
        self._codes = [row.code for row in inhabited]
        self._weights = [row.population for row in inhabited]
        self._names = {row.code: row.name for row in municipality.neighbourhoods}
        self._streets, self._unmistakable = _streets(municipality)
        self._ground = {area.code: _ground(area) for area in municipality.areas}

    def neighbourhood(self, chance: random.Random) -> str:
        """A neighbourhood's code, the more likely the more people live there."""
        return chance.choices(self._codes, self._weights)[0]

    def draw(self, way: Way, chance: random.Random) -> Where:
        """A place told in that way."""
        if way is Way.STREET:
            return self._by_street(chance)
        code = self.neighbourhood(chance)
        if way is Way.NAME:
            return self._by_name(code, chance)
        return Where(code, place=self._fields(code, chance) if way is Way.FIELDS else self._point(code, chance))

    def _by_name(self, code: str, chance: random.Random) -> Where:
        name = f"{self._names[code]} {chance.choice(('Mahallesi', 'Mahallesi', 'Mah.', 'mahallesi'))}"
        streets = self._streets.get(code)
        if not streets or chance.random() < 0.3:
            landmark = chance.choice(_LANDMARKS)
            return Where(code, f"{name} {landmark}", f"{name}, {landmark}")
        at, address = _in_street(chance.choice(streets), chance)
        return Where(code, f"{name} {at}", f"{name} {address}")

    def _by_street(self, chance: random.Random) -> Where:
        street = chance.choice(self._unmistakable)
        return Where(street.neighbourhood, *_in_street(street, chance))

    def _fields(self, code: str, chance: random.Random) -> Place:
        streets = self._streets.get(code)
        named = f"{self._names[code]} Mahallesi" if chance.random() < 0.5 else self._names[code]
        return Place(neighbourhood=named, street=_called(chance.choice(streets)) if streets else None)

    def _point(self, code: str, chance: random.Random) -> Place:
        ground = self._ground[code]
        west, south, east, north = ground.bounds
        for _ in range(DRAWS_MAX):
            point = Point(chance.uniform(west, east), chance.uniform(south, north))
            if ground.contains(point):
                return Place(latitude=round(point.y, 6), longitude=round(point.x, 6))
        point = ground.representative_point()
        return Place(latitude=point.y, longitude=point.x)


def _streets(municipality: Municipality) -> tuple[dict[str, list[Street]], list[Street]]:
    """Streets by neighbourhood, and those whose name tells the neighbourhood; none is named after a neighbourhood."""
    names = {
        " ".join(words(fold(written))) for row in municipality.neighbourhoods for written in (row.name, *row.aliases)
    }
    plain = [street for street in municipality.streets if street.type in _STREET_TYPES and not _says(street, names)]
    by_name: dict[tuple[str, str], list[Street]] = defaultdict(list)
    by_neighbourhood: dict[str, list[Street]] = defaultdict(list)
    for street in plain:
        by_name[key_of(read_name(street.name)), street.type].append(street)
        by_neighbourhood[street.neighbourhood].append(street)
    alone = [same[0] for same in by_name.values() if len(same) == 1 and not same[0].name[0].isdigit()]
    return dict(by_neighbourhood), [street for street in alone if _tells_enough(street)]


def _says(street: Street, names: set[str]) -> bool:
    """Whether a neighbourhood's name stands in the street's, or a street's type ("Mektep Sokak" Sokak)."""
    spaced = f" {' '.join(words(fold(street.name)))} "
    return any(f" {name} " in spaced for name in (*names, "sokak", "cadde"))


def _tells_enough(street: Street) -> bool:
    """Two words at least: a street called by one common word is easily another one."""
    return len(street.name.split()) >= 2


def _called(street: Street) -> str:
    numbered = street.name[0].isdigit()
    ending = "" if numbered or street.type == "Sokak" else {"Cadde": "si", "Bulvar": "ı"}[street.type]
    return f"{street.name} {street.type}{ending}"


def _in_street(street: Street, chance: random.Random) -> tuple[str, str]:
    """(what begins a sentence, what stands as an address).

    An address ends with no number: "No: 70. Sokakta çukur var" would name 70. Sokak.
    """
    called, number = _called(street), chance.randrange(1, 120)
    suffix = "nde" if called.endswith("si") else "nda" if called.endswith("ı") else "de" if called.endswith("e") else ""
    suffix = suffix or ("ta" if called.endswith("k") else "da")
    at = chance.choice((f"{called}'{suffix}", f"{called} No: {number} önünde", f"{called} {chance.choice(_LANDMARKS)}"))
    return at, chance.choice((f"{called} No: {number}/A", called, f"{called} no {number} zemin kat"))


def _ground(area: Area) -> BaseGeometry:
    whole = MultiPolygon([Polygon(rings[0], rings[1:]) for rings in area.polygons])
    inner = whole.buffer(-EDGE_DEGREES)
    ground = whole if inner.is_empty else inner
    prepare(ground)
    return ground
