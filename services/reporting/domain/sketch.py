"""Durations in bins that can be added and taken away again: a DDSketch, right within 1 % (Masson and others, 2019)."""

from collections.abc import Mapping
from typing import Final

from ddsketch.mapping import LogarithmicMapping

ACCURACY: Final = 0.01
MEDIAN: Final = 0.5
P90: Final = 0.9
HOUR_SECONDS: Final = 3600
# What took less than a second. An old system may say that a case was closed before it was opened: it took no time.
NO_TIME: Final = -1

_MAPPING: Final = LogarithmicMapping(ACCURACY)
# The bin of a number of seconds is the logarithm to this base, rounded up.
GAMMA: Final[float] = _MAPPING.gamma


def bin_of(seconds: int) -> int:
    """The bin of a duration."""
    return int(_MAPPING.key(seconds)) if seconds > 0 else NO_TIME


def hours(bins: Mapping[int, int], share: float) -> float:
    """How long, in hours, that share of the cases took at most. There is at least one case."""
    rank, passed = share * (sum(bins.values()) - 1), 0
    for key in sorted(bins):
        passed += bins[key]
        if passed > rank:
            return 0.0 if key == NO_TIME else float(_MAPPING.value(key)) / HOUR_SECONDS
    raise ValueError("no case was timed")
