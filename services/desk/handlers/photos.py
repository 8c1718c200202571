"""Photos of finished work: made safe where every file enters, and shown with the case."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid5

import structlog

from services.desk.domain.identity import Identity, Permission
from services.desk.domain.items import Item
from services.desk.handlers.cases import NotAllowed
from services.desk.store import files as file_store
from shared.keeping import Files, Refusal, Refused
from shared.keeping.kinds import sniff
from shared.messaging import Service
from shared.pages.posted import Upload

log = structlog.get_logger()

PHOTOS_MAX: Final = 5  # that one form may bring


@dataclass(frozen=True)
class FinishedPhotos:
    """What a crew shows of its work."""

    service: Service
    files: Files

    async def keep(self, item: Item, uploads: Sequence[Upload], by: Identity) -> list[Refusal]:
        """Keep the photos that are some, each once; why the others are not kept. Raises NotAllowed, OSError."""
        if not by.may(Permission.WORK) or not by.sees(item.owner):
            raise NotAllowed(Permission.WORK)
        refusals = [Refusal.TOO_MANY] if len(uploads) > PHOTOS_MAX else []
        for upload in uploads[:PHOTOS_MAX]:
            try:
                await self._keep(item, upload, by)
            except Refused as error:
                refusals.append(error.refusal)
        return refusals

    async def close(self) -> None:
        """Let its threads go."""
        self.files.close()

    async def _keep(self, item: Item, upload: Upload, by: Identity) -> None:
        if not sniff(upload.body).pillow:
            raise Refused(Refusal.UNKNOWN_KIND)
        file_id = uuid5(item.case_id, hashlib.sha256(upload.body).hexdigest())
        await self.files.keep(file_id, upload.body, upload.name)
        async with self.service.pool.acquire() as connection:
            await file_store.add_finished(connection, item.case_id, file_id, by.name)
        log.info("finished_photo", case_id=str(item.case_id))
