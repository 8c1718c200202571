"""Measured rounds as values, and what several of them say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


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

    def __str__(self) -> str:
        return f"{self.median:9.3f}  ({self.least:.3f} to {self.most:.3f})"


def spread(values: Sequence[float]) -> Spread:
    """Raises StatisticsError when there are no values."""
    return Spread(median(values), min(values), max(values))
