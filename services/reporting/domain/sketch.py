"""Durations in bins that can be added and taken away again: a DDSketch, right within 1 % (Masson and others, 2019)."""

from collections.abc import Mapping
from typing import Final

from ddsketch.mapping import LogarithmicMapping

ACCURACY: Final = 0.01
HOUR_SECONDS: Final = 3600
# What took less than a second. An old system may say that a case was closed before it was opened: it took no time.
NO_TIME: Final = -1

_MAPPING: Final = LogarithmicMapping(ACCURACY)
# The bin of a number of seconds is the logarithm to this base, rounded up.
GAMMA: Final[float] = _MAPPING.gamma


def bin_of(seconds: int) -> int:
    """The bin of a duration."""
    return int(_MAPPING.key(seconds)) if seconds > 0 else NO_TIME


def median(bins: Mapping[int, int]) -> float:
    """In hours; of an even number the mean of the middle two. There is at least one case."""
    cases = sum(bins.values())
    return (_hours_at(bins, (cases - 1) // 2) + _hours_at(bins, cases // 2)) / 2


def p90(bins: Mapping[int, int]) -> float:
    """In hours, the first time that more than nine in ten cases did not exceed. There is at least one case."""
    return _hours_at(bins, sum(bins.values()) * 9 // 10)


def _hours_at(bins: Mapping[int, int], rank: int) -> float:
    """How long the case at that place took; the shortest is at 0."""
    passed = 0
    for key in sorted(bins):
        passed += bins[key]
        if passed > rank:
            return 0.0 if key == NO_TIME else float(_MAPPING.value(key)) / HOUR_SECONDS
    raise ValueError("no case was timed")
