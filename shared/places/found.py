"""What is found of a place: neighbourhoods with their probabilities, and what spoke for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from shared.addresses import AddressSpan

# From this probability on a neighbourhood is taken as known; below it there are only candidates.
KNOWN_FROM: Final = 0.8
CANDIDATES_MAX: Final = 5
CANDIDATE_FROM: Final = 0.01


class ClueCode(StrEnum):
    """What was found. `words` of a clue are the text's, folded; `detail` is a neighbourhood's id unless it says so."""

    COORDINATES = "coordinates"  # the point lies in it
    BORDER = "border"  # the point lies in another one, so near to this that it may be meant; `share`
    NEAR_COAST = "near_coast"  # the point lies in the water a few metres off it
    FIELD = "field"  # the form's field names it
    NEIGHBOURHOOD = "neighbourhood"  # the text names it
    ALIAS = "alias"  # the text has one of its other names
    LANDMARK = "landmark"  # the text has a place in it
    STREET = "street"  # a street that lies in it alone
    STREET_SEVERAL = "street_several"  # a street of several, with what else was told most likely in this; `share`
    STREET_OPEN = "street_open"  # a street of several; `detail` is empty
    STREET_ELSEWHERE = "street_elsewhere"  # a street of several, but not of this, where more points to
    CANDIDATE = "candidate"  # what it may be, when it stays open; `share`
    CONTRADICTION = "contradiction"  # it was told, but something that weighs more lies elsewhere
    DISTRICT = "district"  # the text names a neighbouring district; `detail` is its name
    FAR = "far"  # the text names a district or province further away; `detail` is its name
    OUTSIDE = "outside"  # the point lies outside and far away
    OUTSIDE_IN = "outside_in"  # the point lies outside, in the district `detail`; `share`
    REFUSED_ZERO = "refused_zero"  # 0,0 means that the device did not know
    REFUSED_SWAPPED = "refused_swapped"  # latitude and longitude changed places
    REFUSED_SEA = "refused_sea"
    REFUSED_GLOBE = "refused_globe"  # no such point on earth


REFUSALS: Final = frozenset(
    {ClueCode.REFUSED_ZERO, ClueCode.REFUSED_SWAPPED, ClueCode.REFUSED_SEA, ClueCode.REFUSED_GLOBE}
)


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that speaks for a place."""

    code: ClueCode
    words: tuple[str, ...] = ()
    detail: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A neighbourhood (official id) and how probable it is."""

    neighbourhood: str
    probability: float


@dataclass(frozen=True, slots=True)
class StreetFound:
    """A street of ours as it was named. `name` and `type` are folded ("gazi", "cadde"), for rules over streets.

    `shares` are the neighbourhoods it lies in, before anything else was looked at; `codes` are its official ids, `keys`
    what `shared.municipality.street_key` makes of its official names. `words` is what stood in the text.
    """

    name: str
    type: str
    shares: Mapping[str, float]
    codes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    words: str = ""

    @property
    def neighbourhoods(self) -> tuple[str, ...]:
        """Where it lies, the likeliest first."""
        return tuple(sorted(self.shares, key=lambda code: (-self.shares[code], code)))


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """Where a report lies, and why.

    `neighbourhood` is the official id, None below `KNOWN_FROM`; `candidates` come best first, their probabilities sum
    to at most 1. Outside of ours, `outside_district` names the neighbouring district where it is known. `refused` is
    why coordinates were not used. `streets` are all that were named and known, `landmark` the code of a known place,
    `address` the fullest address in the text.
    """

    neighbourhood: str | None = None
    probability: float = 0.0
    candidates: tuple[Candidate, ...] = ()
    streets: tuple[StreetFound, ...] = ()
    landmark: str | None = None
    outside_district: str | None = None
    is_outside: bool = False
    refused: ClueCode | None = None
    address: AddressSpan | None = None
    evidence: tuple[Clue, ...] = field(default=())

    @property
    def street_keys(self) -> tuple[str, ...]:
        """All streets that were named, as rules look them up."""
        return tuple(dict.fromkeys(key for street in self.streets for key in street.keys))

    @property
    def street(self) -> StreetFound | None:
        """The first street that was named, also while the neighbourhood is open."""
        return self.streets[0] if self.streets else None


NOWHERE: Final = PlaceFound()
