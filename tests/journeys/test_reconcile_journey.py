"""The books of a running installation: they close after whole lives of cases, and each service's fault is named."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from ops.reconcile import Teller, prove
from ops.servers import Addresses
from services.reporting.domain.differences import Check, Difference
from tests.journeys.conftest import Installation
from tests.journeys.test_citizen_journey import OWNER, a_report, close, holds, is_asked
from tests.journeys.test_every_provider import a_citizen, writes
from tests.journeys.test_main_journey import Broker, a_number, work_of
from tests.reporting.proving import PLACE

REST_SECONDS = 30.0


class Kept(Teller):
    """What was told, kept instead of printed."""

    def __init__(self) -> None:
        self.found: list[Difference] = []
        self.at_rest = False

    def tell(self, difference: Difference) -> None:
        self.found.append(difference)

    def end(self, proven: Any) -> None:
        self.at_rest = proven.at_rest


@pytest.fixture
def addresses(installation: Installation, servers: Addresses) -> Addresses:
    environment = installation.environment
    return replace(servers, amqp_url=environment["RABBITMQ_URL"], database_url=installation.database_url())


async def reconciled(addresses: Addresses) -> list[Difference]:
    """Every difference once nothing is under way any more."""
    until = time.monotonic() + REST_SECONDS
    while True:
        kept = Kept()
        does_close = await prove(addresses, PLACE, kept)
        if kept.at_rest or time.monotonic() > until:
            assert kept.at_rest, "messages are still under way"
            assert does_close is not bool(kept.found)
            return kept.found


@asynccontextmanager
async def planted(addresses: Addresses, *statements: str) -> AsyncIterator[list[asyncpg.Record]]:
    """A fault that no service made, past every constraint and trigger; what it changed stands again afterwards."""
    connection = await asyncpg.connect(addresses.database_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        table = statements[0].split()[2 if statements[0].startswith("DELETE") else 1]
        before = await connection.fetch(f"SELECT * FROM {table}")
        changed = [row for statement in statements for row in await connection.fetch(statement)]
        assert changed
        try:
            yield changed
        finally:
            await connection.execute(f"DELETE FROM {table}")
            await connection.copy_records_to_table(
                table.split(".")[1], schema_name=table.split(".")[0], records=[tuple(row) for row in before]
            )
    finally:
        await connection.close()


@pytest.mark.timeout(400)  # each proof waits until the broker has counted
async def test_the_books_of_whole_lives_close_and_each_fault_is_named(
    installation: Installation, broker: Broker, addresses: Addresses
) -> None:
    installation.must_be_awake()
    citizen = a_citizen("netgsm")
    text, mark = a_report("Bahçelievler")
    await writes(installation, "netgsm", citizen, text)
    offer = await work_of(broker, OWNER, mark)
    await close(installation, broker, offer)
    await is_asked(installation, offer.case_id)
    await writes(installation, "netgsm", citizen, "1")
    await holds(installation, "SELECT solved FROM intake.survey WHERE case_id = $1", offer.case_id)
    other = a_number()
    await installation.citizen_writes(other, a_report("Kılıçdede")[0])
    await installation.replies_to(other, 1)

    assert await reconciled(addresses) == []

    case = f"'{offer.case_id}'"
    a_case = f"UPDATE router.case_record SET owner = 'zabita' WHERE id = {case} RETURNING id"
    async with planted(addresses, a_case) as _:
        found = await reconciled(addresses)
        assert {(row.table, row.row["case_id"]) for row in found} == {
            ("reporting.case_fact", offer.case_id),
            ("intake.case_file", offer.case_id),
        }
        assert all(row.check is Check.OWNERS and row.expected == {"owner": "zabita"} for row in found)

    a_file = f"UPDATE intake.case_file SET state = 'accepted' WHERE id = {case} RETURNING id"
    async with planted(addresses, a_file):
        [named] = await reconciled(addresses)
        assert (named.table, dict(named.row)) == ("intake.case_file", {"case_id": offer.case_id})
        assert (named.expected, named.found) == ({"state": "closed"}, {"state": "accepted"})

    a_contact = "DELETE FROM intake.contact WHERE id = (SELECT id FROM intake.contact LIMIT 1) RETURNING *"
    async with planted(addresses, a_contact) as [contact]:
        told, counted = await reconciled(addresses)
        assert dict(told.row) == {"contact_id": contact["id"]}
        assert told.expected is None
        assert (counted.table, counted.row["channel"]) == ("reporting.contact_cell", contact["channel"])

    a_step = f"DELETE FROM router.case_history WHERE case_id = {case} AND version = 2 RETURNING case_id"
    async with planted(addresses, a_step):
        [named] = await reconciled(addresses)
        assert dict(named.row) == {"case_id": offer.case_id, "version": 2}

    a_notice = "UPDATE notifier.notice SET status = 'expired' WHERE status = 'delivered' AND id = (SELECT id FROM" \
        " notifier.notice WHERE status = 'delivered' AND event <> 'duty' LIMIT 1) RETURNING id"  # fmt: skip
    async with planted(addresses, a_notice) as [notice]:
        [named] = await reconciled(addresses)
        assert dict(named.row) == {"notice_id": notice["id"], "status": "expired"}

    a_survey = f"UPDATE intake.survey SET solved = NOT solved WHERE case_id = {case} RETURNING case_id"
    async with planted(addresses, a_survey):
        [named] = await reconciled(addresses)
        assert dict(named.row) == {"case_id": offer.case_id}
        assert (named.expected, named.found) == ({"solved": False}, {"solved": True})

    a_count = "UPDATE reporting.notice_cell SET notices = notices + 1 WHERE ctid = (SELECT ctid FROM" \
        " reporting.notice_cell LIMIT 1) RETURNING *"  # fmt: skip
    async with planted(addresses, a_count) as [cell]:
        [named] = await reconciled(addresses)
        assert named.check is Check.FOLD
        assert dict(named.row) == {name: cell[name] for name in ("day", "channel", "event", "status")}
        assert named.found == {"notices": cell["notices"]}

    assert await reconciled(addresses) == []
