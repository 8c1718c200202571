"""Whether two reports tell of the same problem: same kind of thing, same place, near in time, alike in words.

Few are compared: each report has keys (what it is about and where, as hashes), and only those that share a key with
it within the time window are looked at, so that the cost of a report does not grow with the history.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from math import cos, exp, floor, hypot, log, log1p, radians
from typing import Final

from services.router.domain.signature import Rarity, Signature
from shared.municipality import Reach

CANDIDATES_PER_KEY_MAX: Final = 32
PROPOSALS_MAX: Final = 5
METRES_PER_DEGREE: Final = 111_320.0
# The log the weights were learned from was searched this far; a larger reach is scaled down to it.
LEARNED_METRES: Final = 150.0
# Where there are no two points: how far apart two reports with the same … usually are (metres). A landmark is a
# building or a park; half of İlkadım's streets are shorter than 130 m.
SAME_ADDRESS_METRES: Final = 5.0
SAME_LANDMARK_METRES: Final = 30.0
SAME_STREET_METRES: Final = 60.0
# Set by hand, since the log has none of it: two topics of one group; no more in common than a neighbourhood of some
# thousand people, or a street that may be kilometres long; words (0.2 is what two reports share by chance).
OTHER_TOPIC: Final = -0.7
SOMEWHERE_IN_IT: Final = -1.5
ALIKE_BY_CHANCE: Final = 0.2
ALIKE_WEIGHT: Final = 3.0
_CONFIDENCE_MAX: Final = 0.99


class By(StrEnum):
    """What says that two reports are of one place."""

    POINTS = "points"
    ADDRESS = "address"
    LANDMARK = "landmark"
    STREET = "street"
    LONG_STREET = "long street"
    NEIGHBOURHOOD = "neighbourhood"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a problem is, as far as it is known. Degrees are WGS84; names are folded, `street` without its number."""

    latitude: float | None = None
    longitude: float | None = None
    neighbourhood: str | None = None
    street: str | None = None
    door: str | None = None
    landmark: str | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """(latitude, longitude), or None."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    @property
    def is_coarse(self) -> bool:
        """Whether no more than the neighbourhood is known."""
        return self.point is None and self.street is None and self.landmark is None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One report as the matcher sees it. `group` and `topic` are codes; `head` is the report it was gathered into."""

    id: Hashable
    at: datetime
    group: str
    topic: str
    spot: Spot
    signature: Signature = frozenset()
    head: "Sighting | None" = None

    @property
    def first(self) -> "Sighting":
        """The report its incident started with; itself when it stands alone."""
        return self.head or self


@dataclass(frozen=True, slots=True)
class Match:
    """How sure it is that `other` tells of the same problem, and why. `alike` is None when words say nothing."""

    other: Sighting
    confidence: float
    metres: float
    hours: float
    by: By
    alike: float | None = None


@dataclass(frozen=True, slots=True)
class Gathering:
    """What follows for a report: `joined` is the one it goes with, `proposed` are other problems it may belong to."""

    joined: Match | None = None
    proposed: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned, see `docs/incidents.md`; the order is that of `features`."""

    bias: float
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Matcher:
    """Compares reports; built once, changes nothing."""

    weights: Weights
    rarity: Rarity

    def gather(
        self,
        report: Sighting,
        candidates: Iterable[Sighting],
        reach: Reach,
        may_lead: Callable[[Sighting], bool] = lambda first: True,
    ) -> Gathering:
        """The report it goes with, or those to show to a person. Pure; the same arguments give the same answer.

        `may_lead` says of the first report of an incident whether others may still join it.
        """
        near = list(_near(report, candidates, reach))
        problems = len({found.other.first.id for found in near})
        matches = [self._weigh(report, found, reach, problems) for found in near]
        best = max((match for match in matches if may_lead(match.other.first)), key=_surest, default=None)
        if best and best.confidence >= reach.join and _reaches(report, best.other.first, reach):
            others = [match for match in matches if match.other.first.id != best.other.first.id]
            return Gathering(best, _to_show(others, reach))
        return Gathering(None, _to_show(matches, reach))

    def _weigh(self, report: Sighting, found: "_Near", reach: Reach, problems: int) -> Match:
        values = features(found.metres * min(1.0, LEARNED_METRES / reach.radius_metres), found.hours, problems)
        logit = self.weights.bias + sum(a * b for a, b in zip(self.weights.weights, values, strict=True))
        alike = self.rarity.alike(report.signature, found.other.signature)
        logit += reach.prior
        logit += OTHER_TOPIC if report.topic != found.other.topic else 0.0
        logit += ALIKE_WEIGHT * (alike - ALIKE_BY_CHANCE) if alike is not None else 0.0
        somewhere = found.by is By.LONG_STREET or (found.by is By.NEIGHBOURHOOD and not reach.whole_neighbourhood)
        logit += SOMEWHERE_IN_IT if somewhere else 0.0
        confidence = min(_CONFIDENCE_MAX, 1 / (1 + exp(-logit)))
        if somewhere:
            confidence = min(confidence, (reach.propose + reach.join) / 2)  # for a person to judge
        return Match(found.other, confidence, found.metres, found.hours, found.by, alike)


def features(metres: float, hours: float, problems: int) -> tuple[float, ...]:
    """What was learned from. `problems`: how many different problems of the kind are known about the place."""
    here = 1.0 if metres <= SAME_ADDRESS_METRES else 0.0
    close = exp(-metres / 25)
    lateness = log1p(hours)
    crowd = log(max(1, problems))
    return (
        here,
        close,
        exp(-metres / 80),
        metres / LEARNED_METRES,
        exp(-hours / 0.5),
        exp(-hours / 6),
        exp(-hours / 72),
        lateness,
        crowd,
        here * lateness,
        close * lateness,
        here * crowd,
    )


def keys(report: Sighting, reach: Reach) -> list[int]:
    """The keys under which a report is found again: its cell, street, landmark and neighbourhood (64-bit hashes)."""
    spot = report.spot
    found = []
    if spot.point:
        found.append(_key(report.group, "cell", *_cell(*spot.point, reach.radius_metres)))
    if spot.street:
        found.append(_key(report.group, "street", spot.neighbourhood, spot.street))
    if spot.landmark:
        found.append(_key(report.group, "landmark", spot.landmark))
    if spot.neighbourhood:
        found.append(_key(report.group, "within", spot.neighbourhood))
        if spot.is_coarse:
            found.append(_key(report.group, "somewhere", spot.neighbourhood))
    return found


def search_keys(report: Sighting, reach: Reach) -> list[int]:
    """The keys of the reports it may go with: the cells around it, its street, landmark and neighbourhood.

    One that knows no more than its neighbourhood may go with any there, one that knows its place only with those
    that know no more.
    """
    spot = report.spot
    found = []
    if spot.point:
        found += [_key(report.group, "cell", *cell) for cell in _cells_around(*spot.point, reach.radius_metres)]
    if spot.street:
        found.append(_key(report.group, "street", spot.neighbourhood, spot.street))
    if spot.landmark:
        found.append(_key(report.group, "landmark", spot.landmark))
    if spot.neighbourhood:
        anywhere = spot.is_coarse or reach.whole_neighbourhood
        found.append(_key(report.group, "within" if anywhere else "somewhere", spot.neighbourhood))
    return found


@dataclass
class Index:
    """The latest reports by key, in memory: for one batch, or one file. Never grows beyond its limit a key."""

    _by_key: dict[int, deque[Sighting]] = field(default_factory=dict)

    def add(self, report: Sighting, reach: Reach) -> None:
        """Remember a report under its keys; the oldest under a full key is forgotten."""
        for key in keys(report, reach):
            self.put(key, report)

    def put(self, key: int, report: Sighting) -> None:
        """Remember a report under one key."""
        self._by_key.setdefault(key, deque(maxlen=CANDIDATES_PER_KEY_MAX)).append(report)

    def near(self, report: Sighting, reach: Reach) -> list[Sighting]:
        """The reports that share a key with it, each once."""
        found = {
            candidate.id: candidate for key in search_keys(report, reach) for candidate in self._by_key.get(key, ())
        }
        return list(found.values())


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two points (latitude, longitude) as the crow flies; good to a metre within a city."""
    north = (one[0] - other[0]) * METRES_PER_DEGREE
    east = (one[1] - other[1]) * METRES_PER_DEGREE * cos(radians(one[0]))
    return hypot(north, east)


@dataclass(frozen=True, slots=True)
class _Near:
    other: Sighting
    metres: float
    hours: float
    by: By


def _near(report: Sighting, candidates: Iterable[Sighting], reach: Reach) -> Iterator[_Near]:
    for other in candidates:
        hours = abs((report.at - other.at).total_seconds()) / 3600
        if hours > reach.window_hours or other.group != report.group or other.id == report.id:
            continue
        if (apart := _apart(report.spot, other.spot, reach)) is not None:
            yield _Near(other, apart[0], hours, apart[1])


def _apart(one: Spot, other: Spot, reach: Reach) -> tuple[float, By] | None:
    """How many metres apart two places are, and what says so; None: too far, or nobody can tell."""
    if (here := one.point) and (there := other.point):
        metres = metres_between(here, there)
        return (metres, By.POINTS) if metres <= reach.radius_metres else None
    if one.street and (one.street, one.neighbourhood) == (other.street, other.neighbourhood):
        if one.neighbourhood is None and (one.door is None or one.door != other.door):
            return LEARNED_METRES, By.LONG_STREET
        if one.door and other.door:
            return (SAME_ADDRESS_METRES, By.ADDRESS) if one.door == other.door else (SAME_STREET_METRES, By.STREET)
        return SAME_STREET_METRES, By.STREET
    if one.landmark and one.landmark == other.landmark:
        return SAME_LANDMARK_METRES, By.LANDMARK
    anywhere = reach.whole_neighbourhood or one.is_coarse or other.is_coarse
    if anywhere and one.neighbourhood and one.neighbourhood == other.neighbourhood:
        return float(reach.radius_metres), By.NEIGHBOURHOOD
    return None


def _reaches(report: Sighting, head: Sighting, reach: Reach) -> bool:
    """Whether it is still near where the incident started: gathered step by step, one must not wander off."""
    here, there = report.spot.point, head.spot.point
    return not here or not there or metres_between(here, there) <= 1.5 * reach.radius_metres


def _surest(match: Match) -> tuple[float, float, float]:
    return match.confidence, -match.metres, -match.hours


def _to_show(matches: Sequence[Match], reach: Reach) -> tuple[Match, ...]:
    """One of each problem, the nearest first: that is what a person looks for."""
    one_each: dict[Hashable, Match] = {}
    for match in sorted(matches, key=_surest):
        if match.confidence >= reach.propose:
            one_each[match.other.first.id] = match
    return tuple(sorted(one_each.values(), key=lambda match: (round(match.metres), match.hours))[:PROPOSALS_MAX])


def _cell(latitude: float, longitude: float, metres: int) -> tuple[int, int, int]:
    """The cell of a point: a square twice as wide as the radius, so that four of them hold all that is near."""
    row = floor(latitude * METRES_PER_DEGREE / (2 * metres))
    return metres, row, floor(_across(longitude, row, metres))


def _cells_around(latitude: float, longitude: float, metres: int) -> Iterator[tuple[int, int, int]]:
    for row in _nearest_two(latitude * METRES_PER_DEGREE / (2 * metres)):
        yield from ((metres, row, column) for column in _nearest_two(_across(longitude, row, metres)))


def _across(longitude: float, row: int, metres: int) -> float:
    """The column of a longitude in a row of cells, which hold fewer degrees in the south than in the north."""
    degree = max(1.0, cos(radians((row + 0.5) * 2 * metres / METRES_PER_DEGREE)) * METRES_PER_DEGREE)
    return longitude * degree / (2 * metres)


def _nearest_two(place: float) -> tuple[int, int]:
    """The cell of a place, in cells, and the neighbour on whose side it lies."""
    cell = floor(place)
    return (cell, cell + 1) if place - cell >= 0.5 else (cell - 1, cell)


def _key(*parts: object) -> int:
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
