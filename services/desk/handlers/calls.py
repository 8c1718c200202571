"""Calls as they come in: folded by the batch, shown with the caller's history while it rings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.desk.domain import Call, Reached, begun, call_key, caller_of, fold
from services.desk.domain.identity import Identity
from services.desk.store import calls as call_store
from services.desk.store import looks, scopes
from services.desk.store import tasks as task_store
from shared.contracts import CallReported, CallState, Message
from shared.messaging import Service, Unit
from shared.vault import Vault

RECENT: Final = timedelta(hours=8)
RECENT_MAX: Final = 60
# A call whose end nobody told does not ring for ever.
RINGS_MAX: Final = timedelta(minutes=10)
TALK_MAX: Final = timedelta(hours=2)
# The caller's card stays that long after the call, so that it can still be entered.
STAYS: Final = timedelta(minutes=2)


class NoSuchCall(Exception):
    """Raised when no call of that id was ever told."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A call with who calls; `items`: the work list's item for each earlier case that has one here."""

    call: Call
    reached: Reached
    items: Mapping[UUID, UUID]


@dataclass(frozen=True)
class Calls:
    """The calls at our lines."""

    service: Service
    vault: Vault

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """Fold what the exchanges told."""
        reports = [event for event in events if isinstance(event, CallReported)]
        if not reports:
            return
        first = {call_key(report): begun(report) for report in reversed(reports)}
        await call_store.add(unit.connection, [first[key] for key in sorted(first)])
        calls = await call_store.lock(unit.connection, first)
        callers: dict[UUID, Reached] = {}
        for report in reports:
            key = call_key(report)
            calls[key] = fold(calls[key], report)
            told, known = caller_of(report), callers.get(key, Reached())
            callers[key] = Reached(told.address or known.address, told.name or known.name)
        await call_store.save(unit.connection, [(calls[key], callers[key]) for key in first], self.vault)

    async def recent(self) -> list[Call]:
        """What came in lately, the newest first, without anybody's number."""
        return await call_store.recent(self.service.pool, RECENT, RECENT_MAX)

    async def on_screen(self, extension: str | None, by: Identity) -> list[Caller]:
        """Who is on the line at this telephone (None: at any), the newest first; that somebody looks is kept once."""
        now = datetime.now(UTC)
        shown = [call for call in await self.recent() if _is_for(call, extension) and _is_on_screen(call, now)]
        return await self._opened(shown, by)

    async def look(self, call_id: UUID, by: Identity) -> Caller:
        """One call with who calls, and the look kept. Raises NoSuchCall."""
        call = await call_store.find(self.service.pool, call_id)
        if call is None:
            raise NoSuchCall(call_id)
        return (await self._opened([call], by))[0]

    async def _opened(self, calls: Sequence[Call], by: Identity) -> list[Caller]:
        """Who calls, with their earlier cases; who told a tip is not to be learnt from who calls."""
        if not calls:
            return []
        if not by.may_see_whom(is_tip=False):
            return [Caller(replace(call, history=()), Reached(withheld=call.has_address), {}) for call in calls]
        cases = {case.case_id for call in calls for case in call.history}
        async with self.service.pool.acquire() as connection, connection.transaction():
            await looks.record_first(connection, by.name, "call", [call.id for call in calls if call.has_address])
            reached = await call_store.reached(connection, [call.id for call in calls], self.vault)
            tips = set() if by.may_see_whom(is_tip=True) else await scopes.tips_among(connection, cases)
        calls = [replace(call, history=tuple(one for one in call.history if one.case_id not in tips)) for call in calls]
        items = await task_store.items_of(self.service.pool, cases) if cases else {}
        return [Caller(call, reached.get(call.id, Reached()), items) for call in calls]


def _is_for(call: Call, extension: str | None) -> bool:
    """A call that waits in a queue rings for everybody."""
    return extension is None or call.extension in (None, extension)


def _is_on_screen(call: Call, now: datetime) -> bool:
    since = now - call.changed_at
    match call.state:
        case CallState.RINGING:
            return since < RINGS_MAX
        case CallState.ANSWERED:
            return since < TALK_MAX
        case CallState.ENDED:
            return call.extension is not None and since < STAYS
        case _:
            return False
