"""Proves each night that the sums close; of several replicas one does, and each tells what came out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog

from services.reporting.domain.nightly import is_due
from services.reporting.proof.proving import Prover, Tally
from services.reporting.proof.scratch import NotDeployed, UnderWay
from services.reporting.store import proofs
from services.reporting.store.proofs import Proof
from shared import metrics
from shared.database import is_away
from shared.messaging import Service

log = structlog.get_logger()

LOOK_SECONDS: Final = 60.0
# What changed within this time may not have come everywhere yet.
UNDER_WAY_SECONDS: Final = 60
# After a proof that could not be made: a fault of ours is not repeated every minute.
PAUSE_SECONDS: Final = 3600.0


class Nightly:
    """`report` is what readiness tells of the last proof."""

    def __init__(self, service: Service, prover: Prover) -> None:
        self._service = service
        self._prover = prover
        self._started_at = datetime.now(UTC)
        self._last: Proof | None = None

    def report(self) -> dict[str, Any] | None:
        """The last proof that ended, whichever replica made it; None: there was none yet."""
        if self._last is None:
            return None
        return {
            "began_at": self._last.began_at.isoformat(),
            "closes": self._last.differences == 0,
            "differences": {check: rows for check, rows in self._last.by_check.items() if rows},
        }

    async def run(self) -> None:
        """Look every minute whether a proof is due, and what the last one came out with."""
        while True:
            pause = LOOK_SECONDS
            try:
                await self.look(datetime.now(UTC))
            except (UnderWay, NotDeployed) as error:
                log.info("proof_waits", reason=str(error))
            except Exception as error:
                if not is_away(error):
                    log.exception("proof_failed")
                    pause = PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def look(self, now: datetime) -> None:
        """Prove when it is due and nobody else does, and learn what came out last. Raises UnderWay, NotDeployed."""
        self._learn(await proofs.last(self._service.pool))
        if not self._is_due(now):
            return
        async with self._alone() as is_ours:
            if is_ours:
                self._learn(await proofs.last(self._service.pool))
            if is_ours and self._is_due(now):
                await self._prove(now)
                self._learn(await proofs.last(self._service.pool))

    def _is_due(self, now: datetime) -> bool:
        last = self._last.began_at if self._last else None
        return is_due(now, last, self._prover.place.zone, self._started_at)

    async def _prove(self, now: datetime) -> None:
        proof_id, tally = await proofs.begin(self._service.pool, now), Tally()
        events = await self._prover.prove(tally.add, now - timedelta(seconds=UNDER_WAY_SECONDS))
        await proofs.end(self._service.pool, proof_id, events, tally.by_check, tally.examples)
        tell = log.error if tally.differences else log.info
        tell("proof_ended", events=events, differences=tally.differences)

    def _learn(self, last: Proof | None) -> None:
        self._last = last
        for check, rows in (last.by_check if last else {}).items():
            metrics.RECONCILE_DIFFERENCES.labels(check=check).set(rows)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Whether we are the one who proves; a connection of its own holds the lock, and lets go of it when we die."""
        connection = await asyncpg.connect(self._prover.database_url, timeout=LOOK_SECONDS)
        try:
            yield bool(await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('ilkim nightly proof'))"))
        finally:
            await connection.close(timeout=LOOK_SECONDS)
