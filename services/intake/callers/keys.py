"""API keys: who calls, what for, and how often. A key itself is kept nowhere and never logged."""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Final
from uuid import UUID

from services.intake.callers import store
from shared.database import is_away
from shared.messaging import Service
from shared.problems import Problem

KEY_LETTERS_MAX: Final = 200
# A key that was looked up is not looked up again for so long: revoking one takes effect within this time.
FRESH_SECONDS: Final = 10.0
# With the database away a key seen within this time is still good: what it sends is safe on the broker.
STALE_SECONDS: Final = 3600.0
CACHE_KEYS_MAX: Final = 1_000


class Scope(StrEnum):
    """What a key is good for."""

    OPEN311 = "open311"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program by its key; `id` None: anybody, without one."""

    id: UUID | None
    name: str

    @property
    def space(self) -> str:
        """In which its Idempotency-Keys and its users' ids are its own; "" is shared by all without a key."""
        return self.id.hex if self.id else ""


ANYBODY: Final = Caller(None, "")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the table has it. Times are None where there is no end."""

    id: UUID
    name: str
    scopes: frozenset[str]
    requests_per_minute: int
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Neither revoked nor past its end."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_key() -> str:
    """A key of 256 random bits, with a name by which scanners find it where it should not stand."""
    return f"ilkim_{secrets.token_urlsafe(32)}"


@dataclass(slots=True)
class Bucket:
    """A token bucket that holds a minute's worth: short bursts pass, a steady flood does not."""

    per_minute: int
    tokens: float
    at: float

    def take(self, now: float) -> float:
        """Take one; 0 when it was there, else the seconds until it will be."""
        self.tokens = min(self.per_minute, self.tokens + (now - self.at) * self.per_minute / 60)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) * 60 / self.per_minute


@dataclass(frozen=True, slots=True)
class _Seen:
    key: ApiKey | None
    at: float


@dataclass
class Callers:
    """Knows who calls. Rates are counted in this process: with three edges a key may call thrice as often."""

    service: Service
    _seen: dict[bytes, _Seen] = field(default_factory=dict)
    _buckets: dict[UUID, Bucket] = field(default_factory=dict)

    async def who(self, key: str, scope: Scope, now: datetime) -> Caller:
        """The program behind `key`. Raises Problem: 403 for a key that is not good for this, 429 for too often."""
        found = await self._find(key) if 0 < len(key) <= KEY_LETTERS_MAX else None
        if found is None or not found.is_good(now):
            raise Problem(403, "No such key", "The API key is unknown, revoked or expired.")
        if scope not in found.scopes:
            raise Problem(403, "Not with this key", f"The API key is not good for {scope}.")
        self._count(found)
        return Caller(found.id, found.name)

    async def _find(self, key: str) -> ApiKey | None:
        digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
        seen, now = self._seen.get(digest), time.monotonic()
        if seen and now - seen.at < FRESH_SECONDS:
            return seen.key
        try:
            found = await store.find_key(self.service.pool, digest)
        except Exception as error:
            if is_away(error) and seen and now - seen.at < STALE_SECONDS:
                return seen.key
            raise
        if len(self._seen) >= CACHE_KEYS_MAX:
            self._seen.pop(next(iter(self._seen)))
        self._seen[digest] = _Seen(ApiKey(**found) if found else None, now)
        return self._seen[digest].key

    def _count(self, key: ApiKey) -> None:
        now = time.monotonic()
        bucket = self._buckets.get(key.id)
        if bucket is None or bucket.per_minute != key.requests_per_minute:
            bucket = self._buckets[key.id] = Bucket(key.requests_per_minute, key.requests_per_minute, now)
        wait = bucket.take(now)
        if wait:
            told = f"This key may send {key.requests_per_minute} requests a minute."
            raise Problem(429, "Too many requests", told, {"Retry-After": str(ceil(wait))})
