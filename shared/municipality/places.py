"""Where a case lies: neighbourhoods with their streets and ground, and the neighbours outside."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field, NonNegativeInt, field_validator

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
        return tuple(alias.strip() for alias in value.split("|") if alias.strip()) if isinstance(value, str) else value


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


@dataclass(frozen=True, slots=True)
class Area:
    """The ground of a neighbourhood: polygons of closed rings of (longitude, latitude), outer ring first."""

    code: str
    polygons: tuple[tuple[Ring, ...], ...]
