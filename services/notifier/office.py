"""The post office: sends leased replies side by side, records what providers said, takes up what was left."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.notifier import store
from services.notifier.domain import UNKNOWN_SENDS_MAX, Answer, Result, advance, after_send
from services.notifier.senders import Letter, Sender
from services.notifier.store import Change, Standing
from shared import metrics
from shared.contracts import Channel, Message, NoticeRecorded, NoticeStatus
from shared.database import Connection, is_away
from shared.ids import new_id
from shared.messaging import Outgoing, Service, envelopes
from shared.messaging.topology import EVENTS
from shared.vault import Vault

log = structlog.get_logger()

# No lane: these facts are counted, nobody replies to them.
FACTS_KEY: Final = "notifier.recorded"
LEASE: Final = timedelta(seconds=45)
# A reply whose lease was not renewed for so long may be somebody else's by now: it is not sent.
TRUST_SECONDS: Final = 30.0
RENEW_SECONDS: Final = 10.0
SENDERS: Final = 16
BACKLOG_MAX: Final = 2_000
SWEEP_SECONDS: Final = 2.0
SWEEP_MAX: Final = 200
RECORD_MAX: Final = 500


@dataclass
class _Held:
    letter: Letter
    channel: Channel
    trusted_from: float = field(default_factory=time.monotonic)


class PostOffice:
    """Sends for the channels in `senders`. A reply is leased in the database before it gets here."""

    def __init__(
        self, service: Service, vault: Vault, senders: Mapping[Channel, Sender], unknown_wait_seconds: float
    ) -> None:
        self._service = service
        self._vault = vault
        self._senders = senders
        self._unknown_wait_seconds = unknown_wait_seconds
        # One queue a sender, chosen by address: what one citizen is told stays in order.
        self._waiting: list[asyncio.Queue[_Held]] = [asyncio.Queue() for _ in range(SENDERS)]
        self._held: dict[UUID, _Held] = {}
        self._results: asyncio.Queue[tuple[Result, Letter]] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()

    def sends_for(self, channel: Channel) -> bool:
        """Whether a provider is called for this channel; the others have a program of their own."""
        return channel in self._senders

    async def wait_for_room(self) -> None:
        """Return when fewer than `BACKLOG_MAX` letters wait: more would only grow stale here."""
        await self._room.wait()

    def hand_in(self, letter: Letter, channel: Channel) -> None:
        """Send this letter, whose lease is committed, as soon as a sender is free."""
        held = _Held(letter, channel)
        self._held[letter.id] = held
        self._waiting[hash(letter.address) % SENDERS].put_nowait(held)
        if len(self._held) >= BACKLOG_MAX:
            self._room.clear()

    async def run(self) -> None:
        """Send, record, renew and sweep for ever."""
        async with asyncio.TaskGroup() as group:
            for waiting in self._waiting:
                group.create_task(self._send_forever(waiting))
            group.create_task(self._record_forever())
            group.create_task(self._renew_forever())
            group.create_task(self._sweep_forever())

    async def let_go(self) -> None:
        """Give back what is not being sent yet, so that another takes it up at once instead of after the lease."""
        left = [waiting.get_nowait().letter.id for waiting in self._waiting for _ in range(waiting.qsize())]
        if left:
            await store.give_back(self._service.pool, left)
            log.info("given_back", letters=len(left))

    async def _send_forever(self, waiting: asyncio.Queue[_Held]) -> None:
        while True:
            held = await waiting.get()
            if time.monotonic() - held.trusted_from > TRUST_SECONDS:
                self._let_go(held.letter.id)
                continue
            result = await self._senders[held.channel].send(held.letter)
            metrics.NOTICES.labels(channel=held.channel, status=result.answer).inc()
            self._results.put_nowait((result, held.letter))

    def _let_go(self, notice_id: UUID) -> None:
        self._held.pop(notice_id, None)
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

    async def _record(self, results: Sequence[tuple[Result, Letter]]) -> None:
        async with self._service.pool.acquire() as connection, connection.transaction():
            standing = await store.lock_notices(connection, {result.letter_id for result, _ in results})
            changes = []
            for result, letter in results:
                notice = standing.get(result.letter_id)
                change = notice and result_change(notice, result, letter.attempts, self._unknown_wait_seconds)
                if change:
                    changes.append(change)
            parcel = await self._service.outbox.add(connection, await self.save(connection, changes, standing))
        if parcel is not None:
            await self._service.outbox.publish(parcel)

    async def save(
        self, connection: Connection, changes: Sequence[Change], standing: Mapping[UUID, Standing]
    ) -> list[Outgoing]:
        """Write changes, and what to tell of them."""
        if changes:
            await store.save_changes(connection, changes)
        facts = [_fact(standing[change.id], change) for change in changes]
        return envelopes(EVENTS, FACTS_KEY, facts)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if not self._held:
                continue
            try:
                ours = await store.renew_leases(self._service.pool, list(self._held), LEASE)
            except Exception as error:
                if not is_away(error):
                    raise
                continue
            for notice_id in ours & self._held.keys():
                self._held[notice_id].trusted_from = time.monotonic()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                while await self._sweep() == SWEEP_MAX:
                    pass
            except Exception as error:
                if not is_away(error):
                    log.exception("sweep_failed")

    async def _sweep(self) -> int:
        """Look again at replies whose time came: send those that may be sent, settle the others."""
        await self.wait_for_room()
        letters: list[tuple[Letter, Channel]] = []
        async with self._service.pool.acquire() as connection, connection.transaction():
            overdue = await store.lock_overdue(connection, SWEEP_MAX)
            people = {due.person_id for _, _, due in overdue if due}
            known = await store.addresses(connection, people, self._vault) if people else {}
            changes = []
            for notice, is_expired, due in overdue:
                change = look_again(notice, is_expired, self._unknown_wait_seconds)
                if change.status is NoticeStatus.SENDING and due and due.person_id in known:
                    address = known[due.person_id].address
                    letters.append((Letter(due.id, due.account, address, due.text, change.attempts), due.channel))
                changes.append(change)
            parcel = await self._service.outbox.add(
                connection, await self.save(connection, changes, {notice.id: notice for notice, _, _ in overdue})
            )
        for letter, channel in letters:
            self.hand_in(letter, channel)
        if parcel is not None:
            await self._service.outbox.publish(parcel)
        return len(overdue)


def look_again(notice: Standing, is_expired: bool, unknown_wait_seconds: float) -> Change:
    """What becomes of a reply when its time to be looked at has come.

    Still `sending`: its sender died, so it may or may not have gone out. Still `unknown` after the wait for a
    receipt: once more, if it went out at most once, else a person must look.
    """
    unknown_wait = timedelta(seconds=unknown_wait_seconds)
    match notice.status:
        case NoticeStatus.SENDING:
            return Change(notice.id, NoticeStatus.UNKNOWN, notice.attempts, None, "sender_died", unknown_wait)
        case NoticeStatus.UNKNOWN if notice.attempts < UNKNOWN_SENDS_MAX and not is_expired:
            return Change(notice.id, NoticeStatus.SENDING, notice.attempts + 1, None, None, LEASE)
        case NoticeStatus.UNKNOWN:
            return Change(notice.id, NoticeStatus.UNKNOWN, notice.attempts, None, "outcome_unknown", None)
        case NoticeStatus.WAITING if not is_expired:
            return Change(notice.id, NoticeStatus.SENDING, notice.attempts + 1, None, None, LEASE)
        case NoticeStatus.WAITING:
            return Change(notice.id, NoticeStatus.FAILED, notice.attempts, None, "expired", None)
        case _:
            return Change(notice.id, notice.status, notice.attempts)


def result_change(notice: Standing, result: Result, attempt: int, unknown_wait_seconds: float) -> Change | None:
    """What a provider's answer to the `attempt`-th send makes of a reply; None: nothing new.

    A receipt may have overtaken the answer: it knows better. So may a later send, when the sender of this one was
    frozen: then only an acceptance still counts, and the count of sends never goes back.
    """
    is_accepted = result.answer is Answer.ACCEPTED
    is_open = notice.status in (NoticeStatus.SENDING, NoticeStatus.UNKNOWN)
    if not (is_open or (is_accepted and notice.status is NoticeStatus.WAITING)):
        return None
    if attempt < notice.attempts and not is_accepted:
        return None
    follow = after_send(result, attempt, unknown_wait_seconds)
    seconds = follow.look_again_seconds
    look_again = timedelta(seconds=seconds) if seconds is not None else None
    attempts = max(attempt, notice.attempts)
    return Change(notice.id, follow.status, attempts, result.provider_id, result.error, look_again)


def receipt_change(notice: Standing, reported: NoticeStatus, provider_id: str, error: str | None) -> Change | None:
    """What a provider's receipt makes of a reply; None: nothing new."""
    status = advance(notice.status, reported)
    if status is notice.status:
        return None
    return Change(notice.id, status, notice.attempts, provider_id, error, None)


def _fact(notice: Standing, change: Change) -> Message:
    return NoticeRecorded(
        id=new_id(),
        occurred_at=datetime.now(UTC),
        trace_id=notice.trace_id,
        notice_id=notice.id,
        event=notice.event,
        channel=notice.channel,
        status=change.status,
        attempts=change.attempts,
        case_id=notice.case_id,
        contact_id=notice.contact_id,
    )
