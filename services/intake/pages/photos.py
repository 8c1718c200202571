"""Keeps what a form brings along, at once: a form that comes back with a fault has its photos still."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

from services.intake.files import Files, Refused
from services.intake.pages.posted import Upload
from services.intake.pages.seals import KeptPhoto

PHOTOS_MAX: Final = 5

Refusals = tuple[tuple[str, str], ...]


class Photos:
    """Built on the one place where bytes enter."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def keep(
        self, page_id: UUID, before: Sequence[KeptPhoto], uploads: Sequence[Upload]
    ) -> tuple[tuple[KeptPhoto, ...], Refusals]:
        """All photos of a page, those of before first; and the names of those refused, each with the message why.

        The same file again is the same photo. Raises OSError while the object store is away.
        """
        photos, refused = list(before), []
        for upload in uploads:
            if len(photos) >= PHOTOS_MAX:
                refused.append((upload.name, "form.photos_too_many"))
                continue
            try:
                file_id = uuid5(page_id, hashlib.sha256(upload.body).hexdigest())
                photo = KeptPhoto.of(page_id, await self._files.keep(file_id, upload.body, upload.name))
            except Refused as error:
                refused.append((upload.name, f"file.{error.refusal}"))
                continue
            photos += [] if photo in photos else [photo]
        return tuple(photos), tuple(refused)
