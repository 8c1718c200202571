"""Bad days on demand, for every simulator: which fault a request meets."""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 60.0
SLOW_SECONDS = 2.0
SECONDS_MAX = 600.0
FAULTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble; `seconds` matters to timeout and slow, `to` None means every recipient."""

    kind: str
    seconds: float = 0.0
    rate: float = 1.0
    to: str | None = None


class Faults:
    """The faults in force; asked once a request, in the order they were added.

    `numbers` are recipients that always meet the same fault: `prefix` and four digits.
    """

    def __init__(
        self,
        prefix: str = "",
        numbers: Mapping[str, str] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._prefix = prefix
        self._numbers = numbers or {}
        self._chance = chance
        self._ordered: list[tuple[Fault, int | None]] = []

    def add(self, fault: Fault, count: int | None = None) -> None:
        """`count` None stays until cleared; raises ValueError when the limit of faults is reached."""
        if len(self._ordered) >= FAULTS_MAX:
            raise ValueError(f"at most {FAULTS_MAX} faults at a time")
        self._ordered.append((fault, count))

    def clear(self) -> None:
        self._ordered.clear()

    def in_force(self) -> list[tuple[Fault, int | None]]:
        """Each fault with the times it still strikes (None: without end)."""
        return list(self._ordered)

    def strike(self, recipient: str) -> Fault | None:
        """The fault this request meets, used up by one, or None."""
        if recipient.startswith(self._prefix) and len(recipient) == len(self._prefix) + 4:
            kind = self._numbers.get(recipient[-4:])
            if kind:
                return Fault(kind, default_seconds(kind))
        return self._strike_ordered(recipient) if self._ordered else None

    def _strike_ordered(self, recipient: str) -> Fault | None:
        for position, (fault, count) in enumerate(self._ordered):
            if fault.to not in (None, recipient) or (fault.rate < 1.0 and self._chance() >= fault.rate):
                continue
            if count == 1:
                del self._ordered[position]
            elif count is not None:
                self._ordered[position] = (fault, count - 1)
            return fault
        return None


def default_seconds(kind: str) -> float:
    return {"timeout": TIMEOUT_SECONDS, "slow": SLOW_SECONDS}.get(kind, 0.0)


def parse_fault(
    asked: dict[str, object], kinds: Collection[str], recipient: Callable[[str], str] = str
) -> tuple[Fault, int | None]:
    """A fault and its count from the control request; raises ValueError with what is wrong."""
    kind, to = str(asked.get("kind", "")), asked.get("to")
    if kind not in kinds:
        raise ValueError(f"kind must be one of {sorted(kinds)}")
    rate = _number(asked, "rate", 1.0, 1.0)
    seconds = _number(asked, "seconds", default_seconds(kind), SECONDS_MAX)
    count = asked.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise ValueError("count must be a whole number above zero")
    return Fault(kind, seconds, rate, recipient(str(to)) if to else None), count


def _number(asked: dict[str, object], name: str, default: float, most: float) -> float:
    value = asked.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}")
    return float(value)
