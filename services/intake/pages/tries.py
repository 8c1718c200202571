"""How often somebody may be wrong: counted by key within a minute, in the memory of this process, bounded."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import Final

TRIES_MAX: Final = 10
WINDOW_SECONDS: Final = 60.0
KEYS_MAX: Final = 20_000  # the longest unused are forgotten first
IPV6_HOST_BITS: Final = 64  # one household has that many addresses


class Tries:
    """Only wrong tries count, so that whoever has the right code may look as often as they like."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def are_spent(self, keys: tuple[str, ...], now: float) -> bool:
        """Whether one of the keys was wrong too often lately; `now` in seconds of any steady clock."""
        return any(len(self._lately(key, now)) >= TRIES_MAX for key in keys)

    def was_wrong(self, keys: tuple[str, ...], now: float) -> None:
        """Count a wrong try for each key."""
        for key in keys:
            tries = self._lately(key, now)
            tries.append(now)
            self._wrong[key] = tries
            self._wrong.move_to_end(key)
        while len(self._wrong) > KEYS_MAX:
            self._wrong.popitem(last=False)

    def _lately(self, key: str, now: float) -> deque[float]:
        tries = self._wrong.get(key, deque(maxlen=TRIES_MAX))
        while tries and tries[0] <= now - WINDOW_SECONDS:
            tries.popleft()
        return tries


def household(address: str) -> str:
    """The key of a client's address: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> IPV6_HOST_BITS) if isinstance(parsed, IPv6Address) else address
