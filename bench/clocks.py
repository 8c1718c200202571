"""`python -m bench.clocks`: what the clocks of ten thousand cases cost, beside walking through them minute by minute.

The naive way is the definition itself: a target is used up by every minute that counts. It needs no thought, so that
it also tells whether the clocks are right.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from shared import municipality
from shared.clocks import Clock, Pause, Step, WorkingTime, clock
from shared.contracts import CaseState
from shared.municipality import Calendar, Target, TargetUnit

PLACE = municipality.load(Path(__file__).parent.parent / "municipality" / "ilkadim")
START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# The naive way is too slow for all of them.
NAIVE_CASES = 20
Case = tuple[list[Step], Target]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.clocks", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    cases = some_cases(parser.parse_args().cases)
    ours, naive = _milliseconds(_ours, cases), _milliseconds(_naive, cases[:NAIVE_CASES])
    wrong = sum(_ours(case) != _naive(case) for case in cases[:NAIVE_CASES])
    print(f"clocks of {len(cases)} cases: {ours * len(cases) / 1000:.2f} s of CPU, {ours:.4f} ms each")
    print(f"minute by minute, {NAIVE_CASES} of them: {naive:.1f} ms each, {naive / ours:.0f} times as much")
    if wrong:
        sys.exit(f"{wrong} of {NAIVE_CASES} are due at another moment")


def some_cases(count: int) -> list[Case]:
    """Lives of up to ten steps over the year, with targets of one to eighty office hours; always the same."""
    dice = random.Random(2026)
    return [(_a_life(dice), Target(amount=dice.randint(1, 80), unit=TargetUnit.WORKING_HOURS)) for _ in range(count)]


def naive_due(found: Clock, target: Target, calendar: Calendar) -> datetime:
    """When the target is used up, a minute at a time; for targets of hours and steps at whole minutes."""
    working, left, now = WorkingTime(calendar, PLACE.zone), target.amount * 60, found.started_at
    in_office = target.unit is TargetUnit.WORKING_HOURS
    while left:
        left -= not any(_is_in(pause, now) for pause in found.pauses) and (not in_office or working.is_open(now))
        now += MINUTE
    return now


def _is_in(pause: Pause, now: datetime) -> bool:
    return pause.end is not None and pause.start <= now < pause.end


def _ours(case: Case) -> datetime:
    steps, target = case
    return clock(steps, target, PLACE.calendar, PLACE.zone).due_at


def _naive(case: Case) -> datetime:
    steps, target = case
    return naive_due(clock(steps, target, PLACE.calendar, PLACE.zone), target, PLACE.calendar)


def _a_life(dice: random.Random) -> list[Step]:
    now = START + timedelta(minutes=dice.randint(0, 300 * 24 * 60))
    steps = [Step(1, now, CaseState.RECEIVED), Step(2, now, CaseState.ROUTED)]
    for version in range(3, dice.randint(4, 10)):
        now += timedelta(minutes=dice.randint(1, 3 * 24 * 60))
        state = CaseState.WAITING_CITIZEN if version % 2 else CaseState.IN_PROGRESS
        steps.append(Step(version, now, state))
    return steps


def _milliseconds(work: Callable[[Case], datetime], cases: Sequence[Case]) -> float:
    began = process_time()
    for case in cases:
        work(case)
    return (process_time() - began) * 1000 / len(cases)


if __name__ == "__main__":
    main()
