"""Whether what people write lately still resembles what the text model was measured on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import Any, Self

BINS = 10
MOVED_TOLD_MAX = 3
# An empty bin would make the index infinite; this much is assumed to lie in it.
_SHARE_LEAST = 1e-3


class Axis(StrEnum):
    """What is compared: how sure the decisions are, whose the cases are, how many words the model never met."""

    CONFIDENCE = "confidence"
    OWNER = "owner"
    UNKNOWN_WORDS = "unknown_words"


class Level(StrEnum):
    """What an index means; `TOO_FEW`: not enough texts to say anything."""

    STEADY = "steady"
    MOVING = "moving"
    DRIFTED = "drifted"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which index on an axis is moving, and drifted (0.1 and 0.25 are the usual ones of credit scoring).

    Below `texts_min` texts chance alone brings the index of ten bins near the first limit.
    """

    moving_from: float = 0.1
    drifted_from: float = 0.25
    texts_min: int = 200


@dataclass(frozen=True, slots=True)
class Observed:
    """One decision: its confidence (0 to 1), its likeliest owner, the share of its words the model never met."""

    confidence: float
    owner: str
    unknown_share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """How many texts, and on each axis the share in each bin (its name → 0 to 1)."""

    texts: int
    shares: Mapping[Axis, Mapping[str, float]]

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        """From what `written` gave. Raises KeyError, TypeError or ValueError for anything else."""
        shares = {axis: {str(name): float(share) for name, share in content[axis].items()} for axis in Axis}
        return cls(int(content["texts"]), shares)

    def written(self) -> dict[str, Any]:
        """For JSON."""
        return {"texts": self.texts} | {
            axis.value: {name: round(share, 5) for name, share in self.shares[axis].items()} for axis in Axis
        }


@dataclass(frozen=True, slots=True)
class AxisDrift:
    """How far one axis moved: the population stability index, and the bins that moved most (name, then, now)."""

    axis: Axis
    index: float
    level: Level
    moved: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """The axes, the one that moved most first; `level` is its level."""

    texts: int
    axes: tuple[AxisDrift, ...]

    @property
    def level(self) -> Level:
        return self.axes[0].level


def profile(observed: Iterable[Observed]) -> Profile:
    """The shares of decisions on each axis; without any decision all shares are missing."""
    seen = tuple(observed)
    return Profile(
        len(seen),
        {
            Axis.CONFIDENCE: _shares([_bin(one.confidence) for one in seen]),
            Axis.OWNER: _shares([one.owner for one in seen]),
            Axis.UNKNOWN_WORDS: _shares([_bin(one.unknown_share) for one in seen]),
        },
    )


def drift(baseline: Profile, lately: Profile, limits: Limits = Limits()) -> Drift:
    """How far the texts of late are from those of the baseline."""
    axes = [_axis_drift(axis, baseline, lately, limits) for axis in Axis]
    return Drift(lately.texts, tuple(sorted(axes, key=lambda one: (-one.index, one.axis))))


def _axis_drift(axis: Axis, baseline: Profile, lately: Profile, limits: Limits) -> AxisDrift:
    then, now = baseline.shares[axis], lately.shares[axis]
    names = sorted({*then, *now})
    index = sum(_part(then.get(name, 0.0), now.get(name, 0.0)) for name in names)
    moved = sorted(names, key=lambda name: -abs(now.get(name, 0.0) - then.get(name, 0.0)))[:MOVED_TOLD_MAX]
    told = tuple((name, then.get(name, 0.0), now.get(name, 0.0)) for name in moved)
    return AxisDrift(axis, index, _level(index, min(baseline.texts, lately.texts), limits), told)


def _part(then: float, now: float) -> float:
    """What one bin adds to the population stability index."""
    then, now = max(then, _SHARE_LEAST), max(now, _SHARE_LEAST)
    return (now - then) * log(now / then)


def _level(index: float, texts: int, limits: Limits) -> Level:
    if texts < limits.texts_min:
        return Level.TOO_FEW
    if index >= limits.drifted_from:
        return Level.DRIFTED
    return Level.MOVING if index >= limits.moving_from else Level.STEADY


def _bin(share: float) -> str:
    """The lower end of the tenth a share lies in; 1 lies in the last."""
    return f"{min(int(share * BINS), BINS - 1) / BINS:.1f}"


def _shares(names: Sequence[str]) -> dict[str, float]:
    return {name: count / len(names) for name, count in sorted(Counter(names).items())}
