"""Whoever is on duty is called for urgent cases outside office hours: the roster, the decision, and what is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest
from pydantic import ValidationError

from services.router.app import router
from services.router.domain.duty import DutyLook, call_duty
from services.router.handlers.ground import Ground
from services.router.watching import Watcher
from shared.clocks import WorkingTime
from shared.contracts import CaseState, Decided, DutyCalled, TaskKind, unpack
from shared.messaging.topology import ROUTING
from shared.municipality.duty import Duty, Shift
from tests.builders import an_acceptance
from tests.harness import System, built, running, until
from tests.router.conftest import ilkadim
from tests.router.test_life import a_case
from tests.router.test_router import a_numbered_case, answer, is_at, the_offer
from tests.router.test_watching import ground as ground
from tests.router.test_watching import tasks

PLACE: Final = ilkadim()
OWNER: Final = "fen-isleri"
WORKING: Final = WorkingTime(PLACE.calendar_of(OWNER), PLACE.zone)
FIRST, SECOND, DATED = "+905000000001", "+905000000002", "+905000000003"
QUARTER: Final = timedelta(minutes=15)


def a_shift(phone: str = FIRST, **changed: Any) -> Shift:
    base = {"department": OWNER, "name": "nöbetçi", "name_en": "on duty", "start": time(17), "end": time(8)}
    return Shift.model_validate(base | {"phone": phone} | changed)


DUTY: Final = Duty(next_after_minutes=15, shifts=(a_shift(FIRST), a_shift(SECOND)))


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PLACE.zone)


NIGHT: Final = here("2026-11-24 02:00")


def looked(after: timedelta, *called: timedelta, at: datetime = NIGHT, duty: Duty = DUTY, **changed: Any) -> DutyLook:
    case = a_case(**{"opened_at": at, "lane": "urgent", "owner": OWNER, **changed})
    return call_duty(case, at, [at + later for later in called], duty, WORKING, at + after)


# The roster


@pytest.mark.parametrize(
    ("moment", "on_duty"),
    [
        ("2026-11-23 16:59", False),  # a Monday
        ("2026-11-23 17:00", True),
        ("2026-11-23 23:59", True),
        ("2026-11-24 00:00", True),
        ("2026-11-24 07:59", True),
        ("2026-11-24 08:00", False),
        ("2026-11-28 03:00", True),  # Friday's shift ends on Saturday morning
        ("2026-11-28 18:00", False),
        ("2026-11-30 03:00", False),  # nor did one start on Sunday
    ],
)
def test_a_weekly_shift_may_pass_midnight(moment: str, on_duty: bool) -> None:
    assert a_shift(weekdays=(1, 2, 3, 4, 5)).holds(here(moment)) is on_duty


def test_a_dated_shift_goes_before_the_weekly_ones_on_its_days_alone() -> None:
    whole_day = {"start": time.min, "end": time.min, "first_day": date(2026, 3, 20), "last_day": date(2026, 3, 22)}
    duty = Duty(next_after_minutes=15, shifts=(a_shift(FIRST), a_shift(DATED, **whole_day)))

    assert [shift.phone for shift in duty.on_duty(OWNER, here("2026-03-21 20:00"))] == [DATED, FIRST]
    assert [shift.phone for shift in duty.on_duty(OWNER, here("2026-03-21 12:00"))] == [DATED]
    assert [shift.phone for shift in duty.on_duty(OWNER, here("2026-03-23 20:00"))] == [FIRST]


def test_a_number_on_the_roster_is_one_that_can_be_dialled() -> None:
    with pytest.raises(ValidationError):
        a_shift("0500 000 00 01")
    with pytest.raises(ValidationError, match="before it begins"):
        a_shift(first_day=date(2026, 3, 22), last_day=date(2026, 3, 20))


# The decision


def test_the_first_is_called_at_once_and_the_second_when_the_first_did_not_take_it() -> None:
    first, waiting, second = looked(timedelta()), looked(QUARTER / 2, timedelta()), looked(QUARTER, timedelta())

    assert first.call and first.call.shift and first.call.shift.phone == FIRST
    assert first.next_at == waiting.next_at == NIGHT + QUARTER
    assert waiting.call is None
    assert second.call and second.call.shift and (second.call.place, second.call.shift.phone) == (2, SECOND)


def test_when_nobody_on_duty_takes_it_a_person_is_told_once() -> None:
    told = looked(2 * QUARTER, timedelta(), QUARTER)

    assert told.call and (told.call.place, told.call.shift) == (3, None)
    assert looked(9 * QUARTER, timedelta(), QUARTER, 2 * QUARTER) == DutyLook(None, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"lane": "routine"},
        {"state": CaseState.ACCEPTED},
        {"owner": "park-bahceler"},
        {"at": here("2026-11-24 10:00")},
    ],
    ids=["routine", "taken", "no roster", "office hours"],
)
def test_nobody_is_called_without_need(changed: dict[str, Any]) -> None:
    assert looked(timedelta(), **changed) == DutyLook(None, None)


def test_nobody_is_called_any_more_once_the_office_has_opened() -> None:
    assert looked(timedelta(hours=7), timedelta()) == DutyLook(None, None)


def test_an_old_urgent_case_wakes_nobody() -> None:
    case = replace(a_case(lane="urgent", owner=OWNER), opened_at=NIGHT - timedelta(days=1))

    assert call_duty(case, NIGHT, [], DUTY, WORKING, NIGHT) == DutyLook(None, None)


# What is told


@pytest.fixture
async def watcher(idle: System, ground: Ground) -> AsyncIterator[Watcher]:
    """Public works at rest for a week around now, with two people on duty."""
    today = datetime.now(PLACE.zone).date()
    off = tuple(
        {"date": today + timedelta(days=number), "name": "tatil", "name_en": "off", "half_day": False}
        for number in range(-2, 3)
    )
    calendar = type(PLACE.calendar).model_validate(PLACE.calendar.model_dump() | {"holidays": off})
    whole_day = {"start": time.min, "end": time.min}
    duty = Duty(next_after_minutes=15, shifts=(a_shift(FIRST, **whole_day), a_shift(SECOND, **whole_day)))
    place = ground.place.model_copy(update={"calendar": calendar, "duty": duty})
    place.__dict__.pop("_calendars", None)
    service = built(router, idle)
    async with running(service):
        yield Watcher(service, lambda: Ground(place, ground.knowledge))


async def called(system: System) -> list[DutyCalled]:
    bodies = await system.take_all("notifier.duty")
    return [DutyCalled.model_validate(row) for body in bodies for row in unpack(body)]


async def test_those_on_duty_are_called_one_after_the_other_until_one_takes_it(idle: System, watcher: Watcher) -> None:
    now = datetime.now(UTC)
    taken, left = (
        a_numbered_case(
            number, occurred_at=now, lane="urgent", decided=Decided(owner=OWNER, topic="yol-bakim", by="ayse")
        )
        for number in (1, 2)
    )
    await idle.tell(ROUTING, "urgent", taken, left)
    offer = await the_offer(idle, taken.case_id)
    await until(lambda: is_at(idle, left.case_id, 2))

    await watcher.look(now + timedelta(minutes=1))
    await watcher.look(now + timedelta(minutes=2))
    first = await called(idle)
    assert sorted((call.case_id, call.address, call.place) for call in first) == sorted(
        (case.case_id, FIRST, 1) for case in (taken, left)
    )
    assert {call.owner_name for call in first} == {"Fen İşleri Müdürlüğü"}

    await answer(idle, an_acceptance, offer)
    await until(lambda: is_at(idle, taken.case_id, 3))
    await watcher.look(now + timedelta(minutes=17))
    assert [(call.case_id, call.address, call.place) for call in await called(idle)] == [(left.case_id, SECOND, 2)]

    await watcher.look(now + timedelta(minutes=33))
    await watcher.look(now + timedelta(minutes=60))
    assert await called(idle) == []
    [task] = [row for row in await tasks(idle, TaskKind.UNRECEIPTED) if row.reason == "no_duty"]
    assert (task.case_id, task.number, task.lane) == (left.case_id, left.number, "urgent")
