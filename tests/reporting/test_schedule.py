"""When a report is due: after its period, at its time in the municipality's zone, and not long afterwards."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.reporting.domain.schedule import Period, due
from shared.municipality import Every, ScheduledReport

ISTANBUL = ZoneInfo("Europe/Istanbul")


def a_report(**changed: Any) -> ScheduledReport:
    """A daily report to one address, at 7.30."""
    values: dict[str, Any] = {"code": "gunluk", "name": "Günlük", "name_en": "Daily", "on": True, "every": Every.DAY}
    return ScheduledReport(**values | {"at": time(7, 30), "to": ("a@ilkim.example",)} | changed)


@pytest.mark.parametrize(
    ("every", "now", "period"),
    [
        (Every.DAY, "2026-03-10 07:29", None),  # that of the day before is 24 hours old
        (Every.DAY, "2026-03-10 07:30", ("2026-03-09", "2026-03-09")),
        (Every.DAY, "2026-03-11 03:29", ("2026-03-09", "2026-03-09")),
        (Every.DAY, "2026-03-11 03:31", None),
        (Every.WEEK, "2026-03-09 07:29", None),
        (Every.WEEK, "2026-03-09 07:30", ("2026-03-02", "2026-03-08")),
        (Every.WEEK, "2026-03-12 07:29", ("2026-03-02", "2026-03-08")),
        (Every.WEEK, "2026-03-13 09:00", None),
        (Every.MONTH, "2026-03-01 07:30", ("2026-02-01", "2026-02-28")),
        (Every.MONTH, "2026-01-01 07:30", ("2025-12-01", "2025-12-31")),
        (Every.MONTH, "2026-03-20 07:30", None),
    ],
)
def test_a_report_is_due_when_its_period_is_over(every: Every, now: str, period: tuple[str, str] | None) -> None:
    found = due(a_report(every=every), datetime.fromisoformat(now).replace(tzinfo=ISTANBUL), ISTANBUL)

    assert found == (Period(*map(date.fromisoformat, period)) if period else None)


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-03-09", "2026-03-09", ("2026-03-08", "2026-03-08")),
        ("2026-03-02", "2026-03-08", ("2026-02-23", "2026-03-01")),
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
        ("2026-02-01", "2026-02-28", ("2026-01-01", "2026-01-31")),
    ],
)
def test_a_period_is_compared_with_the_one_before(first: str, last: str, before: tuple[str, str]) -> None:
    period = Period(date.fromisoformat(first), date.fromisoformat(last))

    assert period.before == Period(*map(date.fromisoformat, before))
