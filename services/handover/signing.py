"""How we and an institution's program sign what we send each other: HMAC-SHA256 over the time and the body."""

import hashlib
import hmac
import re
from typing import Final

HEADER: Final = "X-ILKIM-Signature"
# A signature that was overheard is worth nothing afterwards.
AGE_SECONDS_MAX: Final = 300
_SIGNATURE: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def signature(secret: str, body: bytes, now: float) -> str:
    """The header's value; `now` in seconds since 1970."""
    at = int(now)
    return f"t={at},v1={_digest(secret, at, body)}"


def is_signed(secret: str, body: bytes, given: str, now: float) -> bool:
    """Whether it was signed with this secret within `AGE_SECONDS_MAX`."""
    found = _SIGNATURE.fullmatch(given.strip())
    if found is None or abs(now - int(found[1])) > AGE_SECONDS_MAX:
        return False
    return hmac.compare_digest(_digest(secret, int(found[1]), body), found[2])


def _digest(secret: str, at: int, body: bytes) -> str:
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
