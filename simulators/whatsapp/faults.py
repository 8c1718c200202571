"""Bad days on demand: which fault a request meets, by its recipient's number or by what a test asked for.

Recipients that always meet the same fault: the fault prefix (90555000 unless set otherwise) and four digits:

| number           | what happens                                                                    |
|------------------|---------------------------------------------------------------------------------|
| +90 555 000 0026 | 131026, undeliverable                                                           |
| +90 555 000 0047 | 131047, outside the 24-hour window                                              |
| +90 555 000 0056 | 131056, too many messages to this number                                        |
| +90 555 000 0100 | 100, invalid parameter                                                          |
| +90 555 000 0131 | 131000, something went wrong (HTTP 500)                                         |
| +90 555 000 0190 | 190, access token invalid (HTTP 401)                                            |
| +90 555 000 0429 | 130429, throughput reached                                                      |
| +90 555 000 0500 | HTTP 500 without JSON                                                           |
| +90 555 000 0503 | HTTP 503 without JSON                                                           |
| +90 555 000 0408 | no answer, connection held until the client gives up; nothing is stored         |
| +90 555 000 0409 | stored and delivered, but the connection is cut before the answer: ambiguous     |
| +90 555 000 0444 | the connection is cut before anything is stored                                 |
| +90 555 000 0600 | accepted, answered two seconds later                                            |
| +90 555 000 9026 | accepted, then a failed status with 131026                                      |
| +90 555 000 9047 | accepted, then a failed status with 131047                                      |

The prefix keeps random numbers of a replay or bench from falling into the table.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulators.whatsapp.protocol import ERRORS, digits_of

TIMEOUT_SECONDS = 60.0
SLOW_SECONDS = 2.0
SECONDS_MAX = 600.0
FAULTS_MAX = 100

NUMBERS: dict[str, str] = {
    "0026": "131026",
    "0047": "131047",
    "0056": "131056",
    "0100": "100",
    "0131": "131000",
    "0190": "190",
    "0408": "timeout",
    "0409": "drop_reply",
    "0429": "130429",
    "0444": "drop_request",
    "0500": "http_500",
    "0503": "http_503",
    "0600": "slow",
    "9026": "failed_131026",
    "9047": "failed_131047",
}

TRANSPORT_KINDS = frozenset({"http_500", "http_502", "http_503", "timeout", "drop_reply", "drop_request", "slow"})
KINDS = TRANSPORT_KINDS | {str(code) for code in ERRORS} | {f"failed_{code}" for code in ERRORS}


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble; `seconds` matters to timeout and slow, `to` None means every recipient."""

    kind: str
    seconds: float = 0.0
    rate: float = 1.0
    to: str | None = None


class Faults:
    """The faults in force; asked once a request, in the order they were added."""

    def __init__(self, prefix: str, chance: Callable[[], float] = random.random) -> None:
        self._prefix = prefix
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
            kind = NUMBERS.get(recipient[-4:])
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


def parse_fault(asked: dict[str, object]) -> tuple[Fault, int | None]:
    """A fault and its count from the control request; raises ValueError with what is wrong."""
    kind, to = str(asked.get("kind", "")), asked.get("to")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {sorted(KINDS)}")
    rate = _number(asked, "rate", 1.0, 1.0)
    seconds = _number(asked, "seconds", default_seconds(kind), SECONDS_MAX)
    count = asked.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise ValueError("count must be a whole number above zero")
    return Fault(kind, seconds, rate, digits_of(str(to)) if to else None), count


def _number(asked: dict[str, object], name: str, default: float, most: float) -> float:
    value = asked.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}")
    return float(value)
