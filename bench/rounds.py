"""Measured rounds as values, and what several of them say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

# The world outside: what these processes cost is shown, and is not the product's.
LOAD: Final = "load generator"
SIMULATOR: Final = "whatsapp"
DEPARTMENT: Final = "department"
OUTSIDE: Final = (LOAD, SIMULATOR, DEPARTMENT)
GENERATOR: Final = "generator"
BROKER: Final = "broker"
DATABASE: Final = "postgresql"
SERVERS: Final = (BROKER, DATABASE)


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement: `cases` went through in `seconds`; CPU milliseconds of each process over all of them."""

    cases: int
    seconds: float
    cpu_ms: dict[str, float]

    @property
    def cases_per_second(self) -> float:
        return self.cases / self.seconds

    def per_case_ms(self, names: Sequence[str]) -> float:
        """CPU milliseconds a case of these processes together."""
        return sum(self.cpu_ms[name] for name in names) / self.cases


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds with its extremes."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Rounds that were measured alternately: the floor, the system, the system with every status reported.

    `idle_ms_per_second` is what each process costs while nothing happens.
    """

    floor: Sequence[Round]
    system: Sequence[Round]
    with_statuses: Sequence[Round]
    idle_ms_per_second: dict[str, float]

    @property
    def ratio(self) -> Spread:
        """A case of the product beside a case of the whole floor, round by round."""
        return self._ratio(self.system, ())

    @property
    def ratio_with_statuses(self) -> Spread:
        """The same where the provider reports `sent` and `delivered` of each reply."""
        return self._ratio(self.with_statuses, ())

    @property
    def ratio_alike(self) -> Spread:
        """Beside the floor without its own outside: the process that sends and the one that stands for departments."""
        return self._ratio(self.system, (GENERATOR, DEPARTMENT))

    def _ratio(self, system: Sequence[Round], left_out: Sequence[str]) -> Spread:
        pairs = zip(system, self.floor, strict=True)
        return spread([product_ms(mine) / _without(floor, left_out) for mine, floor in pairs])


def product_ms(measured: Round) -> float:
    """CPU milliseconds a case of the services, the broker and the database."""
    return _without(measured, OUTSIDE)


def spread(values: Sequence[float]) -> Spread:
    """Raises StatisticsError when there are no values."""
    return Spread(median(values), min(values), max(values))


def _without(measured: Round, left_out: Sequence[str]) -> float:
    return measured.per_case_ms([name for name in measured.cpu_ms if name not in left_out])
