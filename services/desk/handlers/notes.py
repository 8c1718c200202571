"""Notes between colleagues: they stay with the case wherever it goes, and the citizen is never told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog

from services.desk.domain.identity import Identity
from services.desk.domain.items import Item
from services.desk.domain.notes import mentions, names_of
from services.desk.domain.story import Note
from services.desk.store import notes as note_store
from services.desk.store.notes import Mention
from shared.ids import new_id
from shared.messaging import Service
from shared.municipality import Municipality

log = structlog.get_logger()

MENTIONS_SHOWN: Final = 100


@dataclass(frozen=True)
class Notes:
    """What colleagues write to each other."""

    service: Service
    place: Municipality

    async def write(self, item: Item, text: str, by: Identity) -> Note:
        """Keep a note about a case, and whom it means."""
        note = Note(new_id(), item.case_id, datetime.now(UTC), by.name, item.owner, text)
        async with self.service.pool.acquire() as connection, connection.transaction():
            await note_store.add(connection, note, mentions(text))
        log.info("note_written", case_id=str(item.case_id))
        return note

    async def of_case(self, case_id: UUID, by: Identity) -> list[Note]:
        """The notes of a case; those meant for who reads them are seen from here on."""
        notes = await note_store.notes_of(self.service.pool, case_id)
        mine = self._names(by)
        if meant := [note.id for note in notes if mine & set(mentions(note.text))]:
            await note_store.mark_seen(self.service.pool, meant, by.name)
        return notes

    async def meant_for(self, by: Identity) -> list[Mention]:
        """The notes meant for somebody, the new ones first; they are seen from here on."""
        found = await note_store.meant_for(self.service.pool, self._names(by), by.name, MENTIONS_SHOWN)
        await self._seen(found, by)
        return found

    async def count_new(self, by: Identity) -> int:
        """How many of them they did not see yet."""
        return await note_store.count_new(self.service.pool, self._names(by), by.name)

    async def _seen(self, found: Sequence[Mention], by: Identity) -> None:
        if fresh := [mention.note.id for mention in found if mention.is_new]:
            await note_store.mark_seen(self.service.pool, fresh, by.name)

    def _names(self, by: Identity) -> set[str]:
        return names_of(by, self.place.solution_centre.code)
