"""Accounts at the desk: names, passwords, how long a sign-in lasts, and how wrong tries are slowed down."""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from services.desk.domain.identity import Identity, identity_of
from shared.municipality import Access, Sessions
from shared.text import fold

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
SHOWN_AS_LETTERS_MAX: Final = 80
PASSWORD_LETTERS_MIN: Final = 12
PASSWORD_LETTERS_MAX: Final = 128
SECRET_BYTES: Final = 32
INVITATION_GOOD_FOR: Final = timedelta(hours=72)
SECOND_STEP_GOOD_FOR: Final = timedelta(minutes=10)
SEEN_EVERY: Final = timedelta(minutes=1)
TOKEN_MARK: Final = "ilkim_"  # by which programs that look for leaked secrets know ours  # noqa: S105
TOKEN_DAYS_MAX: Final = 365
TOKENS_MAX: Final = 20
WAY_LETTERS_MAX: Final = 500

# The commonest beginnings of passwords of twelve letters and more, folded, without what is hung on in front or behind.
_COMMON_WORDS: Final = (
    "password passwd parola sifre sifrem qwerty qwertyuiop qwertyuiopas asdfghjkl asdfghjklzx zxcvbnm admin welcome "
    "letmein iloveyou monkey dragon football baseball superman princess sunshine trustno administrator yonetici "
    "galatasaray fenerbahce besiktas samsunspor samsun ilkadim ilkim belediye ataturk turkiye istanbul ankara "
    "canimsin seniseviyorum askim abcdefghijkl abcdefgh abcd abc test deneme"
)
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_LINES: Final = ("01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may come in. `has_password` False: by the directory only, or the one-time link was not used yet."""

    id: UUID
    name: str
    shown_as: str
    roles: tuple[str, ...]
    departments: tuple[str, ...]
    has_password: bool
    has_second_factor: bool
    is_of_directory: bool
    locked_at: datetime | None
    created_at: datetime

    def identity(self, access: Access, centre: str) -> Identity:
        """Who this is at the desk."""
        return identity_of(self.name, self.shown_as, self.roles, self.departments, access, centre)


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that lasts. `is_whole` False: the password was right, the second factor is still to come."""

    id_hash: bytes
    account_id: UUID
    created_at: datetime
    seen_at: datetime
    agent: str
    is_whole: bool
    by_directory: bool

    def is_live(self, now: datetime, limits: Sessions) -> bool:
        """Whether it still lasts."""
        if not self.is_whole:
            return now - self.created_at < SECOND_STEP_GOOD_FOR
        idle, whole = timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.hours_max)
        return now - self.seen_at < idle and now - self.created_at < whole


class PasswordFault(StrEnum):
    """Why a password is not taken."""

    SHORT = "short"
    LONG = "long"
    NAME = "name"
    COMMON = "common"


def password_fault(password: str, name: str, shown_as: str) -> PasswordFault | None:
    """Why this password is not taken; None: it is. NIST SP 800-63B: length and no common ones, no rules of signs."""
    if len(password) < PASSWORD_LETTERS_MIN:
        return PasswordFault.SHORT
    if len(password) > PASSWORD_LETTERS_MAX:
        return PasswordFault.LONG
    folded = fold(password)
    core = folded.strip("0123456789 .,!?*+-_@#$%&/()='\"")
    names = {fold(name), *fold(shown_as).split(), fold(shown_as).replace(" ", "")}
    if core in names or folded.replace(" ", "") in names:
        return PasswordFault.NAME
    if core in _COMMON or len(set(folded)) <= 3 or any(folded in line * 2 for line in _LINES):
        return PasswordFault.COMMON
    return None


@dataclass(frozen=True, slots=True)
class Limit:
    """So many wrong tries are free; each further one doubles the wait."""

    free: int
    first_wait: timedelta
    wait_max: timedelta
    forgotten_after: timedelta = timedelta(hours=24)


# A clerks' office may be one address.
OF_ACCOUNT: Final = Limit(5, timedelta(seconds=30), timedelta(minutes=30))
OF_ADDRESS: Final = Limit(40, timedelta(seconds=30), timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Tries:
    """The wrong tries of one account or address. A try counts when it is made, and is taken off when it was right."""

    failures: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Whether the next try has to wait."""
        return self.locked_until is not None and now < self.locked_until

    def counted(self, now: datetime, limit: Limit) -> "Tries":
        """One try more."""
        is_old = self.last_at is not None and now - self.last_at > limit.forgotten_after
        failures = 1 if is_old else self.failures + 1
        over = failures - limit.free
        wait = min(limit.first_wait * 2 ** min(over, 20), limit.wait_max) if over >= 0 else timedelta()
        return replace(self, failures=failures, last_at=now, locked_until=now + wait if wait else None)


def new_secret() -> str:
    """256 bits that nobody can guess, for a session, a link or a token."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_token() -> str:
    """A program's key to the desk."""
    return TOKEN_MARK + new_secret()


def hashed(secret: str) -> bytes:
    """How a random secret is stored: it has 256 bits, so that a plain hash is enough and costs nothing."""
    return sha256(secret.encode("utf-8", "replace")).digest()


def form_token(secret: str) -> str:
    """What a session's forms carry: another site can neither read nor guess it."""
    return sha256(f"form\x1f{secret}".encode("utf-8", "replace")).hexdigest()


def safe_way(asked: str | None) -> str:
    """Where to go after sign-in: a path of our own, or the start. Never another host."""
    is_own = asked is not None and asked.startswith("/") and not asked.startswith(("//", "/\\", "/sign-"))
    return asked if is_own and asked is not None and asked.isprintable() and len(asked) <= WAY_LETTERS_MAX else "/"
