"""The work list: which open work somebody sees, and how much there is."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import asyncpg

from services.desk.domain import Counts, Item, Listed, Wanted, urgent_ranks
from services.desk.domain.identity import Identity
from services.desk.handlers.work import Work
from services.desk.store import listing as listing_store
from services.desk.store import work as work_store


@dataclass(frozen=True)
class WorkList:
    """Open work of the owners that somebody sees, the gravest first, then the soonest due."""

    work: Work

    def wanted(self, by: Identity, owner: str | None = None) -> Wanted:
        """All they see, or an owner's; what is not theirs to see is as if it were not there."""
        now = datetime.now(UTC)
        here = now.astimezone(self.work.place.zone)
        day_ends = datetime.combine(here.date() + timedelta(days=1), time(), here.tzinfo)
        return Wanted([seen for seen in self.seen(by) if owner in (None, seen)], by.name, now, day_ends)

    def seen(self, by: Identity) -> list[str]:
        """The owners who work here and whose work is theirs to see, the centre first."""
        return [owner for owner in self.work.owners if by.sees(owner)]

    async def page(self, wanted: Wanted, limit: int, after: UUID | None = None) -> list[Listed]:
        """As the list shows it. Raises NoSuchItem for an unknown `after`."""
        return await listing_store.listed(self._pool, await self._ids(wanted, limit, after))

    async def items(self, wanted: Wanted, limit: int, after: UUID | None = None) -> list[Item]:
        """The same in full. Raises NoSuchItem for an unknown `after`."""
        return await work_store.in_order(self._pool, await self._ids(wanted, limit, after))

    async def revisions(self, wanted: Wanted, limit: int) -> dict[UUID, int]:
        """What the first page shows now, and as which revision: what a page in a browser is compared with."""
        ids = await self._ids(wanted, limit, None)
        known = await listing_store.revisions(self._pool, ids)
        return {assignment_id: known[assignment_id] for assignment_id in ids if assignment_id in known}

    async def counts(self, wanted: Wanted) -> Counts:
        """How much open work the wanted owners have."""
        return await listing_store.counts(self._pool, wanted, self._urgent)

    async def open_counts(self, owners: list[str]) -> dict[str, int]:
        """How much open work each of these has."""
        return await listing_store.open_counts(self._pool, owners)

    async def _ids(self, wanted: Wanted, limit: int, after: UUID | None) -> list[UUID]:
        mark = await self.work.find(after) if after else None
        return await listing_store.page(self._pool, wanted, self._urgent, limit, mark)

    @property
    def _pool(self) -> asyncpg.Pool:
        return self.work.service.pool

    @property
    def _urgent(self) -> int:
        return urgent_ranks({level.code: level.lane for level in self.work.place.levels})
