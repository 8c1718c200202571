"""The clock of a case: when it is due, how long it was paused, what is left.

A pure function of the case's steps: the same steps in whatever order, once or twice, give the same clock; a later step
never makes the case due earlier; a further pause never does.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from shared.clocks.working import OFFICE_UNITS, WorkingTime, counted
from shared.contracts import CaseState
from shared.municipality import Calendar, Target

# Nobody of ours can go on while a case stands so.
PAUSED: Final = frozenset({CaseState.WAITING_CITIZEN, CaseState.WAITING_INSTITUTION})


class ClockState(StrEnum):
    """Whether time passes."""

    RUNNING = "running"
    PAUSED = "paused"  # it waits for the citizen or an institution
    STOPPED = "stopped"  # the case is closed


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on the case stands so; `version` is its place among the case's steps."""

    version: int
    at: datetime
    state: CaseState


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count; `end` None: it lasts."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """A target under way since `started_at`, the opening or the last reopening.

    `due_at` counts the pauses that are over; one that lasts moves it when it ends. `length` is the time from the start
    to the due moment had there been no pause.
    """

    started_at: datetime
    due_at: datetime
    length: timedelta
    pauses: tuple[Pause, ...]
    stopped_at: datetime | None = None

    @property
    def state(self) -> ClockState:
        if self.stopped_at is not None:
            return ClockState.STOPPED
        return ClockState.PAUSED if self.pauses and self.pauses[-1].end is None else ClockState.RUNNING

    def left(self, now: datetime) -> timedelta:
        """What is left on the clock; less than nothing: so late. It stands still while paused, and once stopped."""
        return self.due_at - (self.stopped_at or (self.pauses[-1].start if self.state is ClockState.PAUSED else now))


def clock(steps: Collection[Step], target: Target, calendar: Calendar, zone: tzinfo) -> Clock:
    """The clock of a case with these steps. Raises ValueError when there is none.

    A step that says it was before the one ahead of it counts as of the same moment. Pauses are as long as they lasted;
    of targets in office time, as much of them as was worked.
    """
    if not steps:
        raise ValueError("a case has at least one step")
    working = WorkingTime(calendar, zone)
    now: Clock | None = None
    for run in _runs(_in_order(steps)):
        end = counted(run.started_at, target, working)
        due = _paused(end, run.pauses, working if target.unit in OFFICE_UNITS else None)
        # Opened again it gets a new target, and never less time than it had.
        due = max(due, now.due_at) if now else due
        now = Clock(run.started_at, due, end - run.started_at, tuple(run.pauses), run.stopped_at)
    assert now is not None
    return now


def _paused(due: datetime, pauses: Sequence[Pause], working: WorkingTime | None) -> datetime:
    """Later by every pause that began before it was due."""
    for pause in pauses:
        if pause.end is None or pause.start >= due:
            break
        lasted = pause.end - pause.start
        due = working.after(due, working.between(pause.start, pause.end)) if working else due + lasted
    return due


@dataclass
class _Run:
    """From an opening or reopening to the closing."""

    started_at: datetime
    pauses: list[Pause] = field(default_factory=list)
    stopped_at: datetime | None = None

    def resume(self, at: datetime) -> None:
        if self.pauses and self.pauses[-1].end is None:
            self.pauses[-1] = Pause(self.pauses[-1].start, at)

    def pause(self, at: datetime) -> None:
        if not self.pauses or self.pauses[-1].end is not None:
            self.pauses.append(Pause(at, None))


def _runs(steps: Iterator[Step]) -> list[_Run]:
    runs: list[_Run] = []
    for step in steps:
        if not runs or (runs[-1].stopped_at is not None and step.state is not CaseState.CLOSED):
            runs.append(_Run(step.at))
        run = runs[-1]
        if step.state in PAUSED:
            run.pause(step.at)
            continue
        run.resume(step.at)
        if step.state is CaseState.CLOSED and run.stopped_at is None:
            run.stopped_at = step.at
    return runs


def _in_order(steps: Collection[Step]) -> Iterator[Step]:
    """By version, none before the one ahead of it."""
    latest: datetime | None = None
    for step in sorted(steps, key=lambda step: (step.version, step.at, step.state)):
        latest = max(step.at, latest) if latest else step.at
        yield Step(step.version, latest, step.state)
