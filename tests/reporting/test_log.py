"""The event log: appended to in a known order, and never rewritten."""

import asyncpg
import pytest

from services.reporting.store.log import log_events
from tests.builders import a_contact_registered, a_notice_recorded
from tests.harness import System


async def test_events_are_read_again_in_the_order_they_were_written(system: System) -> None:
    first, second, third = a_contact_registered(), a_notice_recorded(), a_contact_registered()
    async with system.pool.acquire() as connection:
        await log_events(connection, [first, second])
        await log_events(connection, [third])

    rows = await system.rows("SELECT event_id FROM event_log ORDER BY position")
    assert [row["event_id"] for row in rows] == [first.id, second.id, third.id]


@pytest.mark.parametrize("rewriting", ["UPDATE event_log SET type = ''", "DELETE FROM event_log"])
async def test_the_log_is_never_rewritten(system: System, rewriting: str) -> None:
    async with system.pool.acquire() as connection:
        await log_events(connection, [a_contact_registered()])

    with pytest.raises(asyncpg.RaiseError, match="never rewritten"):
        await system.value(rewriting)
