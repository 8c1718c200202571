"""The Idempotency-Key header (IETF draft-ietf-httpapi-idempotency-key-header): the same request, the same receipt."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from services.intake.callers import store
from services.intake.callers.keys import Caller
from shared.database import is_away
from shared.messaging import Service
from shared.problems import Problem

log = structlog.get_logger()

KEEP_SECONDS: Final = 24 * 3600.0
# Longer than anything an answer waits for: the publish, and then the outbox.
LEASE_SECONDS: Final = 60.0
# Who repeats a request while its first is being answered waits so long for the same receipt.
WAIT_STEPS_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 1.0, 1.0)
SWEEP_SECONDS: Final = 600.0
SWEEP_ROWS_MAX: Final = 10_000
# A structured field string ("…") by the draft; many clients send it bare.
_KEY: Final = re.compile(r'^(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$')

Receipt = Any  # what JSON can hold; personal data has no place in it


def idempotency_key(given: str | None) -> str | None:
    """The key in the header, None without one. Raises Problem for one that is not of the draft's form."""
    if given is None:
        return None
    found = _KEY.match(given.strip())
    if found is None:
        raise Problem(400, "Malformed Idempotency-Key", "Send 1 to 255 printable ASCII letters, in quotes or bare.")
    return found[1] or found[2]


@dataclass(frozen=True, slots=True)
class Once:
    """Answers a repeated request from memory. Keys are each caller's own and are kept for a day."""

    service: Service

    async def answer(
        self, caller: Caller, key: str | None, fingerprint: bytes, work: Callable[[], Awaitable[Receipt]]
    ) -> Receipt:
        """The receipt of `work`, done once for all requests of this key and body.

        Raises Problem: 422 for another body under a known key, 409 while the first request is still worked on.
        With the database away `work` is simply done: what it makes must be the same for the same key and body.
        """
        if key is None:
            return await work()
        try:
            earlier = await self._earlier(caller, key, fingerprint)
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("idempotency_unchecked", reason=type(error).__name__)
            return await work()
        return await self._do(caller, key, work) if earlier is None else earlier.receipt

    async def sweep_forever(self) -> None:
        """Remove what is older than a day, for ever."""
        while True:
            await self._try(self._sweep())
            await asyncio.sleep(SWEEP_SECONDS)

    async def _sweep(self) -> None:
        removed = SWEEP_ROWS_MAX
        while removed == SWEEP_ROWS_MAX:
            removed = await store.forget_expired(self.service.pool, SWEEP_ROWS_MAX)

    async def _earlier(self, caller: Caller, key: str, fingerprint: bytes) -> store.Asked | None:
        """What the same request was answered before; None: it is ours to answer."""
        for seconds in (*WAIT_STEPS_SECONDS, None):
            if await store.claim(self.service.pool, caller.space, key, fingerprint, LEASE_SECONDS, KEEP_SECONDS):
                return None
            earlier = await store.asked(self.service.pool, caller.space, key)
            if earlier and earlier.fingerprint != fingerprint:
                raise Problem(422, "Another request", "This Idempotency-Key was used with another body.")
            if earlier and earlier.receipt is not None:
                return earlier
            if seconds is not None:
                await asyncio.sleep(seconds)
        raise Problem(409, "Still at work", "The first request of this key is not answered yet.", {"Retry-After": "2"})

    async def _do(self, caller: Caller, key: str, work: Callable[[], Awaitable[Receipt]]) -> Receipt:
        try:
            receipt = await work()
        except BaseException:
            await self._try(store.give_up(self.service.pool, caller.space, key))
            raise
        await self._try(store.keep_receipt(self.service.pool, caller.space, key, receipt))
        return receipt

    async def _try(self, statement: Awaitable[None]) -> None:
        """The database may go away between: the lease ends by itself, and `work` done again makes nothing new."""
        try:
            await statement
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("idempotency_unkept", reason=type(error).__name__)
