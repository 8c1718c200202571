"""The map of the neighbourhoods: cases for each thousand inhabitants, as far as anybody lives there."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from services.reporting.board.address import View
from services.reporting.board.drawn import Words
from services.reporting.board.reading import Whole
from services.reporting.charts.specs import depth
from services.reporting.domain.asking import Axis
from shared.municipality import Municipality
from shared.pages.town_map import Shade, ShadedMaps

# Where fewer live, a single case would colour a whole village.
INHABITANTS_MIN: Final = 200
THOUSAND: Final = 1_000
STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """The map, and from which figure on each shade begins, the lightest first."""

    svg: Markup
    steps: tuple[str, ...]


class NeighbourhoodMap:
    """Draws a view's cases on the municipality's own polygons."""

    def __init__(self, place: Municipality) -> None:
        self._maps = ShadedMaps(place)
        self._people = {row.code: row.population for row in place.neighbourhoods}
        self._has_ground = bool(place.areas)

    def draw(self, view: View, whole: Whole, words: Words) -> DrawnMap | None:
        """None where there is no ground to draw, or nothing to show."""
        lines = [line for line in whole.tables[Axis.NEIGHBOURHOOD] if line.counts.cases]
        rates = {line.value: rate for line in lines if (rate := self.rate(line.value, line.counts.cases)) is not None}
        if not (self._has_ground and rates):
            return None
        most = max(rates.values())
        shades = {
            line.value: Shade(
                depth(rates.get(line.value, 0), most),
                self._told(line.value, line.counts.cases, rates.get(line.value), words),
                view.link("/", neighbourhood=line.value),
            )
            for line in lines
            if line.value
        }
        steps = tuple(words.formats.about(round(most * step / STEPS, 1)) for step in range(STEPS))
        return DrawnMap(Markup(self._maps.draw(shades, words.say("by_neighbourhood"))), steps)  # noqa: S704 - our own

    def rate(self, neighbourhood: str, cases: int) -> float | None:
        """Cases for each thousand inhabitants; None where too few live to say."""
        people = self._people.get(neighbourhood, 0)
        return round(THOUSAND * cases / people, 1) if people >= INHABITANTS_MIN else None

    def _told(self, neighbourhood: str, cases: int, rate: float | None, words: Words) -> str:
        name, count = words.value(Axis.NEIGHBOURHOOD, neighbourhood), words.formats.number(cases)
        if rate is None:
            return words.say("map_cases", name=name, count=count)
        return words.say("map_rate", name=name, count=count, rate=words.formats.about(rate))
