"""Watches open cases: warns before they are late, escalates step by step, and misses receipts that stay away.

Any number of replicas may watch: a case that one looks at is passed over by the others, and what follows from a look is
written in one transaction with the messages that tell of it.

An owner that gives no receipt may have lost a message, or its program may be away while its queue holds everything: the
broker cannot be asked which. So a case is put into the queue again (the same assignment, under the same message id),
at the earliest after an hour, three times at most, and no more than some of an owner within that hour (escalation.toml;
two replicas at once may each come to that bound). Then a person is told, once for the owner; until a receipt comes
again nothing more is put in.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.router import store, watches
from services.router.domain.duty import Call, call_duty
from services.router.domain.life import Case
from services.router.domain.watch import Reached, Receipt, receipt, warnings
from services.router.handlers.ground import Ground
from services.router.handlers.telling import Offerer
from services.router.watches import Life
from shared import metrics
from shared.clocks import WorkingTime
from shared.contracts import (
    AssignmentReturned,
    AssignmentWarned,
    CaseReturned,
    CaseState,
    DutyCalled,
    TaskKind,
    TaskRequested,
)
from shared.database import Connection, is_away
from shared.ids import derived_id
from shared.messaging import Outgoing, Service, envelopes, single
from shared.messaging.topology import DEPARTMENTS, DESK, NOTIFIER, owner_queue
from shared.municipality.duty import Shift
from shared.municipality.escalation import Escalation, Told
from shared.names import Names
from shared.pages.formats import Formats

log = structlog.get_logger()

LOOK_SECONDS: Final = 5.0
CASES_MAX: Final = 200


@dataclass(frozen=True)
class Watcher:
    """Looks at the cases whose time has come. `ground` is asked at each look: the municipality may have changed."""

    service: Service
    ground: Callable[[], Ground]

    async def watch(self) -> None:
        """Look for ever; a database that is away is waited for."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                while await self.look(datetime.now(UTC)) == CASES_MAX:
                    pass
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("watch_waits", reason=str(error))

    async def look(self, now: datetime) -> int:
        """Look at some of the cases whose time has come by `now`; how many there were."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            cases = await watches.lock_due(connection, now, CASES_MAX)
            if not cases:
                return 0
            look = await self._look_at(connection, cases, now)
            parcel = await self.service.outbox.add(connection, look.outgoing)
        if parcel is not None:
            await self.service.outbox.publish(parcel)
        return len(cases)

    async def _look_at(self, connection: Connection, cases: Sequence[Case], now: datetime) -> "_Look":
        look = _Look(self.ground(), now)
        lives = await watches.lives(connection, [case.id for case in cases])
        told = await watches.told(connection, [case.assignment_id for case in cases])
        for case in cases:
            look.warn(case, lives[case.id], told.get(case.assignment_id, frozenset()))
        await watches.note_told(connection, look.told, now)
        await self._miss_receipts(connection, look, cases, lives)
        await self._call_duty(connection, look, cases, lives)
        await watches.look_again(connection, look.next_at)
        return look

    async def _miss_receipts(
        self, connection: Connection, look: "_Look", cases: Sequence[Case], lives: Mapping[UUID, Life]
    ) -> None:
        await self._take_receipts(connection, cases, look.now)
        reminders = await watches.reminders(connection, [case.id for case in cases])
        late: list[tuple[Case, Receipt]] = []
        for case in cases:
            if case.owner in look.ground.gives_receipts and not case.head_id:
                before = reminders.get(case.assignment_id)
                found = receipt(case, lives[case.id].assigned_at, before, look.rules.receipt, look.now)
                look.at(case, found.next_at)
                late += [(case, found)] if found.is_due else []
        if late:
            await self._act_on(connection, look, late, lives)

    async def _call_duty(
        self, connection: Connection, look: "_Look", cases: Sequence[Case], lives: Mapping[UUID, Life]
    ) -> None:
        """Whoever is on duty hears of urgent cases that came to their department outside its office hours."""
        urgent = [case for case in cases if case.lane == "urgent"]
        called = await watches.duty_calls(connection, [case.assignment_id for case in urgent]) if urgent else {}
        calls = []
        for case in urgent:
            found = look.call_duty(case, lives[case.id].assigned_at, called.get(case.assignment_id, ()))
            calls += [(case, found.place)] if found else []
        if calls:
            await watches.note_duty_calls(connection, calls, look.now)

    async def _take_receipts(self, connection: Connection, cases: Sequence[Case], now: datetime) -> None:
        """Reminders that did their work, or are of an assignment that is over, are forgotten; an outage is over."""
        reminders = await watches.reminders(connection, [case.id for case in cases])
        waiting = {case.assignment_id for case in cases if case.state is CaseState.ROUTED}
        if over := reminders.keys() - waiting:
            await watches.forget_reminders(connection, over)
            owners = {case.owner for case in cases if case.assignment_id in over}
            for owner in await watches.end_silence(connection, owners, now):
                log.info("receipts_came_again", owner=owner)

    async def _act_on(
        self,
        connection: Connection,
        look: "_Look",
        late: Sequence[tuple[Case, Receipt]],
        lives: Mapping[UUID, Life],
    ) -> None:
        rules = look.rules.receipt
        owners = {case.owner for case, _ in late}
        silent = await watches.silent(connection, owners)
        since = look.now - timedelta(minutes=rules.again_minutes)
        lately = Counter(await watches.reminded_since(connection, owners, since))
        again: list[Case] = []
        for case, found in late:
            if case.owner in silent:
                continue
            if found.times >= rules.times_max:
                silent.add(case.owner)
                await self._tell_of_silence(connection, look, case, lives[case.id].assigned_at)
            elif lately[case.owner] < rules.together_max:
                lately[case.owner] += 1
                again.append(case)
        if again:
            await watches.note_reminders(connection, again, look.now)
            look.outgoing += await self._offers_again(connection, look.ground, again)

    async def _tell_of_silence(self, connection: Connection, look: "_Look", case: Case, since: datetime) -> None:
        """A person is told that this owner gives no receipts; of the case that showed it nothing more is said."""
        await watches.note_reminders(connection, [case], look.now)
        waiting = await watches.waiting(connection, case.owner)
        task = look.unreceipted(case, waiting, since)
        if await watches.note_silent(connection, case.owner, task.id, look.now):
            metrics.OWNER_SILENT.labels(owner=case.owner).inc()
            log.error("owner_gives_no_receipts", owner=case.owner, waiting=waiting)
            look.outgoing.append(single(DESK, "tasks", task))

    async def _offers_again(self, connection: Connection, ground: Ground, cases: Sequence[Case]) -> list[Outgoing]:
        """The offers as they were, of the same assignments under the same ids."""
        ids = [case.id for case in cases]
        said = await store.opened(connection, ids)
        facts = await store.assignments(connection, ids)
        returned = await watches.returned_before(connection, ids)
        tellers = await watches.tellers(connection, ids)
        offerer = Offerer(ground)
        offers = []
        for case in cases:
            fact = facts[case.assignment_id]
            back = returned.get((case.id, fact.version))
            offers.append(offerer.offer(case, said[case.id], fact, returned=_answer(back), tellers=tellers[case.id]))
            log.info("offered_again", case_id=str(case.id), owner=case.owner)
        return offers


@dataclass
class _Look:
    """What a look at some cases comes to."""

    ground: Ground
    now: datetime
    outgoing: list[Outgoing] = field(default_factory=list)
    told: list[tuple[Case, Reached]] = field(default_factory=list)
    next_at: dict[UUID, datetime | None] = field(default_factory=dict)

    @property
    def rules(self) -> Escalation:
        return self.ground.place.escalation

    def at(self, case: Case, moment: datetime | None) -> None:
        """Look at the case then, or earlier if that was wanted already."""
        before = self.next_at.get(case.id)
        self.next_at[case.id] = min((at for at in (before, moment) if at), default=None)

    def warn(self, case: Case, life: Life, told: frozenset[tuple[str, str, datetime]]) -> None:
        """Tell the steps that have come. One that follows another is nobody's work by itself."""
        if case.head_id:
            self.at(case, None)
            return
        found = warnings(case, self.ground.clocks(case, life.steps), self.rules, told, life.assigned_at, self.now)
        self.told += [(case, reached) for reached in found.reached]
        self.outgoing += [self._to_owner(case, reached) for reached in found.for_whom(Told.OWNER)]
        self.outgoing += [self._to_centre(case, reached) for reached in found.for_whom(Told.CENTRE)]
        self.at(case, found.next_at)
        for reached in found.reached:
            metrics.CLOCK_STEPS.labels(step=reached.step.code).inc()
            log.info("clock_step", case_id=str(case.id), owner=case.owner, step=reached.step.code)

    def call_duty(self, case: Case, assigned_at: datetime, called: Sequence[datetime]) -> Call | None:
        """Call whoever is next, if anybody is to be called for this case now."""
        place = self.ground.place
        working = WorkingTime(place.calendar_of(case.owner), place.zone)
        found = call_duty(case, assigned_at, called, place.duty, working, self.now)
        self.at(case, found.next_at)
        if found.call and found.call.shift:
            metrics.DUTY_CALLS.labels(owner=case.owner).inc()
            self.outgoing += envelopes(NOTIFIER, "duty", [self._duty_called(case, found.call.shift, found.call.place)])
        elif found.call:
            log.error("nobody_on_duty_took_it", case_id=str(case.id), owner=case.owner)
            self.outgoing.append(single(DESK, "tasks", self._not_taken(case)))
        return found.call

    def _duty_called(self, case: Case, shift: Shift, place: int) -> DutyCalled:
        names = Names(self.ground.place)
        return DutyCalled(
            id=derived_id(case.opened_at, "duty", case.assignment_id, place),
            occurred_at=self.now,
            trace_id=case.trace_id,
            assignment_id=case.assignment_id,
            case_id=case.id,
            number=case.number,
            owner=case.owner,
            owner_name=names.owner(case.owner),
            role=shift.name,
            address=shift.phone,
            place=place,
            topic_name=names.topic(case.topic),
            neighbourhood_name=names.neighbourhood(case.neighbourhood),
        )

    def _not_taken(self, case: Case) -> TaskRequested:
        """That nobody on duty took an urgent case over."""
        return TaskRequested(
            id=derived_id(case.opened_at, "not_taken", case.assignment_id),
            occurred_at=self.now,
            trace_id=case.trace_id,
            kind=TaskKind.UNRECEIPTED,
            source="router",
            lane=case.lane,
            channel=case.channel,
            account=case.account,
            case_id=case.id,
            number=case.number,
            reason="no_duty",
            detail=self._words(case.owner, self._moment(case.opened_at)),
        )

    def _to_owner(self, case: Case, reached: Reached) -> Outgoing:
        warned = AssignmentWarned(
            id=derived_id(reached.due_at, "warned", case.assignment_id, reached.step.clock, reached.step.code),
            occurred_at=self.now,
            trace_id=case.trace_id,
            assignment_id=case.assignment_id,
            case_id=case.id,
            number=case.number,
            clock=reached.step.clock,
            due_at=reached.due_at,
            step=reached.step.code,
        )
        return single(DEPARTMENTS, owner_queue(case.owner, case.lane), warned)

    def _to_centre(self, case: Case, reached: Reached) -> Outgoing:
        task = TaskRequested(
            id=derived_id(reached.due_at, "overdue", case.assignment_id, reached.step.clock, reached.step.code),
            occurred_at=self.now,
            trace_id=case.trace_id,
            kind=TaskKind.OVERDUE,
            source="router",
            lane=case.lane,
            channel=case.channel,
            account=case.account,
            case_id=case.id,
            number=case.number,
            reason="late",
            detail=self._words(case.owner, reached.step.name, self._moment(reached.due_at)),
        )
        return single(DESK, "tasks", task)

    def unreceipted(self, case: Case, waiting: int, since: datetime) -> TaskRequested:
        """That the owner of this case gives no receipts: how many are missing, and since when."""
        return TaskRequested(
            id=derived_id(self.now, "unreceipted", case.owner, case.assignment_id),
            occurred_at=self.now,
            trace_id=case.trace_id,
            kind=TaskKind.UNRECEIPTED,
            source="router",
            lane=case.lane,
            channel=case.channel,
            reason="no_receipt",
            detail=self._words(case.owner, f"{waiting} iş", self._moment(since)),
        )

    def _words(self, owner: str, *more: str) -> str:
        return " · ".join((Names(self.ground.place).owner(owner), *more))

    def _moment(self, at: datetime) -> str:
        return Formats("tr", self.ground.place.zone).moment(at)


def _answer(returned: CaseReturned | None) -> AssignmentReturned | None:
    """How the last owner gave it back, as that owner said it."""
    if returned is None:
        return None
    return AssignmentReturned(
        id=returned.id,
        occurred_at=returned.occurred_at,
        assignment_id=returned.assignment_id,
        case_id=returned.case_id,
        owner=returned.returned_by,
        reason=returned.reason,
        because=returned.because,
        proposal=returned.proposal,
    )
