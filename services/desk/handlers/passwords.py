"""Passwords at rest: argon2id (RFC 9106), computed beside the event loop and only so many at once."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Each takes 64 MiB and about a tenth of a second of a core.
AT_ONCE_MAX: Final = 2
# Of a password nobody has: what is compared for a name nobody has, so that both take the same time.
_OF_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$v7bfNSSuzJry7Ei4X6uGRg$NxwSF3XiY8Zg8Qaj4Hsi9/cZFdOOMsw5dEysb908eM8"


class Passwords:
    """Hashes and checks."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._room = asyncio.Semaphore(AT_ONCE_MAX)

    async def hash(self, password: str) -> str:
        """What is stored."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; `stored` None, for a name nobody has, takes as long and is never right."""
        async with self._room:
            return await asyncio.to_thread(self._verify, stored or _OF_NOBODY, password) and stored is not None

    def is_old(self, stored: str) -> bool:
        """Whether it was hashed more cheaply than is done now."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
