"""`reconcile` within reporting: one snapshot of everything, proven from the log on while the live tables serve."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, cast

import asyncpg

from services.reporting.domain.differences import Check, Difference
from services.reporting.figures import Figures
from services.reporting.proof import comparing, log, sums
from services.reporting.proof.scratch import LIVE, Fold, catch_up, last_position, replay, roll_all, scratch
from services.reporting.store import recount
from services.reporting.store.moves import take_back
from shared.database import Connection
from shared.messaging import Service
from shared.municipality import Municipality

SCRATCH: Final = "reporting_proof"
EXAMPLES_MAX: Final = 100

# Further differences within the same snapshot, e.g. with the services that own contacts and cases.
More = Callable[[Connection, datetime | None], AsyncIterator[Difference]]


@dataclass
class Tally:
    """How many differences each check found, and the first of them."""

    by_check: dict[Check, int] = field(default_factory=lambda: dict.fromkeys(Check, 0))
    examples: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Count one."""
        self.by_check[difference.check] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(difference)

    @property
    def differences(self) -> int:
        """Of all checks."""
        return sum(self.by_check.values())


@dataclass(frozen=True)
class Prover:
    """What a proof is made with. `fold` is what the live handler counts with; `more`: checks beside reporting's own."""

    database_url: str
    fold: Fold
    place: Municipality
    more: Sequence[More] = ()

    async def prove(self, tell: Callable[[Difference], None], settled_before: datetime | None = None) -> int:
        """Tell every row that differs, in constant memory; changes nothing. How many events it was proven from.

        `settled_before`: what was written later may still be under way; None: nothing is. Raises UnderWay,
        NotDeployed.
        """
        async with scratch(self.database_url, SCRATCH, unlogged=True) as connection:
            position = await catch_up(connection, self.fold)
            # In one snapshot, log and tables belong together: what is folded last is what the live tables hold.
            async with connection.transaction(isolation="repeatable_read"):
                await replay(connection, self.fold, position, await last_position(connection))
                await take_back(connection, LIVE)  # what is not rolled up there yet
                await roll_all(connection)
                for beside in await comparing.derived_beside(connection, SCRATCH):
                    await _tell_all(tell, comparing.differences(connection, beside))
                await connection.execute(f"SET LOCAL search_path TO {LIVE}")
                await _tell_all(tell, self._sums(connection))
                await _tell_all(tell, log.unlike(connection, settled_before))
                for more in self.more:
                    await _tell_all(tell, more(connection, settled_before))
                events: int = await connection.fetchval("SELECT count(*) FROM event_log")
        return events

    async def _sums(self, connection: Connection) -> AsyncIterator[Difference]:
        snapshot = _Snapshot(cast(asyncpg.Pool, connection))  # it answers `fetch` as a pool does
        figures = Figures(cast(Service, snapshot), self.place)
        async for difference in sums.unlike(figures.ask, partial(recount.ask, snapshot.pool)):
            yield difference
        async for difference in sums.spreads_unlike(figures.spread, partial(recount.spread, snapshot.pool)):
            yield difference


@dataclass(frozen=True)
class _Snapshot:
    """Lets the figures be asked within the transaction of a proof: all they want of a service is its pool."""

    pool: asyncpg.Pool


async def _tell_all(tell: Callable[[Difference], None], found: AsyncIterator[Difference]) -> None:
    async for difference in found:
        tell(difference)
