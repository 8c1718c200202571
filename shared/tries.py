"""How often somebody may do something: counted by key within a time, in the memory of this process, bounded."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import Final

from fastapi import Request

TRIES_MAX: Final = 10
WINDOW_SECONDS: Final = 60.0
KEYS_MAX: Final = 20_000  # the longest unused are forgotten first
IPV6_HOST_BITS: Final = 64  # one household has that many addresses


class Tries:
    """What counts as a try is the caller's to say: a wrong code, an upload. No more than `most` in `seconds`."""

    def __init__(self, most: int = TRIES_MAX, seconds: float = WINDOW_SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()

    def are_spent(self, keys: tuple[str, ...], now: float) -> bool:
        """Whether one of the keys has no try left; `now` in seconds of any steady clock."""
        return any(len(self._lately(key, now)) >= self._most for key in keys)

    def count(self, keys: tuple[str, ...], now: float) -> None:
        """Count a try for each key."""
        for key in keys:
            tries = self._lately(key, now)
            tries.append(now)
            self._tried[key] = tries
            self._tried.move_to_end(key)
        while len(self._tried) > KEYS_MAX:
            self._tried.popitem(last=False)

    def _lately(self, key: str, now: float) -> deque[float]:
        tries = self._tried.get(key, deque(maxlen=self._most))
        while tries and tries[0] <= now - self._seconds:
            tries.popleft()
        return tries


def client_of(request: Request) -> str:
    """Who asks, as far as a count needs to know."""
    return household(request.client.host if request.client else "")


def household(address: str) -> str:
    """The key of a client's address: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> IPV6_HOST_BITS) if isinstance(parsed, IPv6Address) else address
