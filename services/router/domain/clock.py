"""When a case is due: the target of its topic or its level, counted on the municipality's calendar."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from shared.municipality import Calendar, Target, TargetUnit

DAYS_MAX: Final = 400


def earliest_due(
    opened_at: datetime, targets: Iterable[Target | None], calendar: Calendar, zone: tzinfo
) -> datetime | None:
    """The first moment by which one of the targets wants it (UTC); None: there is none."""
    return min((due(opened_at, target, calendar, zone) for target in targets if target), default=None)


def due(opened_at: datetime, target: Target, calendar: Calendar, zone: tzinfo) -> datetime:
    """The moment a case opened then is due (UTC); working days end with that day's office hours."""
    match target.unit:
        case TargetUnit.MINUTES:
            return opened_at + timedelta(minutes=target.amount)
        case TargetUnit.HOURS:
            return opened_at + timedelta(hours=target.amount)
        case TargetUnit.DAYS:
            return opened_at + timedelta(days=target.amount)
        case TargetUnit.WORKING_DAYS:
            return _working_days(opened_at, target.amount, calendar, zone)


def _working_days(opened_at: datetime, amount: int, calendar: Calendar, zone: tzinfo) -> datetime:
    local = opened_at.astimezone(zone)
    day = local.date()
    for _ in range(DAYS_MAX):
        day += timedelta(days=1)
        amount -= calendar.is_working_day(day)
        if amount == 0:
            return datetime.combine(day, calendar.spans(day)[-1].end, tzinfo=local.tzinfo).astimezone(UTC)
    raise ValueError(f"no {amount} working days within {DAYS_MAX} days: check calendar.toml")
