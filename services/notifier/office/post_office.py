"""The post office: gives leased letters to providers, records what they said, takes up what was left."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.notifier import store
from services.notifier.domain import Answer, Change, Result, Standing, receipt_change, result_change
from services.notifier.office.clerk import FACTS_KEY, Clerk
from services.notifier.office.lanes import BOOK_SECONDS, CALLS_MAX, GATHER_SECONDS, TRUST_SECONDS, Held, Lane, Lanes
from services.notifier.store import Filed, Open
from shared.contracts import AddressFailed, Channel, Message, NoticeRecorded, NoticeStatus
from shared.database import Connection, is_away
from shared.ids import new_id
from shared.messaging import Outgoing, Service, envelopes
from shared.messaging.topology import EVENTS
from shared.municipality.delivery import DeliveryRules
from shared.vault import Vault

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=45)
RENEW_SECONDS: Final = 10.0
SWEEP_SECONDS: Final = 2.0
SWEEP_MAX: Final = 100  # of each channel
RECORD_MAX: Final = 500
# Letters in memory; with more, facts stay on the broker.
BACKLOG_MAX: Final = 20_000
# For providers to answer before the process ends: a sender answers within ten, but so long nobody waits for us.
LET_GO_SECONDS: Final = 6.0
FORGET_SECONDS: Final = 3600.0
EARLY_RECEIPT_DAYS: Final = 7
_UNDER_WAY: Final = frozenset({NoticeStatus.WAITING, NoticeStatus.SENDING})


class PostOffice:
    """Works off the lanes. A letter is leased in the database before it gets here, and marked there before its
    provider is asked: what a crash leaves unmarked was certainly not sent."""

    def __init__(
        self,
        service: Service,
        vault: Vault,
        rules: DeliveryRules,
        lanes: Lanes,
        clerk: Clerk,
        dead_address: Mapping[str, frozenset[str]],
    ) -> None:
        self._service = service
        self._vault = vault
        self._rules = rules
        self._lanes = lanes
        self._clerk = clerk
        self._dead_address = dead_address
        self._held: dict[UUID, Held] = {}
        self._results: asyncio.Queue[tuple[Result, Held]] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()
        self._due = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()

    async def wait_for_room(self) -> None:
        """Return when the lanes together have room. A single full lane sends nothing here: its letters wait in the
        database, so that no channel waits for another."""
        await self._room.wait()

    def hand_in(self, held: Held) -> None:
        """Send this letter, whose lease is committed, as soon as its lane gets to it."""
        self._held[held.letter.id] = held
        self._lanes.put(held)
        if len(self._held) >= BACKLOG_MAX:
            self._room.clear()

    def look_soon(self) -> None:
        """Something became due at once."""
        self._due.set()

    async def run(self) -> None:
        """Send, record, renew and sweep for ever."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._work_off(lane))
            group.create_task(self._record_forever())
            group.create_task(self._renew_forever())
            group.create_task(self._sweep_forever())

    async def let_go(self) -> None:
        """Give back what is not being sent yet, so that another takes it up at once instead of after the lease; wait
        for what providers are just answering."""
        left = [held.letter.id for held in self._lanes.drain()]
        if left:
            await store.give_back(self._service.pool, left)
            log.info("given_back", letters=len(left))
        with suppress(TimeoutError):
            async with asyncio.timeout(LET_GO_SECONDS):
                await asyncio.gather(*self._calls)
                await self._results.join()

    async def close(self) -> None:
        """Let go of the providers' connections."""
        await self._lanes.close()

    async def save(self, connection: Connection, changes: Sequence[tuple[Filed, Change]]) -> list[Outgoing]:
        """Write what became of deliveries and addresses, and what to tell of it."""
        if not changes:
            return []
        await store.save_changes(connection, [(filed.standing.notice_id, change) for filed, change in changes])
        dead = [event for filed, change in changes if (event := self._dead(filed, change))]
        if dead:
            await store.note_failed(connection, dead)
        facts = [_fact(filed, change) for filed, change in changes if change.status not in _UNDER_WAY]
        return envelopes(EVENTS, FACTS_KEY, facts)

    async def match_receipts(
        self, connection: Connection, accepted: Mapping[tuple[str, str], tuple[Filed, Change]]
    ) -> list[tuple[Filed, Change]]:
        """Receipts that overtook the provider's answer, now that we know by which id it calls the message."""
        changes: dict[UUID, tuple[Filed, Change]] = {}
        for provider, provider_id, status, error in await store.take_receipts(
            connection, [provider_id for _, provider_id in accepted]
        ):
            if (provider, provider_id) not in accepted:
                continue
            filed, before = accepted[provider, provider_id]
            filed, before = changes.get(filed.standing.id, (filed, before))
            change = receipt_change(as_of(filed.standing, before), status, provider_id, error)
            if change:
                changes[filed.standing.id] = (filed, change)
        return list(changes.values())

    def _dead(self, filed: Filed, change: Change) -> AddressFailed | None:
        """The address itself is at fault: it is left alone for some time."""
        codes = self._dead_address.get(filed.provider or "", frozenset())
        if change.status is not NoticeStatus.FAILED or change.error not in codes or filed.person_id is None:
            return None
        now = datetime.now(UTC)
        until = now + timedelta(days=self._rules.failed_address_days)
        return AddressFailed(
            id=new_id(),
            occurred_at=now,
            person_id=filed.person_id,
            channel=filed.channel,
            reason=(change.error or "")[:200],
            until=until,
        )

    async def _work_off(self, lane: Lane) -> None:
        while True:
            await lane.something.wait()
            lane.something.clear()
            if lane.calling and lane.waiting < CALLS_MAX:
                await asyncio.sleep(GATHER_SECONDS)
            taken = lane.take()
            if taken and lane.waiting:
                lane.something.set()  # there may be more to take
            for held in await self._claimed(taken, lane):
                task = asyncio.create_task(self._lanes.call(lane, held, self._answered))
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)

    async def _claimed(self, taken: Sequence[Held], lane: Lane) -> list[Held]:
        """Those whose turn it is and that are still ours, marked as given to their provider."""
        if not taken:
            return []
        try:
            await self._await_pace(taken, lane)
            now = time.monotonic()
            trusted = [held.letter.id for held in taken if now - held.trusted_from <= TRUST_SECONDS]
            ours = await store.mark_called(self._service.pool, trusted, LEASE) if trusted else set()
        except Exception as error:
            if not is_away(error):
                log.exception("claim_failed", provider=lane.name)
            await asyncio.sleep(1.0)
            ours = set()
        for held in taken:
            if held.letter.id not in ours:
                lane.done(held)
                self._let_go(held.letter.id)
        return [held for held in taken if held.letter.id in ours]

    async def _await_pace(self, taken: Sequence[Held], lane: Lane) -> None:
        """Wait for the moments that our lines have booked, ahead and for all replicas at once."""
        for line in {held.letter.account for held in taken}:
            wanted = sum(held.letter.account == line for held in taken)
            left, from_time = lane.booked.get(line, (0, 0.0))
            if left < wanted:
                count = max(wanted - left, int(lane.per_second * BOOK_SECONDS))
                wait = await store.book(self._service.pool, f"{lane.name}/{line}", count, lane.per_second)
                left, from_time = left + count, time.monotonic() + wait
            lane.booked[line] = (left - wanted, from_time)
            await asyncio.sleep(max(0.0, from_time - time.monotonic()))

    def _answered(self, result: Result, held: Held) -> None:
        self._results.put_nowait((result, held))

    def _let_go(self, delivery_id: UUID) -> None:
        self._held.pop(delivery_id, None)
        if len(self._held) < BACKLOG_MAX:
            self._room.set()

    async def _record_forever(self) -> None:
        """Write results down in batches; while the database is away they wait here, their leases run out."""
        while True:
            results = [await self._results.get()]
            while len(results) < RECORD_MAX and not self._results.empty():
                results.append(self._results.get_nowait())
            wait = 0.1
            while True:
                try:
                    await self._record(results)
                    break
                except Exception as error:
                    if not is_away(error):
                        log.exception("record_failed", results=len(results))
                        break
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, 5.0)
            for result, _ in results:
                self._let_go(result.letter_id)
                self._results.task_done()

    async def _record(self, results: Sequence[tuple[Result, Held]]) -> None:
        async with self._service.pool.acquire() as connection, connection.transaction():
            filed = await store.lock_deliveries(connection, {result.letter_id for result, _ in results})
            changes = []
            for result, held in results:
                row = filed.get(result.letter_id)
                change = row and self._result_change(row, result, held)
                if row and change:
                    changes.append((row, change))
            outgoing = await self.save(connection, changes)
            accepted = {
                (row.provider or row.channel, change.provider_id): (row, change)
                for row, change in changes
                if change.provider_id
            }
            if accepted:
                outgoing += await self.save(connection, await self.match_receipts(connection, accepted))
            parcel = await self._service.outbox.add(connection, outgoing)
        if any(change.look_again == timedelta() for _, change in changes):
            self.look_soon()
        if parcel is not None:
            await self._service.outbox.publish(parcel)

    def _result_change(self, row: Filed, result: Result, held: Held) -> Change | None:
        wait = self._rules.provider(held.provider, held.channel).unknown_wait_seconds
        has_another = result.answer is Answer.LATER and self._lanes.has_another(held.channel, row.standing.tries)
        return result_change(row.standing, result, held.letter.attempts, wait, has_another)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if not self._held:
                continue
            renewed = list(self._held)
            began = time.monotonic()
            try:
                await store.renew_leases(self._service.pool, renewed, LEASE)
            except Exception as error:
                if not is_away(error):
                    raise
                continue
            for delivery_id in renewed:
                if delivery_id in self._held:
                    self._held[delivery_id].trusted_from = began

    async def _sweep_forever(self) -> None:
        forgot = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            try:
                while await self.sweep() >= SWEEP_MAX:
                    pass
                if time.monotonic() - forgot > FORGET_SECONDS:
                    forgot = time.monotonic()
                    await store.forget_receipts(self._service.pool, EARLY_RECEIPT_DAYS)
            except Exception as error:
                if not is_away(error):
                    log.exception("sweep_failed")

    async def sweep(self) -> int:
        """Look again at notices whose time came, of each channel that has room. How many there were."""
        await self.wait_for_room()
        full = self._lanes.full()
        async with self._service.pool.acquire() as connection, connection.transaction():
            rows = await store.lock_overdue(connection, [queue for queue in Channel if queue not in full], SWEEP_MAX)
            if not rows:
                return 0
            doubted = [row for row in rows if _is_doubted(row)]
            outgoing = await self._doubt(connection, doubted)
            rest = [row for row in rows if not _is_doubted(row)]
            ids = {row.notice.person_id for row in rest if row.notice.person_id}
            people = await store.people(connection, ids, self._vault) if ids else {}
            written = self._clerk.decide_each(rest, people, await store.clock(connection))
            await self._clerk.save(connection, written)
            parcel = await self._service.outbox.add(connection, [*outgoing, *written.messages()])
        for held in written.held:
            self.hand_in(held)
        if parcel is not None:
            await self._service.outbox.publish(parcel)
        return len(rows)

    async def _doubt(self, connection: Connection, rows: Collection[Open]) -> list[Outgoing]:
        """Their senders died after they had asked the provider: the outcome is unknown, a receipt may tell it."""
        if not rows:
            return []
        filed = await store.lock_deliveries(connection, {row.tried[-1].id for row in rows})
        changes = []
        for row in rows:
            last = filed[row.tried[-1].id]
            wait = self._rules.provider(last.provider or "", last.channel).unknown_wait_seconds
            died = Result(last.standing.id, Answer.UNKNOWN, error="sender_died")
            change = result_change(last.standing, died, last.standing.attempts, wait, False)
            if change:
                changes.append((last, change))
        return await self.save(connection, changes)


def _is_doubted(row: Open) -> bool:
    last = row.tried[-1] if row.tried else None
    return last is not None and last.status is NoticeStatus.SENDING and last.is_called


def as_of(standing: Standing, change: Change | None) -> Standing:
    """The delivery after a change that is not written yet."""
    if change is None:
        return standing
    return replace(standing, status=change.status, attempts=change.attempts, notice_status=change.notice_status)


def _fact(filed: Filed, change: Change) -> Message:
    return NoticeRecorded(
        id=new_id(),
        occurred_at=datetime.now(UTC),
        trace_id=filed.trace_id,
        notice_id=filed.standing.notice_id,
        event=filed.event,
        channel=filed.channel,
        status=change.status,
        attempts=change.attempts,
        case_id=filed.case_id,
        contact_id=filed.contact_id,
        provider=filed.provider,
        provider_id=change.provider_id,
    )
