"""The municipality's calendar against a well-kept library, and against the law's list of holidays."""

from datetime import date, time
from typing import Final

import holidays
import pytest
from pydantic import ValidationError

from ops.holidays import compare, known
from shared.contracts import OwnerKind
from shared.municipality import Calendar
from shared.municipality.calendar import OfficeHours, Span
from shared.municipality.owners import Department
from tests.router.conftest import ilkadim

CALENDAR: Final = ilkadim().calendar
YEARS: Final = (2026, 2027)
# Law 2429, article 2: the days of the secular calendar, and half a day before Republic Day.
BY_LAW: Final = ((1, 1), (4, 23), (5, 1), (5, 19), (7, 15), (8, 30), (10, 29))
# The first days of the religious holidays. 2026: the calendar of the Presidency of Religious Affairs, as the press told
# it in November 2025; 2027: as computed, to be confirmed by the Presidency's calendar of that year.
RELIGIOUS: Final = {
    2026: ((date(2026, 3, 20), 3), (date(2026, 5, 27), 4)),
    2027: ((date(2027, 3, 9), 3), (date(2027, 5, 16), 4)),
}
WHOLE: Final = {row.date for row in CALENDAR.holidays if not row.half_day}
HALF: Final = {row.date for row in CALENDAR.holidays if row.half_day}


def days(category: str) -> set[date]:
    return set(holidays.country_holidays("TR", years=YEARS, categories=(category,)))


def test_the_whole_days_off_are_those_the_library_knows() -> None:
    assert days(holidays.PUBLIC) == WHOLE


def test_the_half_days_are_those_the_library_knows() -> None:
    assert days(holidays.HALF_DAY) - WHOLE == HALF


def test_the_days_off_are_those_of_the_law() -> None:
    wanted = {date(year, month, day) for year in YEARS for month, day in BY_LAW}
    for firsts in RELIGIOUS.values():
        wanted |= {date.fromordinal(first.toordinal() + number) for first, count in firsts for number in range(count)}

    assert wanted == WHOLE


def test_the_half_days_are_those_of_the_law() -> None:
    eves = {date.fromordinal(first.toordinal() - 1) for firsts in RELIGIOUS.values() for first, _ in firsts}

    assert eves | {date(year, 10, 28) for year in YEARS} == HALF


def test_a_department_has_hours_of_its_own_and_the_holidays_of_all() -> None:
    saturday = OfficeHours(weekday=6, spans=(Span(start=time(9), end=time(12)),))
    own = CALENDAR.with_hours((saturday,), always_open=False)

    assert own.is_working_day(date(2026, 11, 28)) and not own.is_working_day(date(2026, 11, 27))
    assert not own.is_working_day(date(2026, 3, 21))  # a Saturday of Ramazan Bayramı
    assert isinstance(own, Calendar)


def test_who_is_always_open_has_no_office_hours() -> None:
    monday = OfficeHours(weekday=1, spans=(Span(start=time(9), end=time(12)),))

    with pytest.raises(ValidationError, match="always open and has office hours"):
        _a_department(always_open=True, office=(monday,))
    with pytest.raises(ValidationError, match="two lines of office hours"):
        _a_department(office=(monday, monday))


def _a_department(**changed: object) -> Department:
    base = {"code": "park", "name": "Park", "name_en": "Parks", "kind": OwnerKind.DEPARTMENT, "source": "invented"}
    return Department.model_validate(base | changed)


def test_the_command_says_what_a_year_lacks() -> None:
    whole, half = known(2028)
    told = compare(CALENDAR, 2028, whole, half)

    assert told[0] == "2028 is not among the `years` of calendar.toml"
    assert any(line.startswith("2028-10-29 is missing") for line in told)
    assert any(line.startswith("2028-10-28 is missing") and "half a day" in line for line in told)
    assert compare(CALENDAR, 2026, *known(2026)) == []


def test_the_command_finds_a_day_too_many_and_a_half_day_that_is_a_whole_one() -> None:
    day, eve = date(2026, 11, 10), date(2026, 10, 28)
    holidays_ = [row.model_copy(update={"half_day": False}) if row.date == eve else row for row in CALENDAR.holidays]
    wrong = CALENDAR.model_copy(
        update={"holidays": (*holidays_, holidays_[0].model_copy(update={"date": day, "name": "yok"}))}
    )

    told = compare(wrong, 2026, *known(2026))

    assert [line[:10] for line in told] == [str(eve), str(day)]
