"""Identifiers: random ones ordered by time, and derived ones that come out the same when a decision is replayed."""

import hashlib
import secrets
import time
from datetime import datetime
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VERSION_8 = 0x8 << 76
_VARIANT = 0x2 << 62
_KEEP = ~((0xF << 76) | (0x3 << 62)) & ((1 << 128) - 1)


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, the rest random."""
    stamp = time.time_ns() // 1_000_000
    return UUID(int=((stamp << 80) | secrets.randbits(80)) & _KEEP | _VERSION_7 | _VARIANT)


def derived_id(at: datetime, *parts: object) -> UUID:
    """The same UUID (version 8, RFC 9562) for the same moment and parts, whoever computes it and how often.

    The first 48 bits are `at` in Unix milliseconds, so that indexes grow at their end; the rest is the
    SHA-256 of the parts. A redelivered message therefore causes the very same events.
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
    stamp = int(at.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    return UUID(int=((stamp << 80) | int.from_bytes(digest[:10], "big")) & _KEEP | _VERSION_8 | _VARIANT)
