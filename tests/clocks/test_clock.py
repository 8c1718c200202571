"""Clocks as tables: nights, holidays, summer time, pauses, reopenings; and what holds of every clock."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clocks import Clock, ClockState, Step, WorkingTime, clock, counted, legal_clock
from shared.contracts import CaseKind, CaseState
from shared.municipality import Calendar, Target, TargetUnit
from shared.pages.formats import Formats
from tests.router.conftest import ilkadim

PLACE: Final = ilkadim()
ISTANBUL: Final = PLACE.zone
BERLIN: Final = ZoneInfo("Europe/Berlin")
OFFICE: Final = PLACE.calendar
ROUND_THE_CLOCK: Final = PLACE.calendar_of("zabita")
S = CaseState
U = TargetUnit


def at(text: str, zone: ZoneInfo = ISTANBUL) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def due(start: str, amount: int, unit: TargetUnit, calendar: Calendar = OFFICE, zone: ZoneInfo = ISTANBUL) -> str:
    found = counted(at(start, zone), Target(amount=amount, unit=unit), WorkingTime(calendar, zone))
    return f"{found.astimezone(zone):%Y-%m-%d %H:%M}"


def a_clock(*steps: tuple[str, CaseState], amount: int = 2, unit: TargetUnit = U.DAYS) -> Clock:
    numbered = [Step(version, at(moment), state) for version, (moment, state) in enumerate(steps, 1)]
    return clock(numbered, Target(amount=amount, unit=unit), OFFICE, ISTANBUL)


@pytest.mark.parametrize(
    ("start", "days", "wanted"),
    [
        ("2026-11-27 16:20", 0, "2026-11-27 16:20"),
        ("2026-11-27 16:20", 1, "2026-11-30 16:20"),  # over a weekend
        ("2026-11-28 03:00", 1, "2026-11-30 03:00"),  # from a day off, at night
        ("2026-11-30 09:00", 1, "2026-12-01 09:00"),  # over the end of a month
        ("2026-12-31 09:00", 1, "2027-01-04 09:00"),  # over New Year's Day and a weekend
    ],
)
def test_so_many_working_days_later_it_is_the_same_time_of_the_day(start: str, days: int, wanted: str) -> None:
    assert f"{WorkingTime(OFFICE, ISTANBUL).same_time(at(start, ISTANBUL), days):%Y-%m-%d %H:%M}" == wanted


def told(moment: datetime) -> str:
    return f"{moment.astimezone(ISTANBUL):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2026-11-23 23:59", 10, U.MINUTES, "2026-11-24 00:09"),
        ("2026-11-23 23:59", 2, U.HOURS, "2026-11-24 01:59"),
        ("2026-11-23 23:59", 1, U.DAYS, "2026-11-24 23:59"),
        ("2026-11-24 00:00", 1, U.DAYS, "2026-11-25 00:00"),
        # A minute before midnight and a minute after are not the same day to the office.
        ("2026-11-23 23:59", 1, U.WORKING_DAYS, "2026-11-24 17:00"),
        ("2026-11-24 00:00", 1, U.WORKING_DAYS, "2026-11-25 17:00"),
        # Friday evening, Saturday, Sunday: the Monday.
        ("2026-11-27 18:00", 1, U.WORKING_DAYS, "2026-11-30 17:00"),
        ("2026-11-28 10:00", 1, U.WORKING_DAYS, "2026-11-30 17:00"),
        ("2026-11-29 23:59", 1, U.WORKING_DAYS, "2026-11-30 17:00"),
        ("2026-01-31 09:00", 1, U.MONTHS, "2026-02-28 09:00"),
        ("2027-11-30 09:00", 3, U.MONTHS, "2028-02-29 09:00"),
        ("2026-12-15 09:00", 1, U.MONTHS, "2027-01-15 09:00"),
        # Ramazan Bayramı 2026: Thursday 19 March is worked till noon, 20-22 are off, Monday 23 is the next.
        ("2026-03-18 10:00", 1, U.WORKING_DAYS, "2026-03-19 12:00"),
        ("2026-03-18 10:00", 2, U.WORKING_DAYS, "2026-03-23 17:00"),
        ("2026-03-19 10:00", 1, U.WORKING_DAYS, "2026-03-23 17:00"),
        ("2026-03-19 11:00", 2, U.WORKING_HOURS, "2026-03-23 09:00"),
        # Kurban Bayramı 2026: Tuesday 26 May till noon, 27-30 off, Monday 1 June.
        ("2026-05-25 10:00", 1, U.WORKING_DAYS, "2026-05-26 12:00"),
        ("2026-05-25 10:00", 2, U.WORKING_DAYS, "2026-06-01 17:00"),
        # Ramazan Bayramı 2027: Monday 8 March till noon, 9-11 off, Friday 12.
        ("2027-03-05 10:00", 1, U.WORKING_DAYS, "2027-03-08 12:00"),
        ("2027-03-05 10:00", 2, U.WORKING_DAYS, "2027-03-12 17:00"),
        # Kurban Bayramı 2027: its eve is a Saturday, 16-19 May off (the 19th is a holiday twice), Thursday 20.
        ("2027-05-14 10:00", 1, U.WORKING_DAYS, "2027-05-20 17:00"),
        ("2027-05-14 16:00", 2, U.WORKING_HOURS, "2027-05-20 09:00"),
        # The eve of Republic Day 2026, a Wednesday; the day itself, a Thursday.
        ("2026-10-27 10:00", 1, U.WORKING_DAYS, "2026-10-28 12:00"),
        ("2026-10-28 10:00", 1, U.WORKING_DAYS, "2026-10-30 17:00"),
        # Office hours: the lunch hour does not count, nor does the night.
        ("2026-11-23 11:30", 1, U.WORKING_HOURS, "2026-11-23 13:30"),
        ("2026-11-23 16:30", 1, U.WORKING_HOURS, "2026-11-24 08:30"),
        ("2026-11-23 16:00", 1, U.WORKING_HOURS, "2026-11-23 17:00"),
        ("2026-11-23 06:00", 1, U.WORKING_HOURS, "2026-11-23 09:00"),
    ],
)
def test_when_a_target_ends(start: str, amount: int, unit: TargetUnit, end: str) -> None:
    assert due(start, amount, unit) == end


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2026-11-28 10:00", 1, U.WORKING_DAYS, "2026-11-30 00:00"),
        ("2026-03-20 22:00", 3, U.WORKING_HOURS, "2026-03-21 01:00"),
    ],
)
def test_the_municipal_police_works_at_night_at_weekends_and_on_holidays(
    start: str, amount: int, unit: TargetUnit, end: str
) -> None:
    assert due(start, amount, unit, ROUND_THE_CLOCK) == end


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        # Berlin leaps from 2 to 3 on 29 March 2026 and back from 3 to 2 on 25 October.
        ("2026-03-28 12:00", 1, U.DAYS, "2026-03-29 12:00"),
        ("2026-03-28 12:00", 24, U.HOURS, "2026-03-29 13:00"),
        ("2026-10-24 12:00", 1, U.DAYS, "2026-10-25 12:00"),
        ("2026-10-24 12:00", 24, U.HOURS, "2026-10-25 11:00"),
        ("2026-03-15 12:00", 1, U.MONTHS, "2026-04-15 12:00"),
        ("2026-03-27 16:00", 2, U.WORKING_HOURS, "2026-03-30 09:00"),
    ],
)
def test_summer_time_moves_hours_and_never_the_time_of_the_day(
    start: str, amount: int, unit: TargetUnit, end: str
) -> None:
    assert due(start, amount, unit, zone=BERLIN) == end


def test_a_case_that_waits_is_paused_and_due_as_much_later() -> None:
    steps = [("2026-11-23 09:00", S.ROUTED), ("2026-11-23 12:00", S.WAITING_CITIZEN)]
    waiting = a_clock(*steps)
    resumed = a_clock(*steps, ("2026-11-24 12:00", S.IN_PROGRESS))

    assert (waiting.state, told(waiting.due_at)) == (ClockState.PAUSED, "2026-11-25 09:00")
    assert waiting.left(at("2026-12-24 09:00")) == timedelta(days=1, hours=21)
    assert (resumed.state, told(resumed.due_at)) == (ClockState.RUNNING, "2026-11-26 09:00")
    assert resumed.left(at("2026-11-27 09:00")) == timedelta(days=-1)


def test_a_pause_within_a_pause_is_one() -> None:
    found = a_clock(
        ("2026-11-23 09:00", S.ROUTED),
        ("2026-11-23 10:00", S.WAITING_CITIZEN),
        ("2026-11-23 11:00", S.WAITING_INSTITUTION),
        ("2026-11-23 12:00", S.WAITING_CITIZEN),
        ("2026-11-23 13:00", S.IN_PROGRESS),
    )

    assert len(found.pauses) == 1
    assert told(found.due_at) == "2026-11-25 12:00"


def test_a_pause_over_a_holiday_takes_no_office_time_away() -> None:
    steps = [("2026-10-26 09:00", S.ROUTED), ("2026-10-28 12:00", S.WAITING_CITIZEN)]
    over_the_holiday = a_clock(*steps, ("2026-10-30 08:00", S.IN_PROGRESS), amount=5, unit=U.WORKING_DAYS)
    an_hour_longer = a_clock(*steps, ("2026-10-30 09:00", S.IN_PROGRESS), amount=5, unit=U.WORKING_DAYS)

    assert told(over_the_holiday.due_at) == "2026-11-03 17:00"
    assert told(an_hour_longer.due_at) == "2026-11-04 09:00"


def test_a_pause_after_the_due_moment_makes_nothing_good() -> None:
    found = a_clock(
        ("2026-11-23 09:00", S.ROUTED),
        ("2026-11-26 09:00", S.WAITING_CITIZEN),
        ("2026-11-28 09:00", S.IN_PROGRESS),
    )

    assert told(found.due_at) == "2026-11-25 09:00"


def test_a_closed_case_keeps_what_was_left() -> None:
    closed = a_clock(("2026-11-23 09:00", S.ROUTED), ("2026-11-24 09:00", S.CLOSED))

    assert closed.state is ClockState.STOPPED
    assert closed.left(at("2027-01-01 00:00")) == timedelta(days=1)


def test_a_reopened_case_gets_a_new_target_from_then_on() -> None:
    reopened = a_clock(("2026-11-02 09:00", S.ROUTED), ("2026-11-03 09:00", S.CLOSED), ("2026-11-23 09:00", S.ROUTED))

    assert reopened.state is ClockState.RUNNING
    assert told(reopened.started_at) == "2026-11-23 09:00"
    assert told(reopened.due_at) == "2026-11-25 09:00"


@pytest.mark.parametrize(
    ("kind", "end"),
    [(CaseKind.COMPLAINT, "2026-03-31 10:00"), (None, "2026-03-31 10:00"), (CaseKind.INFORMATION, "2026-03-23 17:00")],
)
def test_the_law_wants_an_answer_in_thirty_days_and_information_in_fifteen_working_days(
    kind: CaseKind | None, end: str
) -> None:
    # Within both lies Ramazan Bayramı: Friday 20 March is off.
    found = legal_clock([Step(1, at("2026-03-01 10:00"), S.RECEIVED)], kind, OFFICE, ISTANBUL)

    assert told(found.due_at) == end


def test_the_law_does_not_wait_for_the_citizen() -> None:
    steps = [Step(1, at("2026-03-01 10:00"), S.ROUTED), Step(2, at("2026-03-02 10:00"), S.WAITING_CITIZEN)]

    assert legal_clock(steps, None, OFFICE, ISTANBUL).state is ClockState.RUNNING


def test_pages_say_how_a_clock_stands() -> None:
    formats, now = Formats("tr", ISTANBUL), at("2026-11-23 09:00")

    assert formats.standing(now + timedelta(hours=2), now, is_paused=False) == "2 saat kaldı"
    assert formats.standing(now - timedelta(days=1), now, is_paused=False) == "1 gün gecikti"
    assert formats.standing(now, now, is_paused=True) == "duraklatıldı"


# What holds of every clock

START: Final = at("2026-03-02 09:00")
states = st.sampled_from([S.ROUTED, S.ACCEPTED, S.IN_PROGRESS, S.WAITING_CITIZEN, S.WAITING_INSTITUTION, S.CLOSED])
# Also such as lie before the step ahead of them: the clocks of those who answer are not ours.
minutes = st.integers(-600, 30 * 24 * 60)
targets = st.builds(
    Target, amount=st.integers(1, 20), unit=st.sampled_from([unit for unit in U if unit is not U.MONTHS])
)
calendars = st.sampled_from([OFFICE, ROUND_THE_CLOCK])


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    moment, steps = START, [Step(1, START, S.RECEIVED)]
    for version, (later, state) in enumerate(draw(st.lists(st.tuples(minutes, states), max_size=12)), 2):
        moment += timedelta(minutes=later)
        steps.append(Step(version, moment, state))
    return steps


@given(lives(), targets, calendars)
def test_no_later_step_ever_makes_a_case_due_earlier(steps: list[Step], target: Target, calendar: Calendar) -> None:
    dues = [clock(steps[:count], target, calendar, ISTANBUL).due_at for count in range(1, len(steps) + 1)]

    assert dues == sorted(dues)


@given(lives().flatmap(lambda steps: st.tuples(st.just(steps), st.permutations(steps * 2))), targets, calendars)
def test_the_order_of_arrival_and_repetition_change_nothing(
    life: tuple[list[Step], list[Step]], target: Target, calendar: Calendar
) -> None:
    steps, arrived = life

    assert clock(arrived, target, calendar, ISTANBUL) == clock(steps, target, calendar, ISTANBUL)


@given(
    st.lists(st.integers(0, 20 * 24 * 60), min_size=2, max_size=10, unique=True),
    st.data(),
    targets,
    calendars,
)
def test_a_further_pause_never_makes_a_case_due_earlier(
    moments: list[int], data: st.DataObject, target: Target, calendar: Calendar
) -> None:
    edges = sorted(moments)[: len(moments) // 2 * 2]
    kept = data.draw(st.lists(st.booleans(), min_size=len(edges) // 2, max_size=len(edges) // 2))
    pauses = list(zip(edges[::2], edges[1::2], strict=True))

    fewer = clock(_with([pause for pause, keep in zip(pauses, kept, strict=True) if keep]), target, calendar, ISTANBUL)

    assert fewer.due_at <= clock(_with(pauses), target, calendar, ISTANBUL).due_at


def _with(pauses: list[tuple[int, int]]) -> list[Step]:
    steps = [Step(1, START, S.ROUTED)]
    for start, end in pauses:
        for later, state in ((start, S.WAITING_CITIZEN), (end, S.IN_PROGRESS)):
            steps.append(Step(len(steps) + 1, START + timedelta(minutes=later), state))
    return steps
