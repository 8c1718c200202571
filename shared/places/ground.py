"""What lies at a point: a neighbourhood, a neighbouring district, the sea, or nothing that can be meant."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, erf, isfinite, radians, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Point, Polygon, STRtree, prepare

from shared.municipality import Area, CoastPoint, Neighbour
from shared.places.found import CANDIDATE_FROM, ClueCode

# A telephone's fix is off by some fifteen metres in a street.
FIX_METRES: Final = 15.0
# A point is taken at its word: what lies across a border gets at most this, right at the border.
ACROSS_SHARE_MAX: Final = 0.15
# On a quay or a breakwater, or a fix that fell into the water.
COAST_METRES: Final = 150.0
ADJACENT_METRES: Final = 40.0
# A rural centre may lie that far from the edge of its own neighbourhood.
NEIGHBOUR_KILOMETRES_MAX: Final = 6.0
NEAREST_COUNT: Final = 5
# Beyond this it is no slip of a finger on our map any more: whatever lies there is just far away.
SEA_KILOMETRES_MAX: Final = 40.0
_METRES_PER_DEGREE: Final = 111_195.0


@dataclass(frozen=True, slots=True)
class PointFound:
    """`shares` by neighbourhood, the one around the point first; none outside. `district_share`: how sure it is."""

    shares: tuple[tuple[str, float], ...] = ()
    is_near_coast: bool = False
    is_outside: bool = False
    district: str | None = None
    district_share: float | None = None
    refused: ClueCode | None = None


class Ground:
    """The polygons of the neighbourhoods, the centres of the neighbours' and the shore, indexed once."""

    def __init__(self, areas: Sequence[Area], neighbours: Sequence[Neighbour], coast: Sequence[CoastPoint]) -> None:
        self._codes = [area.code for area in areas]
        self._narrow = cos(radians(areas[0].polygons[0][0][0][1])) if areas else 1.0
        # Degrees of longitude are shorter than those of latitude: narrowed, distances are true to scale.
        self._shapes = [self._shape(area) for area in areas]
        prepare(self._shapes)
        self._tree = STRtree(self._shapes)
        self._districts = [row.district for row in neighbours]
        self._centres = np.array([(row.longitude * self._narrow, row.latitude) for row in neighbours]).reshape(-1, 2)
        self._coast = _Coast([(point.longitude * self._narrow, point.latitude) for point in coast])

    def at(self, latitude: float, longitude: float) -> PointFound:
        """What lies there; total over all numbers, also those that are none."""
        if not self._shapes:
            return PointFound()
        if not (isfinite(latitude) and isfinite(longitude)) or abs(latitude) > 90 or abs(longitude) > 180:
            return PointFound(refused=ClueCode.REFUSED_GLOBE)
        if latitude == 0 and longitude == 0:
            return PointFound(refused=ClueCode.REFUSED_ZERO)
        point = Point(longitude * self._narrow, latitude)
        if len(inside := self._tree.query(point, predicate="intersects")):
            return PointFound(self._shares(point, int(min(inside))))
        if self._is_swapped(latitude, longitude):
            return PointFound(refused=ClueCode.REFUSED_SWAPPED)
        return self._outside(point)

    def adjacent(self) -> dict[str, frozenset[str]]:
        """Which neighbourhoods lie beside each, a river or a road between them or not."""
        reach = ADJACENT_METRES / _METRES_PER_DEGREE
        pairs = self._tree.query(self._shapes, predicate="dwithin", distance=reach) if self._shapes else ((), ())
        beside: dict[str, set[str]] = {code: set() for code in self._codes}
        for left, right in zip(*pairs, strict=True):
            if left != right:
                beside[self._codes[int(left)]].add(self._codes[int(right)])
        return {code: frozenset(codes) for code, codes in beside.items()}

    def _shape(self, area: Area) -> MultiPolygon:
        rings = [
            [[(longitude * self._narrow, latitude) for longitude, latitude in ring] for ring in polygon]
            for polygon in area.polygons
        ]
        return MultiPolygon([Polygon(polygon[0], polygon[1:]) for polygon in rings])

    def _shares(self, point: Point, inside: int) -> tuple[tuple[str, float], ...]:
        """The neighbourhood round the point, and those across a border that is near."""
        reach = 3 * FIX_METRES / _METRES_PER_DEGREE
        near = [int(at) for at in self._tree.query(point, predicate="dwithin", distance=reach) if at != inside]
        across = [(self._codes[at], self._across(point, at)) for at in near]
        across = sorted([row for row in across if row[1] >= CANDIDATE_FROM], key=lambda row: (-row[1], row[0]))
        total = max(1.0, sum(share for _, share in across) / ACROSS_SHARE_MAX)
        across = [(code, share / total) for code, share in across]
        return ((self._codes[inside], 1 - sum(share for _, share in across)), *across)

    def _across(self, point: Point, at: int) -> float:
        metres = self._shapes[at].distance(point) * _METRES_PER_DEGREE
        return ACROSS_SHARE_MAX * (1 - erf(metres / FIX_METRES / sqrt(2)))

    def _is_swapped(self, latitude: float, longitude: float) -> bool:
        """Whether the numbers lie here, or next door, once they change places."""
        if abs(longitude) > 90:
            return False
        turned = Point(latitude * self._narrow, longitude)
        return self._metres_off(turned) <= COAST_METRES or self._district(turned)[0] is not None

    def _outside(self, point: Point) -> PointFound:
        metres = self._metres_off(point)
        if self._coast.is_water(point.x, point.y):
            if metres > COAST_METRES:
                return PointFound(refused=ClueCode.REFUSED_SEA)
            return PointFound(((self._nearest(point), 1.0),), is_near_coast=True)
        district, share = self._district(point)
        chance = ACROSS_SHARE_MAX * (1 - erf(metres / FIX_METRES / sqrt(2)))
        shares = ((self._nearest(point), chance),) if chance >= CANDIDATE_FROM else ()
        return PointFound(shares, is_outside=True, district=district, district_share=share)

    def _nearest(self, point: Point) -> str:
        return self._codes[int(self._tree.nearest(point))]

    def _metres_off(self, point: Point) -> float:
        """How far our ground is."""
        return float(self._shapes[int(self._tree.nearest(point))].distance(point)) * _METRES_PER_DEGREE

    def _district(self, point: Point) -> tuple[str | None, float | None]:
        """The district of the nearest centres, the nearer the more they count; None: far from all of them."""
        if not self._districts:
            return None, None
        kilometres: npt.NDArray[np.float64] = (
            np.hypot(*(self._centres - (point.x, point.y)).T) * _METRES_PER_DEGREE / 1000
        )
        nearest = np.argsort(kilometres, kind="stable")[:NEAREST_COUNT]
        if kilometres[nearest[0]] > NEIGHBOUR_KILOMETRES_MAX:
            return None, None
        weights: dict[str, float] = {}
        for at in nearest.tolist():
            district = self._districts[at]
            weights[district] = weights.get(district, 0.0) + 1 / max(float(kilometres[at]), 0.001)
        best = max(weights, key=lambda district: (weights[district], district))
        return best, weights[best] / sum(weights.values())


class _Coast:
    """The shore as a line from west to east with the water north of it."""

    def __init__(self, line: Sequence[tuple[float, float]]) -> None:
        self._line = tuple(line)

    def is_water(self, x: float, y: float) -> bool:
        """Whether it lies off the shore; beyond the ends of the line nobody knows, and far out it does not matter."""
        at = bisect_left(self._line, (x, -90.0))
        if at in (0, len(self._line)):
            return False
        (west, low), (east, high) = self._line[at - 1], self._line[at]
        shore = low + (high - low) * (x - west) / (east - west)
        return shore < y < shore + SEA_KILOMETRES_MAX * 1000 / _METRES_PER_DEGREE
