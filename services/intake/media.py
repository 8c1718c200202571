"""Fetches the files that a provider keeps for us, at once and in the background, and hands them to `Files.keep`.

Claim with a lease, fetch without a transaction, record: a crash leaves the file to the next one whose turn it is.
What a provider or we ourselves refuse for ever is given up with its reason; what is only late is tried again.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag

from services.intake import store
from services.intake.channels import ADAPTERS, Media, TooLarge, links
from services.intake.domain import PhotoPlace
from services.intake.store import ClaimedFile, Unplaced
from shared import metrics
from shared.contracts import ContactJoined, Place
from shared.database import Connection, is_away
from shared.ids import derived_id
from shared.keeping import BYTES_MAX, Files, Refusal, Refused, StoredFile
from shared.messaging import Outgoing, Service, envelopes
from shared.messaging.topology import ROUTING
from shared.objects import Missing, ObjectStore, Tampered
from shared.vault import Vault

log = structlog.get_logger()

AT_ONCE_MAX: Final = 4
POLL_SECONDS: Final = 0.5  # an address of a file may live five minutes; nobody waits for this
LEASE: Final = timedelta(minutes=5)
# Longer than any attempt, so that a lease never ends under a file that still is being fetched.
ATTEMPT_SECONDS_MAX: Final = 240.0
# Waits before the next attempt, times a random 0.5-1.5; providers keep a file for some days.
RETRY_SECONDS: Final = (2, 10, 60, 300, 1800, 3 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
WITHOUT_SOURCE_MAX: Final = timedelta(days=7)
HOUSEKEEPING_SECONDS: Final = 3600.0
AWAY_SECONDS: Final = 2.0


def configured_media() -> dict[str, Media]:
    """The sources whose settings are there."""
    found = {name: adapter.media() for name, adapter in ADAPTERS.items()} | {links.PROVIDER: links.media()}
    return {name: source for name, source in found.items() if source is not None}


class MediaFetcher:
    """Runs in every intake worker beside the consumers; several share the work by the rows' leases."""

    def __init__(
        self,
        service: Service,
        objects: ObjectStore,
        files: Files,
        vault: Vault,
        sources: Mapping[str, Media],
        is_ours: Callable[[float, float], bool],
    ) -> None:
        self._is_ours = is_ours
        self._service, self._objects, self._files, self._vault = service, objects, files, vault
        self._sources = sources
        carried = [name for name, adapter in ADAPTERS.items() if adapter.carried is not None]
        self._providers: Sequence[str] = sorted({*sources, *carried})

    async def run(self) -> None:
        """For ever; cancelled, it leaves what it had claimed to its lease."""
        running: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_house())
            while True:
                claimed = await self._claim(AT_ONCE_MAX - len(running))
                running |= {group.create_task(self._settle(file)) for file in claimed}
                if running:
                    await asyncio.wait(running, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(POLL_SECONDS)
                running = {task for task in running if not task.done()}

    async def _claim(self, files_max: int) -> list[ClaimedFile]:
        if not files_max:
            return []
        try:
            return await store.claim_files(self._service.pool, self._providers, files_max, LEASE, self._vault)
        except Exception as error:
            if not is_away(error):
                raise
            await asyncio.sleep(AWAY_SECONDS)
            return []

    async def _settle(self, file: ClaimedFile) -> None:
        """One file, one outcome; with the database away its lease runs out and somebody does it again."""
        try:
            outcome = await self._try(file)
            metrics.FILES.labels(provider=file.provider, outcome=outcome).inc()
        except Exception as error:
            # One strange file must not stop the others: its lease and its attempts bound it like any late one.
            log.warning("file_not_settled", file_id=str(file.id), error=type(error).__name__, exc_info=True)

    async def _try(self, file: ClaimedFile) -> str:
        if file.attempts > len(RETRY_SECONDS) + 1:
            return await self._give_up(file, "lost", "never_came")
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS_MAX):
                stored = await self._files.keep(file.id, await self._bytes(file), file.attachment.name)
        except Refused as error:
            return await self._give_up(file, "refused", error.refusal)
        except TooLarge:
            return await self._give_up(file, "refused", Refusal.TOO_LARGE)
        except (ValueError, Missing, Tampered, InvalidTag) as error:
            log.warning("file_lost", file_id=str(file.id), provider=file.provider, error=type(error).__name__)
            return await self._give_up(file, "lost", "gone")
        except OSError as error:
            return await self._try_later(file, error)
        await self._keep(stored)
        return "kept"

    async def _keep(self, stored: StoredFile) -> None:
        """Recorded; a case that was opened meanwhile, and nobody knows where it is, gets the photo's place."""
        async with self._service.pool.acquire() as connection, connection.transaction():
            await store.settle_file(connection, stored)
            told = await self._place(connection, stored)
            parcel = await self._service.outbox.add(connection, told) if told else None
        if parcel is not None:
            await self._service.outbox.publish(parcel)

    async def _place(self, connection: Connection, stored: StoredFile) -> list[Outgoing]:
        if stored.latitude is None or stored.longitude is None:
            return []
        photo = PhotoPlace(stored.latitude, stored.longitude, stored.taken_at)
        rows = [row for row in await store.unplaced_cases(connection, stored.id) if photo.is_recent(row.sent_at)]
        if not rows or not self._is_ours(photo.latitude, photo.longitude):
            return []
        await store.place_cases(connection, [row.case_id for row in rows], photo.latitude, photo.longitude)
        return [told for row in rows for told in envelopes(ROUTING, row.lane, [_placed(row, stored.id, photo)])]

    async def _bytes(self, file: ClaimedFile) -> bytes:
        """From the payload the file came in, or from its provider. Raises ValueError, OSError, Missing."""
        carried = ADAPTERS[file.provider].carried
        if carried is None:
            return await self._sources[file.provider].fetch(file.attachment, file.account, BYTES_MAX)
        raw = await store.raw_body(self._service.pool, file.raw_id, self._vault)
        if raw is None:
            raise ValueError("the message it came with is not there any more")
        body = await self._objects.get(raw) if isinstance(raw, str) else raw
        return await asyncio.to_thread(carried, body, file.attachment)

    async def _give_up(self, file: ClaimedFile, state: str, reason: str) -> str:
        await self._files.give_up(file.id, reason)
        await store.give_up_file(self._service.pool, file.id, state, reason)
        return state

    async def _try_later(self, file: ClaimedFile, error: OSError) -> str:
        log.warning("file_later", file_id=str(file.id), attempts=file.attempts, error=type(error).__name__)
        if file.attempts > len(RETRY_SECONDS):
            return await self._give_up(file, "lost", "never_came")
        seconds = RETRY_SECONDS[file.attempts - 1] * random.uniform(0.5, 1.5)
        await store.try_file_later(self._service.pool, file.id, timedelta(seconds=seconds))
        return "later"

    async def _keep_house(self) -> None:
        """Files of providers that nobody fetches from any more do not wait for ever."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                await store.give_up_without_source(self._service.pool, self._providers, WITHOUT_SOURCE_MAX)
            except Exception as error:
                if not is_away(error):
                    raise


def _placed(row: Unplaced, file_id: UUID, photo: PhotoPlace) -> ContactJoined:
    """What the case's owner hears: the contact that opened it has a place after all."""
    return ContactJoined(
        id=derived_id(row.sent_at, "photo.placed", row.case_id, file_id),
        occurred_at=datetime.now(UTC),
        case_id=row.case_id,
        contact_id=row.contact_id,
        lane=row.lane,
        text="",
        place=Place(latitude=photo.latitude, longitude=photo.longitude),
    )
