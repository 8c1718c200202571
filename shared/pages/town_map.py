"""Light maps of the municipality's own ground, drawn from its polygons: nothing is asked of an outside host."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from shapely import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from shared.municipality import Area, Municipality, Neighbourhood

UNITS_PER_DEGREE: Final = 100_000  # of latitude: 1.1 m a unit
METRES_PER_UNIT: Final = 1.1132
TOWN_UNITS_MAX: Final = 1_600_000  # of ground: 2 km²; larger ones are villages and fields, shown from further away
ROUGHNESS_UNITS: Final = 6  # corners nearer than this to a straight line are left out
SHADED_ROUGHNESS_UNITS: Final = 25  # the same for a map of the whole town, some 1,000 pixels wide
VIEW_UNITS: Final = (1_500, 900)  # what lies round a point: about 1,700 by 1,000 m
NAMED_UNITS_MIN: Final = 60_000  # a smaller piece of a neighbourhood has no room for its name
MARGIN: Final = 0.08  # of a neighbourhood's size, left free round it
SCALE_METRES: Final = 200
HATCHED: Final = (
    '<defs><pattern id="hatched" width="120" height="120" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="120" height="120"/><rect class="hatch-line" width="50" height="120"/>'
    "</pattern></defs>"
)


def town_map(place: Municipality) -> str:
    """An SVG of the neighbourhoods, each named, with what its script needs to turn a point into degrees.

    x grows to the east from `data-west`, y to the south from `data-north`; `data-across` and `data-down` are
    units per degree.
    """
    sheet = _Sheet.of(place)
    drawn = [sheet.neighbourhood(area, place.neighbourhood(area.code)) for area in place.areas]
    shapes, names = ("".join(parts) for parts in zip(*drawn, strict=True))  # names lie above every ground
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width} {sheet.height}" data-west="{sheet.west}"'
        f' data-north="{sheet.north}" data-across="{sheet.across:.3f}" data-down="{UNITS_PER_DEGREE}">'
        f"{shapes}{names}</svg>"
    )


@dataclass(frozen=True, slots=True)
class Shade:
    """How a neighbourhood is drawn: `depth` chooses the class `shade-<depth>`, `words` are shown and read out.

    `depth` None: its figure is not shown, and it is hatched. `href` "": it is no link.
    """

    depth: int | None
    words: str
    href: str = ""


class ShadedMaps:
    """Maps of all neighbourhoods, each in the shade of a figure; made ready once."""

    def __init__(self, place: Municipality) -> None:
        self._sheet = _Sheet.of(place) if place.areas else None
        self._grounds = [
            (area.code, "".join(_lines(polygon) for polygon in self._sheet.polygons(area, SHADED_ROUGHNESS_UNITS)))
            for area in place.areas
            if self._sheet
        ]

    def draw(self, shades: Mapping[str, Shade], label: str) -> str:
        """An SVG with a link for each neighbourhood that has a shade (by official id); "" without any ground.

        The links are for the mouse: who uses keys has the same ones in the table beside it.
        """
        if not self._sheet:
            return ""
        grounds = "".join(_shaded(lines, shades.get(code)) for code, lines in self._grounds)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="shaded-map" role="group" aria-label={quoteattr(label)}'
            f' viewBox="0 0 {self._sheet.width} {self._sheet.height}">{HATCHED}{grounds}</svg>'
        )


class PlaceMaps:
    """Drawings of one place each, from grounds that are made ready once."""

    def __init__(self, place: Municipality) -> None:
        self._sheet = _Sheet.of(place) if place.areas else None
        self._grounds = [
            (area.code, place.neighbourhood(area.code).name, MultiPolygon(self._sheet.polygons(area)))
            for area in place.areas
            if self._sheet
        ]

    def draw(self, latitude: float | None, longitude: float | None, neighbourhood: str | None, label: str) -> str:
        """An SVG of what lies round a point, with a pin on it; without one of the neighbourhood (official id).

        "" where neither is known, or the point lies outside of the municipality's ground. `label` is read out.
        """
        here = next((ground for code, _, ground in self._grounds if code == neighbourhood), None)
        if latitude is not None and longitude is not None and self._sheet:
            x, y = self._sheet.point(longitude, latitude)
            view = box(x - VIEW_UNITS[0] / 2, y - VIEW_UNITS[1] / 2, x + VIEW_UNITS[0] / 2, y + VIEW_UNITS[1] / 2)
            return self._drawn(view, neighbourhood, label, _pin(x, y))
        return self._drawn(_around(here), neighbourhood, label, "") if here is not None else ""

    def _drawn(self, view: Polygon, neighbourhood: str | None, label: str, pin: str) -> str:
        left, top, right, bottom = view.bounds
        width = right - left
        pieces = [
            (code == neighbourhood, name, ground.intersection(view))
            for code, name, ground in self._grounds
            if ground.intersects(view)
        ]
        if not pieces:
            return ""
        grounds = "".join(
            f'<path class="{"here" if is_here else "ground"}" d="{_lines(shape)}"/>' for is_here, _, shape in pieces
        )
        smallest = NAMED_UNITS_MIN * (width / VIEW_UNITS[0]) ** 2
        names = "".join(
            _name(name, shape, width) for is_here, name, shape in pieces if is_here or shape.area > smallest
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="place-map" role="img" aria-label={quoteattr(label)}'
            f' viewBox="{left:.0f} {top:.0f} {width:.0f} {bottom - top:.0f}">'
            f"{grounds}{names}{_scale(left, bottom, width)}{pin}</svg>"
        )


def _shaded(lines: str, shade: Shade | None) -> str:
    if shade is None:
        return f'<path class="no-shade" d="{lines}"/>'
    style = "hatched" if shade.depth is None else f"shade-{shade.depth}"
    ground = f'<path class="{style}" d="{lines}"><title>{escape(shade.words)}</title></path>'
    if not shade.href:
        return ground
    return f'<a href={quoteattr(shade.href)} tabindex="-1" aria-label={quoteattr(shade.words)}>{ground}</a>'


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The drawing's corner and scale."""

    west: float
    north: float
    across: float
    width: int
    height: int

    @staticmethod
    def of(place: Municipality) -> "_Sheet":
        points = [point for area in place.areas for rings in area.polygons for point in rings[0]]
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        north, south = max(y for _, y in points), min(y for _, y in points)
        across = UNITS_PER_DEGREE * cos(radians((north + south) / 2))
        width, height = round((east - west) * across), round((north - south) * UNITS_PER_DEGREE)
        return _Sheet(west, north, across, width, height)

    def neighbourhood(self, area: Area, row: Neighbourhood) -> tuple[str, str]:
        """Its ground, and its name where there is most room for it."""
        polygons = self.polygons(area)
        lines = "".join(_lines(polygon) for polygon in polygons)
        largest = max(polygons, key=lambda polygon: polygon.area)
        middle, kind = largest.representative_point(), "town" if largest.area < TOWN_UNITS_MAX else "land"
        ground = f'<path class="{kind}" data-name={quoteattr(row.name)} d="{lines}"/>'
        return ground, f'<text x="{middle.x:.0f}" y="{middle.y:.0f}">{escape(row.name)}</text>'

    def polygons(self, area: Area, roughness: float = ROUGHNESS_UNITS) -> list[Polygon]:
        """The ground of a neighbourhood in units of this sheet."""
        return [self._polygon(rings, roughness) for rings in area.polygons]

    def point(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Degrees in units of this sheet."""
        return (longitude - self.west) * self.across, (self.north - latitude) * UNITS_PER_DEGREE

    def _polygon(self, rings: tuple[tuple[tuple[float, float], ...], ...], roughness: float) -> Polygon:
        drawn = [[self.point(x, y) for x, y in ring] for ring in rings]
        return Polygon(drawn[0], drawn[1:]).simplify(roughness)


def _around(ground: BaseGeometry) -> Polygon:
    """The whole of a neighbourhood, in a frame as wide as that of a point."""
    left, top, right, bottom = ground.bounds
    shape = VIEW_UNITS[0] / VIEW_UNITS[1]
    width = max(right - left, (bottom - top) * shape) * (1 + 2 * MARGIN)
    x, y = (left + right) / 2, (top + bottom) / 2
    return box(x - width / 2, y - width / shape / 2, x + width / 2, y + width / shape / 2)


def _name(name: str, shape: BaseGeometry, width: float) -> str:
    largest = max(_polygons(shape), key=lambda polygon: polygon.area)
    middle = largest.representative_point()
    size = width / 36
    return f'<text x="{middle.x:.0f}" y="{middle.y:.0f}" font-size="{size:.0f}">{escape(name)}</text>'


def _pin(x: float, y: float) -> str:
    """Its tip stands on the point."""
    return (
        f'<path class="pin" d="M{x:.0f} {y:.0f}c-14-34-40-52-40-84a40 40 0 1 1 80 0c0 32-26 50-40 84z"/>'
        f'<circle class="pin-eye" cx="{x:.0f}" cy="{y - 84:.0f}" r="15"/>'
    )


def _scale(left: float, bottom: float, width: float) -> str:
    long = SCALE_METRES / METRES_PER_UNIT
    x, y, size = left + width / 40, bottom - width / 40, width / 45
    return (
        f'<path class="scale" d="M{x:.0f} {y - size / 2:.0f}v{size / 2:.0f}h{long:.0f}v{-size / 2:.0f}"/>'
        f'<text class="scale-words" x="{x + long / 2:.0f}" y="{y - size / 1.5:.0f}" font-size="{size:.0f}">'
        f"{SCALE_METRES} m</text>"
    )


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    parts = getattr(shape, "geoms", [shape])
    return [part for part in parts if isinstance(part, Polygon)]


def _lines(shape: BaseGeometry) -> str:
    rings = (ring for polygon in _polygons(shape) for ring in (polygon.exterior, *polygon.interiors))
    return "".join(_line(list(ring.coords)) for ring in rings)


def _line(coords: list[tuple[float, ...]]) -> str:
    """A closed path in whole units, each step from the last one."""
    points = [(round(point[0]), round(point[1])) for point in coords]
    x, y = points[0]
    return f"M{x} {y}l" + " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(points)) + "z"
