"""Keeps a file: found out what it is, made safe, sealed in the object store under its id."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.files import PICTURE, KeptFile, file_key, packed, packed_reason, safe_name
from shared.keeping.kinds import TEXT, Refusal, Refused, as_utf8, sniff
from shared.keeping.pictures import make_safe
from shared.objects import ObjectStore

BYTES_MAX: Final = 25 * 1024 * 1024
FILES_MAX: Final = 10  # that one contact may bring by form or mail
AT_ONCE_MAX: Final = 2  # photos being decoded; each may take 150 MB while it is


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept. Pictures have a size, upright, and where they were taken if they said so."""

    id: UUID
    media_type: str
    name: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    taken_at: datetime | None = None


class Files:
    """What every channel calls. The object store's connections are its owner's to close."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(AT_ONCE_MAX, thread_name_prefix="files")

    async def keep(self, file_id: UUID, body: bytes, name: str | None = None) -> StoredFile:
        """The file, safe under its id; the same again is harmless. Raises Refused for ever, OSError for not now."""
        loop = asyncio.get_running_loop()
        stored, kept = await loop.run_in_executor(self._threads, examine, file_id, body, name)
        await self._store.put(file_key(file_id), packed(kept))
        return stored

    async def give_up(self, file_id: UUID, reason: str) -> None:
        """Say in its place that a file never came or was refused. Raises OSError."""
        await self._store.put(file_key(file_id), packed_reason(reason))

    async def forget(self, file_ids: Sequence[UUID]) -> None:
        """Take files away again, e.g. of a form that was never sent."""
        for file_id in file_ids:
            await self._store.delete(file_key(file_id))

    def close(self) -> None:
        """Let its threads go, for whoever made it."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def examine(file_id: UUID, body: bytes, name: str | None) -> tuple[StoredFile, KeptFile]:
    """What would be kept of these bytes. Raises Refused."""
    if len(body) > BYTES_MAX:
        raise Refused(Refusal.TOO_LARGE)
    kind = sniff(body)
    if not kind.pillow:
        whole = as_utf8(body) if kind is TEXT else body
        kept = KeptFile(kind.media_type, safe_name(name, kind.extension), whole)
        return StoredFile(file_id, kept.media_type, kept.name, len(whole)), kept
    picture = make_safe(body, kind)
    kept = KeptFile(PICTURE, safe_name(name, "jpg"), picture.body)
    stored = StoredFile(
        file_id,
        kept.media_type,
        kept.name,
        len(picture.body),
        picture.width,
        picture.height,
        picture.latitude,
        picture.longitude,
        picture.taken_at,
    )
    return stored, kept
