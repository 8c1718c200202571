"""What a look at a case comes to, by values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.router.domain.watch import Reminder, Warnings, receipt, warnings
from shared.clocks import Step, clock
from shared.contracts import CaseState
from shared.municipality import Target, TargetUnit
from shared.municipality.escalation import Escalation, EscalationStep, ReceiptRules, Told
from tests.router.conftest import ilkadim
from tests.router.test_life import a_case

PLACE: Final = ilkadim()
RULES: Final = PLACE.escalation
AT: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FOUR_DAYS: Final = Target(amount=4, unit=TargetUnit.DAYS)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
S = CaseState


def looked(after: timedelta, *states: tuple[timedelta, CaseState], told: Any = frozenset(), **changed: Any) -> Warnings:
    """A look at a case of four days, so long after its opening."""
    steps = [Step(1, AT, S.RECEIVED), *(Step(n, AT + later, state) for n, (later, state) in enumerate(states, 2))]
    service = clock(steps, FOUR_DAYS, PLACE.calendar, PLACE.zone)
    return warnings(a_case(opened_at=AT, **changed), {"service": service}, RULES, told, AT, AT + after)


def codes(found: Warnings) -> list[str]:
    return [reached.step.code for reached in found.reached]


@pytest.mark.parametrize(
    ("after", "steps", "next_after"),
    [
        (2 * DAY, [], 3 * DAY),
        (3 * DAY, ["soon"], 4 * DAY),
        (4 * DAY, ["soon", "late"], 5 * DAY),
        (5 * DAY, ["soon", "late", "late_by_day"], 11 * DAY),
        (30 * DAY, ["soon", "late", "late_by_day", "late_by_week"], None),
    ],
)
def test_a_case_escalates_step_by_step(after: timedelta, steps: list[str], next_after: timedelta | None) -> None:
    found = looked(after)

    assert codes(found) == steps
    assert found.next_at == (AT + next_after if next_after else None)


def test_an_urgent_case_has_steps_of_its_own() -> None:
    assert codes(looked(4 * DAY, lane="urgent")) == ["soon", "urgent_late"]


def test_of_several_steps_each_is_told_the_last_that_concerns_them() -> None:
    found = looked(5 * DAY)

    assert [row.step.code for row in found.for_whom(Told.OWNER)] == ["late_by_day"]
    assert [row.step.code for row in found.for_whom(Told.CENTRE)] == ["late_by_day"]
    assert found.for_whom(Told.CENTRE)[0].due_at == AT + 4 * DAY


def test_a_step_is_told_once() -> None:
    told = frozenset(row.key for row in looked(4 * DAY).reached)

    assert looked(4 * DAY + HOUR, told=told).reached == ()
    assert codes(looked(5 * DAY, told=told)) == ["late_by_day"]


@pytest.mark.parametrize("state", [S.WAITING_CITIZEN, S.WAITING_INSTITUTION, S.CLOSED])
def test_a_clock_that_does_not_run_tells_nothing(state: CaseState) -> None:
    found = looked(40 * DAY, (DAY, state))

    assert (found.reached, found.next_at) == ((), None)


def test_a_due_moment_that_moved_counts_anew() -> None:
    told = frozenset(row.key for row in looked(3 * DAY).reached)
    pause = ((3 * DAY + HOUR, S.WAITING_CITIZEN), (5 * DAY + HOUR, S.IN_PROGRESS))

    assert codes(looked(5 * DAY, *pause, told=told)) == ["soon"]
    assert codes(looked(5 * DAY - HOUR, *pause, told=told)) == []


def test_what_lay_behind_when_the_owner_got_it_is_not_told() -> None:
    service = clock([Step(1, AT, S.RECEIVED)], FOUR_DAYS, PLACE.calendar, PLACE.zone)
    found = warnings(a_case(opened_at=AT), {"service": service}, RULES, frozenset(), AT + 4 * DAY, AT + 5 * DAY)

    assert codes(found) == ["late_by_day"]


@given(st.lists(st.integers(1, 60 * 24), min_size=1, max_size=60))
def test_however_often_it_is_looked_each_step_is_told_once(waits: list[int]) -> None:
    told: frozenset[Any] = frozenset()
    seen, after = [], timedelta()
    for minutes in [*waits, 60 * 24 * 60]:
        after += timedelta(minutes=minutes)
        found = looked(after, told=told)
        seen += codes(found)
        told |= {row.key for row in found.reached}

    assert seen == ["soon", "late", "late_by_day", "late_by_week"]


# Receipts

RECEIPTS: Final = ReceiptRules(minutes_urgent=15, minutes=120, again_minutes=60, times_max=3, together_max=5)


@pytest.mark.parametrize(
    ("minutes", "before", "is_due", "next_minutes"),
    [
        (119, None, False, 120),
        (120, None, True, 180),
        (179, Reminder(1, AT + timedelta(minutes=120)), False, 180),
        (180, Reminder(1, AT + timedelta(minutes=120)), True, 240),
        (300, Reminder(3, AT + timedelta(minutes=240)), True, 360),
        (9999, Reminder(4, AT + timedelta(minutes=300)), False, None),
    ],
)
def test_when_a_receipt_is_missed(
    minutes: int, before: Reminder | None, is_due: bool, next_minutes: int | None
) -> None:
    found = receipt(a_case(), AT, before, RECEIPTS, AT + timedelta(minutes=minutes))

    assert found.is_due is is_due
    assert found.next_at == (AT + timedelta(minutes=next_minutes) if next_minutes else None)


def test_an_urgent_case_is_missed_sooner() -> None:
    assert receipt(a_case(lane="urgent"), AT, None, RECEIPTS, AT + timedelta(minutes=15)).is_due


def test_whoever_took_a_case_gave_the_receipt() -> None:
    taken = replace(a_case(), state=S.ACCEPTED)

    assert not receipt(taken, AT, None, RECEIPTS, AT + 30 * DAY).is_due


# The file

STEP: Final = {"code": "late", "name": "a", "name_en": "a", "clock": "service", "lanes": ["urgent"], "tell": ["owner"]}


@pytest.mark.parametrize("when", [{}, {"used_percent": 75, "hours_after": 1}, {"used_percent": 101}])
def test_a_step_says_once_when_it_comes(when: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        EscalationStep.model_validate(STEP | when)


def test_every_lane_is_warned_before_it_is_late_and_a_person_hears_of_it_after() -> None:
    for lane in ("urgent", "routine"):
        steps = [step for step in RULES.steps if lane in step.lanes and step.clock == "service"]
        assert Told.OWNER in steps[0].tell and (steps[0].used_percent or 100) < 100
        assert any(Told.CENTRE in step.tell for step in steps)
    assert isinstance(RULES, Escalation)
