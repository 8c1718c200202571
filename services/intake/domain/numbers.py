"""Tracking numbers (takip no): nine digits in groups of three, with a check digit, that cannot be guessed onward.

Eight digits are a keyed permutation of a counter, so they never collide and never follow each other; the ninth
is Damm's check digit, which finds every single wrong digit and every swap of neighbours.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_FIRST: Final = 10_000_000  # eight digits without a leading zero
_COUNT: Final = 90_000_000
_HALF_BITS: Final = 14
_HALF: Final = (1 << _HALF_BITS) - 1
_ROUNDS: Final = 6
# H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004.
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_SPOKEN = re.compile(r"(?<!\d)(\d{3})[ .\-]?(\d{3})[ .\-]?(\d{3})(?!\d)")


@dataclass(frozen=True)
class Numbers:
    """Turns the counter of cases into tracking numbers with this installation's secret key."""

    key: bytes

    def at(self, count: int) -> str:
        """The number of the `count`-th case (from 0), e.g. `482-715-936`. Raises ValueError when all are used."""
        if not 0 <= count < _COUNT:
            raise ValueError(f"tracking numbers end at {_COUNT}")
        value = self._permute(count)
        while value >= _COUNT:  # walk the cycle back into the range; two more steps on average
            value = self._permute(value)
        digits = str(_FIRST + value)
        digits += str(_check_digit(digits))
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"

    def _permute(self, value: int) -> int:
        """A balanced Feistel network over 28 bits (Luby and Rackoff 1988), a permutation whatever the key."""
        left, right = value >> _HALF_BITS, value & _HALF
        for turn in range(_ROUNDS):
            block = turn.to_bytes(1, "big") + right.to_bytes(2, "big")
            mixed = int.from_bytes(hashlib.blake2b(block, digest_size=2, key=self.key).digest(), "big")
            left, right = right, left ^ (mixed & _HALF)
        return (left << _HALF_BITS) | right


def find_numbers(text: str) -> list[str]:
    """The tracking numbers a text quotes, as we write them, each once; what fails its check digit is none."""
    found = dict.fromkeys(_ascii("".join(groups)) for groups in _SPOKEN.findall(text))
    return [
        f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" for digits in found if digits[0] != "0" and _check_digit(digits) == 0
    ]


def _ascii(digits: str) -> str:
    """Digits of any script (Arabic and others) as ours."""
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def _check_digit(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][ord(digit) - 48]
    return interim
