"""What a look at some cases comes to: warnings, tasks and calls as messages, and when to look again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.router.domain.duty import Call, call_duty
from services.router.domain.life import Case
from services.router.domain.watch import Reached, warnings
from services.router.handlers.ground import Ground
from services.router.watches import Life
from shared import metrics
from shared.clocks import WorkingTime
from shared.contracts import AssignmentWarned, DutyCalled, TaskKind, TaskRequested
from shared.ids import derived_id
from shared.messaging import Outgoing, envelopes, single
from shared.messaging.topology import DEPARTMENTS, DESK, NOTIFIER, owner_queue
from shared.municipality.duty import Shift
from shared.municipality.escalation import Escalation, Told
from shared.names import Names
from shared.pages.formats import Formats

log = structlog.get_logger()

# A case whose clocks cannot be counted (a calendar without working days) must not hold up the others.
UNCOUNTED_AGAIN: Final = timedelta(hours=1)


@dataclass
class Look:
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
        try:
            clocks = self.ground.clocks(case, life.steps)
        except ValueError as error:
            log.error("clocks_not_counted", case_id=str(case.id), owner=case.owner, reason=str(error))
            self.at(case, self.now + UNCOUNTED_AGAIN)
            return
        found = warnings(case, clocks, self.rules, told, life.assigned_at, self.now)
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
        task_id = derived_id(case.opened_at, "not_taken", case.assignment_id)
        return self._task(case, task_id, TaskKind.UNRECEIPTED, "no_duty", self._moment(case.opened_at))

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
        step = reached.step
        task_id = derived_id(reached.due_at, "overdue", case.assignment_id, step.clock, step.code)
        return single(
            DESK, "tasks", self._task(case, task_id, TaskKind.OVERDUE, "late", step.name, self._moment(reached.due_at))
        )

    def _task(self, case: Case, task_id: UUID, kind: TaskKind, reason: str, *words: str) -> TaskRequested:
        """What a person is asked about one case; `words` tell more of it."""
        return TaskRequested(
            id=task_id,
            occurred_at=self.now,
            trace_id=case.trace_id,
            kind=kind,
            source="router",
            lane=case.lane,
            channel=case.channel,
            account=case.account,
            case_id=case.id,
            number=case.number,
            reason=reason,
            detail=self._words(case.owner, *words),
        )

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
