"""What a look at a case comes to: which steps of its clocks are told to whom, whether a receipt is missing. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from services.router.domain.life import Case
from shared.clocks import Clock, ClockState
from shared.contracts import CaseState
from shared.municipality.escalation import Escalation, EscalationStep, ReceiptRules, Told

Clocks: TypeAlias = Mapping[Literal["service", "legal"], Clock]


@dataclass(frozen=True, slots=True)
class Reached:
    """A step of a clock that has come; the same one is told once."""

    step: EscalationStep
    due_at: datetime

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What tells it from others of the same assignment."""
        return self.step.clock, self.step.code, self.due_at


@dataclass(frozen=True, slots=True)
class Warnings:
    """`reached` has come and was not told before; `next_at` is when the next one comes, None: never by itself."""

    reached: tuple[Reached, ...]
    next_at: datetime | None

    def for_whom(self, who: Told) -> tuple[Reached, ...]:
        """What they are told now: of each clock the last step alone, however many came since the last look."""
        last = {found.step.clock: found for found in self.reached if who in found.step.tell}
        return tuple(last.values())


def warnings(
    case: Case,
    clocks: Clocks,
    rules: Escalation,
    told: frozenset[tuple[str, str, datetime]],
    assigned_at: datetime,
    now: datetime,
) -> Warnings:
    """The steps of a case's clocks at `now`; a clock that does not run has none.

    What lay behind the case when its owner got it is not told: the offer said by when it is due, and a backlog that is
    read in warns nobody.
    """
    coming: list[tuple[datetime, Reached]] = []
    for step in rules.steps:
        clock = clocks.get(step.clock)
        if clock is not None and clock.state is ClockState.RUNNING and case.lane in step.lanes:
            coming.append((_moment(step, clock), Reached(step, clock.due_at)))
    coming.sort(key=lambda row: row[0])
    reached = tuple(found for at, found in coming if assigned_at < at <= now and found.key not in told)
    return Warnings(reached, min((at for at, _ in coming if at > now), default=None))


def _moment(step: EscalationStep, clock: Clock) -> datetime:
    if step.used_percent is not None:
        return clock.due_at - clock.length * (100 - step.used_percent) / 100
    return clock.due_at + timedelta(hours=(step.hours_after or 0) - (step.hours_before or 0))


@dataclass(frozen=True, slots=True)
class Reminder:
    """How often an assignment was put into its owner's queue again, and when last."""

    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whether a receipt is missing now (`is_due`), after how many times, and when to look next."""

    is_due: bool
    times: int
    next_at: datetime | None


def receipt(case: Case, assigned_at: datetime, before: Reminder | None, rules: ReceiptRules, now: datetime) -> Receipt:
    """How the receipt of a case stands whose owner has software of its own.

    After `times_max` times, and once a person was told, there is nothing more to do for this one.
    """
    times = before.times if before else 0
    if case.state is not CaseState.ROUTED or times > rules.times_max:
        return Receipt(False, times, None)
    again = timedelta(minutes=rules.again_minutes)
    due_at = before.last_at + again if before else assigned_at + timedelta(minutes=rules.first_minutes(case.lane))
    return Receipt(True, times, now + again) if due_at <= now else Receipt(False, times, due_at)
