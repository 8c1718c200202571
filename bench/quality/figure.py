"""A measured figure with its interval, its aim, and how it was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np

Z_95 = 1.96
RESAMPLES = 1_000
SEED = 20260101


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "≥"
    LOWER = "≤"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `interval`: 95 %, None where nothing is sampled; `how`: data, split, seeds, count."""

    what: str
    value: float
    interval: tuple[float, float] | None = None
    aim: float | None = None
    better: Better = Better.HIGHER
    how: str = ""
    unit: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the aim is reached; None: there is no aim."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.better is Better.HIGHER else self.value <= self.aim


def share(right: int, of: int) -> tuple[float, tuple[float, float]]:
    """A share with its 95 % interval (Wilson)."""
    if of == 0:
        return 0.0, (0.0, 1.0)
    part, spread = right / of, Z_95**2 / of
    middle = (part + spread / 2) / (1 + spread)
    half = Z_95 * sqrt(part * (1 - part) / of + spread / (4 * of)) / (1 + spread)
    return part, (max(0.0, middle - half), min(1.0, middle + half))


def resampled(of: Callable[[Sequence[int]], float], count: int, times: int = RESAMPLES) -> tuple[float, float]:
    """The 95 % interval of a figure over rows 0 to `count`, by drawing rows with replacement (bootstrap)."""
    draw = np.random.default_rng(SEED)
    values = [of(draw.integers(0, count, count).tolist()) for _ in range(times)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
