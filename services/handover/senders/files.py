"""The citizens' files for a letter, within what a mailbox takes."""

from dataclasses import dataclass
from typing import Final

import structlog

from services.handover.domain import Parcel
from services.handover.domain.wording import file_ids
from services.handover.senders.base import Files
from shared.files import KeptFile, NotKept, get_file
from shared.objects import Missing, ObjectStore, Tampered

log = structlog.get_logger()

# Base64 adds a third, and many mailboxes refuse 10 MB.
BYTES_MAX: Final = 7_000_000
FILES_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Attached:
    """Reads files from the object store; what is not there, or would be too much, is left to the link."""

    objects: ObjectStore

    async def __call__(self, parcel: Parcel) -> Files:
        """Never raises: a letter without its photos is better than none."""
        ids = file_ids(parcel.content)
        kept: list[KeptFile] = []
        room = BYTES_MAX
        for file_id in ids[:FILES_MAX]:
            try:
                file = await get_file(self.objects, file_id)
            except (Missing, NotKept, Tampered, OSError, ValueError) as error:
                log.info("file_left_to_the_link", reason=type(error).__name__)
                continue
            if len(file.body) <= room:
                kept.append(file)
                room -= len(file.body)
        return Files(kept, len(ids) - len(kept))
