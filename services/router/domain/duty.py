"""Whether somebody on duty is called for an urgent case, and whether the one called before took it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.router.domain.life import Case
from shared.clocks import WorkingTime
from shared.contracts import CaseState
from shared.municipality.duty import Duty, Shift

# What was urgent longer ago wakes nobody: a backlog that is read in at night.
FRESH: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Call:
    """The next one called, as the `place`-th; `shift` None: nobody is left, so the solution centre is told."""

    place: int
    shift: Shift | None


@dataclass(frozen=True, slots=True)
class DutyLook:
    """What is done now, and when to look again; None: nothing more by itself."""

    call: Call | None
    next_at: datetime | None


NOTHING: Final = DutyLook(None, None)


def call_duty(
    case: Case,
    assigned_at: datetime,
    called: Sequence[datetime],
    duty: Duty,
    working: WorkingTime,
    now: datetime,
) -> DutyLook:
    """Who is called for a case that came to a department outside its office hours and waits for it still.

    `called`: when those before were called, in order. Nobody is called once the office has opened.
    """
    waits = case.state is CaseState.ROUTED and case.lane == "urgent" and case.head_id is None
    if not waits or not duty.has_roster(case.owner) or now - case.started_at > FRESH:
        return NOTHING
    if working.is_open(assigned_at) or working.is_open(now):
        return NOTHING
    patience = timedelta(minutes=duty.next_after_minutes)
    if called and called[-1] + patience > now:
        return DutyLook(None, called[-1] + patience)
    people = duty.on_duty(case.owner, now.astimezone(working.zone))
    if len(called) > len(people):
        return NOTHING
    place = len(called) + 1
    if place > len(people):
        return DutyLook(Call(place, None), None)
    return DutyLook(Call(place, people[place - 1]), now + patience)
