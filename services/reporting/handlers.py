"""One short function for all facts: log them, and let the figures follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.reporting.counting import count
from services.reporting.store.log import log_events
from shared.contracts import Message
from shared.messaging import Unit


@dataclass(frozen=True)
class Reporting:
    """What the handler works with; built once in `app.py`. Days are days in `zone`."""

    zone: ZoneInfo

    async def count(self, unit: Unit, events: Sequence[Message]) -> None:
        """Append the events to the log and let the figures follow, in one transaction."""
        await log_events(unit.connection, events)
        await count(unit.connection, events, self.zone)
