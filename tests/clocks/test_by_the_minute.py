"""The clocks agree with the definition: a target is used up by every minute that counts."""

import pytest
from hypothesis import given, settings

from bench.clocks import naive_due, some_cases
from shared.clocks import Step, clock
from shared.contracts import CaseState
from shared.municipality import Calendar, Target, TargetUnit
from tests.clocks.test_clock import ISTANBUL, OFFICE, ROUND_THE_CLOCK, calendars, lives


@pytest.mark.parametrize("calendar", [OFFICE, ROUND_THE_CLOCK], ids=["office", "round the clock"])
def test_the_clocks_of_the_bench_are_right(calendar: Calendar) -> None:
    for steps, target in some_cases(12):
        found = clock(steps, target, calendar, ISTANBUL)

        assert found.due_at == naive_due(found, target, calendar)


@settings(max_examples=25, deadline=None)
@given(lives(), calendars)
def test_whatever_happens_every_minute_counts_once(steps: list[Step], calendar: Calendar) -> None:
    steps = [step for step in steps if step.state is not CaseState.CLOSED]  # reopening has a rule of its own
    for unit in (TargetUnit.HOURS, TargetUnit.WORKING_HOURS):
        target = Target(amount=9, unit=unit)
        found = clock(steps, target, calendar, ISTANBUL)

        assert found.due_at == naive_due(found, target, calendar)
