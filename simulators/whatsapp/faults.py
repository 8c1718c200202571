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

from simulators.faults import Fault
from simulators.faults import Faults as AnyFaults
from simulators.faults import parse_fault as parse
from simulators.whatsapp.protocol import ERRORS, digits_of

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


class Faults(AnyFaults):
    """The faults in force, and the numbers that always meet one."""

    def __init__(self, prefix: str, chance: Callable[[], float] = random.random) -> None:
        super().__init__(prefix, NUMBERS, chance)


def parse_fault(asked: dict[str, object]) -> tuple[Fault, int | None]:
    """A fault and its count from the control request; raises ValueError with what is wrong."""
    return parse(asked, KINDS, digits_of)


__all__ = ["KINDS", "NUMBERS", "Fault", "Faults", "parse_fault"]
