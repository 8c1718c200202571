"""When the sums are proven by themselves."""

from datetime import datetime, time, timedelta, tzinfo
from typing import Final

# When least is going on, and last night's scheduled work is done.
AT: Final = time(3)


def is_due(now: datetime, last_began_at: datetime | None, zone: tzinfo, started_at: datetime) -> bool:
    """Whether a proof is due: one each night at three by the municipality's clock, made up for when it was missed.

    `started_at`: since when somebody looks; before the first proof no night is missed.
    """
    return now >= _next_after(last_began_at or started_at, zone)


def _next_after(moment: datetime, zone: tzinfo) -> datetime:
    local = moment.astimezone(zone)
    that_day = datetime.combine(local.date(), AT, zone)
    return that_day if that_day > local else datetime.combine(local.date() + timedelta(days=1), AT, zone)
