"""A light map of the municipality's own ground, drawn from its polygons: nothing is asked of an outside host."""

from itertools import pairwise
from math import cos, radians
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from shapely import Polygon

from shared.municipality import Area, Municipality, Neighbourhood

UNITS_PER_DEGREE: Final = 100_000  # of latitude: 1.1 m a unit
TOWN_UNITS_MAX: Final = 1_600_000  # of ground: 2 km²; larger ones are villages and fields, shown from further away
ROUGHNESS_UNITS: Final = 6  # corners nearer than this to a straight line are left out


def town_map(place: Municipality) -> str:
    """An SVG of the neighbourhoods, each named, with what its script needs to turn a point into degrees.

    x grows to the east from `data-west`, y to the south from `data-north`; `data-across` and `data-down` are
    units per degree.
    """
    points = [point for area in place.areas for rings in area.polygons for point in rings[0]]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    north, south = max(y for _, y in points), min(y for _, y in points)
    across = UNITS_PER_DEGREE * cos(radians((north + south) / 2))
    sheet = _Sheet(west, north, across)
    width, height = round((east - west) * across), round((north - south) * UNITS_PER_DEGREE)
    drawn = [sheet.neighbourhood(area, place.neighbourhood(area.code)) for area in place.areas]
    shapes, names = ("".join(parts) for parts in zip(*drawn, strict=True))  # names lie above every ground
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" data-west="{west}"'
        f' data-north="{north}" data-across="{across:.3f}" data-down="{UNITS_PER_DEGREE}">{shapes}{names}</svg>'
    )


class _Sheet:
    """The drawing's corner and scale."""

    def __init__(self, west: float, north: float, across: float) -> None:
        self._west, self._north, self._across = west, north, across

    def neighbourhood(self, area: Area, row: Neighbourhood) -> tuple[str, str]:
        """Its ground, and its name where there is most room for it."""
        polygons = [self._polygon(rings) for rings in area.polygons]
        lines = "".join(_line(ring) for polygon in polygons for ring in (polygon.exterior, *polygon.interiors))
        largest = max(polygons, key=lambda polygon: polygon.area)
        middle, kind = largest.representative_point(), "town" if largest.area < TOWN_UNITS_MAX else "land"
        ground = f'<path class="{kind}" data-name={quoteattr(row.name)} d="{lines}"/>'
        return ground, f'<text x="{middle.x:.0f}" y="{middle.y:.0f}">{escape(row.name)}</text>'

    def _polygon(self, rings: tuple[tuple[tuple[float, float], ...], ...]) -> Polygon:
        drawn = [[self._point(x, y) for x, y in ring] for ring in rings]
        return Polygon(drawn[0], drawn[1:]).simplify(ROUGHNESS_UNITS)

    def _point(self, longitude: float, latitude: float) -> tuple[float, float]:
        return (longitude - self._west) * self._across, (self._north - latitude) * UNITS_PER_DEGREE


def _line(ring: Polygon) -> str:
    """A closed path in whole units, each step from the last one."""
    points = [(round(x), round(y)) for x, y in ring.coords]
    x, y = points[0]
    return f"M{x} {y}l" + " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(points)) + "z"
