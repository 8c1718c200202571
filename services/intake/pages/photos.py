"""Keeps what a form brings along, at once: a form that comes back with a fault has its photos still."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

import structlog

from services.intake import store
from services.intake.pages.seals import KeptPhoto
from shared.database import is_away
from shared.keeping import Files, Refused
from shared.messaging import Service
from shared.pages.posted import Upload
from shared.tries import Tries

log = structlog.get_logger()

PHOTOS_MAX: Final = 5
UPLOADS_MAX: Final = 200  # of one address within an hour, which many phones of one mobile network may share
HOUR_SECONDS: Final = 3600.0
UNSENT_AGE: Final = timedelta(days=7)
SWEEP_SECONDS: Final = 600.0
SWEPT_MAX: Final = 500

Refusals = tuple[tuple[str, str], ...]


class Photos:
    """Built on the one place where bytes enter. What was kept for a form that is never sent is forgotten."""

    def __init__(self, service: Service, files: Files) -> None:
        self._service = service
        self._files = files
        self._uploads = Tries(UPLOADS_MAX, HOUR_SECONDS)

    async def keep(
        self, page_id: UUID, before: Sequence[KeptPhoto], uploads: Sequence[Upload], client: str
    ) -> tuple[tuple[KeptPhoto, ...], Refusals]:
        """All photos of a page, those of before first; and the names of those refused, each with the message why.

        The same file again is the same photo. Raises OSError while the object store is away.
        """
        photos, refused = list(before), []
        for upload in uploads:
            if trouble := self._trouble(len(photos), client):
                refused.append((upload.name, trouble))
                continue
            try:
                photo = await self._keep(page_id, upload)
            except Refused as error:
                refused.append((upload.name, f"file.{error.refusal}"))
                continue
            photos += [] if photo in photos else [photo]
        return tuple(photos), tuple(refused)

    def _trouble(self, kept: int, client: str) -> str | None:
        if kept >= PHOTOS_MAX:
            return "form.photos_too_many"
        now = time.monotonic()
        if self._uploads.are_spent((client,), now):
            return "form.photos_too_often"
        self._uploads.count((client,), now)
        return None

    async def _keep(self, page_id: UUID, upload: Upload) -> KeptPhoto:
        file_id = uuid5(page_id, hashlib.sha256(upload.body).hexdigest())
        try:
            await store.note_form_file(self._service.pool, file_id)
        except Exception as error:
            if not is_away(error):
                raise
            # A photo that may never be forgotten is better than one that cannot be sent.
            log.warning("form_file_not_noted", file_id=str(file_id))
        return KeptPhoto.of(page_id, await self._files.keep(file_id, upload.body, upload.name))

    async def were_sent(self, photos: Sequence[KeptPhoto]) -> None:
        """These go with a message that is safe; a note that stays is passed over once the message has come in."""
        try:
            await store.drop_form_files(self._service.pool, [photo.file_id for photo in photos])
        except Exception as error:
            if not is_away(error):
                raise

    async def sweep_forever(self) -> None:
        """Forget what was kept for forms that were never sent."""
        while True:
            await self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, age: timedelta = UNSENT_AGE) -> int:
        """One round; how many files were forgotten. Safe to run in several processes."""
        unsent = await store.unsent_form_files(self._service.pool, age, SWEPT_MAX)
        await self._files.forget(unsent)
        await store.drop_form_files(self._service.pool, unsent)
        return len(unsent)
