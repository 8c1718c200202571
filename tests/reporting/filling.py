"""Events counted as the consumer counts them, without a broker between."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from services.reporting.handlers import Reporting
from shared.contracts import Message
from shared.messaging import Unit
from tests.harness import System
from tests.reporting.lives import a_life

CONSUMER: Final = "reporting"
ISTANBUL: Final = ZoneInfo("Europe/Istanbul")


def lives(count: int) -> list[Message]:
    """Every event of so many cases."""
    return [event for seed in range(count) for event in a_life(seed)]


async def fill(system: System, events: Sequence[Message], size: int = 50, zone: ZoneInfo = ISTANBUL) -> None:
    """Take and count events, each batch in one transaction."""
    for at in range(0, len(events), size):
        batch = events[at : at + size]
        async with system.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO inbox (consumer, event_id) SELECT $1, unnest($2::uuid[])",
                CONSUMER,
                [event.id for event in batch],
            )
            await Reporting(zone).count(Unit(connection, CONSUMER), batch)
