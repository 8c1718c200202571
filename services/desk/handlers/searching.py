"""The search over all that is known at the desk: what changed is read, what somebody asks for is found."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from services.desk.domain.identity import Identity
from services.desk.domain.searching import asked_words, entry_words, query_of
from services.desk.store import searching as search_store
from services.desk.store.searching import Entry, Unread
from shared.database import is_away
from shared.messaging import Service
from shared.municipality import Municipality
from shared.names import Names

log = structlog.get_logger()

READ_SECONDS: Final = 1.0  # how soon what happened is found
READ_MAX: Final = 200  # entries at once: 40 ms of thinking, so that no page waits for it


@dataclass(frozen=True)
class Search:
    """Items of ours and cases of others, open and closed."""

    service: Service
    place: Municipality

    async def find(
        self, by: Identity, text: str, *, is_open: bool | None, limit: int, after: UUID | None = None
    ) -> list[Entry]:
        """The newest that have all the words and that they may see; none for a text without words."""
        asked = asked_words(text)
        if not asked:
            return []
        query = query_of(asked)
        return await search_store.search(
            self.service.pool, query, by.departments, is_open=is_open, limit=limit, after=after
        )

    async def watch(self) -> None:
        """For ever: what changed is read, so that it is found."""
        while True:
            try:
                while await self.read() == READ_MAX:
                    pass
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("search_waits", reason=repr(error))
            await asyncio.sleep(READ_SECONDS)

    async def read(self) -> int:
        """Read a batch of what changed; how much it was of the one kind of which there was more. Safe on replicas."""
        read = 0
        for unread in (search_store.unread_items, search_store.unread_cases):
            async with self.service.pool.acquire() as connection, connection.transaction():
                if rows := await unread(connection, READ_MAX):
                    await search_store.keep(connection, rows, [self._words(row) for row in rows])
                read = max(read, len(rows))
        return read

    def _words(self, row: Unread) -> str:
        """All it can be found by: number, words, place and the names of topic, neighbourhood and owner."""
        names = [
            name
            for language in ("tr", "en")
            for known in [Names(self.place, language)]
            for name in (known.topic(row.topic), known.owner(row.owner), known.neighbourhood(row.neighbourhood))
        ]
        told = (row.number, row.text, row.place.street, row.place.neighbourhood, *names, row.said)
        return entry_words(part for part in told if part)
