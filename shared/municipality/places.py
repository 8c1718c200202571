"""Where a case lies: neighbourhoods with their streets and ground, and the neighbours outside."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field, NonNegativeInt, field_validator, model_validator

from shared.contracts.channel import Code
from shared.municipality.base import Record, Text
from shared.text import fold, words

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Point: TypeAlias = tuple[float, float]
Ring: TypeAlias = tuple[Point, ...]


class Neighbourhood(Record):
    """A mahalle; `code` is its official id (NVI), the point lies about its middle."""

    code: Code
    name: Text
    population: NonNegativeInt = Field(description="0: nobody lives there (the free zone of the port)")
    latitude: Latitude
    longitude: Longitude
    rural: bool
    aliases: tuple[Text, ...] = Field((), description="what citizens also call it; `a|b` in the file")

    @field_validator("aliases", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _several(value)


class Street(Record):
    """A street as the address registry has it; the same name may stand in several neighbourhoods."""

    code: Code
    name: Text
    type: Text
    neighbourhood: Code


def street_key(name: str, kind: str) -> str:
    """What a street is looked up by wherever it lies: folded name and type, "100 yil bulvar"."""
    return " ".join(words(fold(f"{name} {kind}")))


class Neighbour(Record):
    """A neighbourhood of a neighbouring district, to tell that a place is outside ours."""

    name: Text
    district: Text
    latitude: Latitude
    longitude: Longitude


class Certainty(StrEnum):
    """How sure whoever entered it was; medium decides nothing alone, and wants confirming."""

    HIGH = "high"
    MEDIUM = "medium"


class Landmark(Record):
    """A place everybody knows. It lies in neighbourhoods, or along a street of ours, or in a neighbouring district."""

    code: Code
    name: Text
    aliases: tuple[Text, ...] = Field((), description="`a|b` in the file")
    neighbourhoods: tuple[Code, ...] = Field((), description="`a|b` in the file")
    street: str = Field("", description="name and type as streets.csv has them: another name for that street")
    district: str = Field("", description="the neighbouring district it lies in")
    certainty: Certainty
    source: Text

    @field_validator("aliases", "neighbourhoods", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _several(value)

    @model_validator(mode="after")
    def _lies_in_one_way(self) -> "Landmark":
        if sum(map(bool, (self.neighbourhoods, self.street, self.district))) != 1:
            raise ValueError("give its neighbourhoods, or its street, or its district: one of the three")
        return self


class CoastPoint(Record):
    """A point of the shore, in its order: water lies on the north side. No point: there is no sea."""

    latitude: Latitude
    longitude: Longitude


def _several(value: object) -> object:
    return tuple(one.strip() for one in value.split("|") if one.strip()) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Area:
    """The ground of a neighbourhood: polygons of closed rings of (longitude, latitude), outer ring first."""

    code: str
    polygons: tuple[tuple[Ring, ...], ...]
