"""When contacts come in: how many a day, and at which hour."""

import random
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from ops.nine_months import table
from shared.contracts import Channel

DAYS: Final = tuple(
    table.FIRST_DAY + timedelta(days=number) for number in range((table.LAST_DAY - table.FIRST_DAY).days + 1)
)


def contacts_by_day(chance: random.Random) -> dict[date, int]:
    """150 to 200 a day, from mid-March rising to almost 350; more on Mondays than on Sundays."""
    return {day: round(_between(day, chance)) for day in DAYS}


def moment(day: date, channel: Channel, zone: tzinfo, chance: random.Random) -> datetime:
    """A whole second of that day, local time, at an hour people use that channel."""
    weights = table.HOURS_OFFICE if channel in table.OFFICE_CHANNELS else table.HOURS_ANY
    hour = chance.choices(range(24), weights)[0]
    return datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), tzinfo=zone)


def _between(day: date, chance: random.Random) -> float:
    height = 0.8 * table.WEEKDAY_WEIGHTS[day.weekday()] + 0.2 * chance.random()
    low, high = (_risen(before, after, day) for before, after in zip(*_RANGES, strict=True))
    return low + height * (high - low)


_RANGES: Final = (table.CONTACTS_BEFORE, table.CONTACTS_AFTER)


def _risen(before: int, after: int, day: date) -> float:
    part = (day - table.RISE_FROM) / (table.RISE_UNTIL - table.RISE_FROM)
    return before + (after - before) * min(1.0, max(0.0, part))
