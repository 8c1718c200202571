"""The proof: clean figures give no difference, and each planted fault is named with the row it was planted in."""

import asyncio
import itertools
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from services.reporting import handlers
from services.reporting.counting import count
from services.reporting.domain.asking import Axis
from services.reporting.domain.differences import Check, Difference
from services.reporting.domain.known import CaseFact
from services.reporting.domain.rollups import AXES
from services.reporting.proof.comparing import TOLD, UNDER_WAY
from services.reporting.proof.proving import Prover, Tally
from services.reporting.store import DERIVED
from services.reporting.store.facts import save_facts
from shared.contracts import CaseEvent, Effect, Message
from shared.database import Connection
from shared.ids import new_id
from tests.builders import AT, a_contact_registered
from tests.harness import System
from tests.reporting.filling import fill
from tests.reporting.lives import a_life
from tests.reporting.proving import FOLD, PLACE, behind_the_log, proven, roll_up
from tests.reporting.test_rebuild import everything

LIVES = 40
MANY = 40_000
MEMORY_BYTES_MAX = 8_000_000  # kept, these differences take 52 MB

# What is told to us by somebody, or tells of our own work; everything else must follow from the log.
KEPT = {"event_log", "proof", "mailed_report", "open_month", "migration", "inbox", "outbox", "retry", "dead_letter"}


@pytest.fixture
async def events(system: System) -> Sequence[Message]:
    """Counted, and nearly all rolled up."""
    events = everything(LIVES)
    await fill(system, events[:-30])
    await roll_up(system)
    await fill(system, events[-30:])
    return events


def of(found: Sequence[Difference], check: Check, table: str = "") -> list[Difference]:
    return [row for row in found if row.check is check and row.table.endswith(table)]


async def test_every_table_is_told_or_follows_from_the_log(system: System) -> None:
    rows = await system.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'reporting'")

    assert {row["name"] for row in rows} - KEPT == set(DERIVED)


@pytest.mark.usefixtures("events")
async def test_clean_figures_give_no_difference(system: System) -> None:
    assert await proven(system) == []


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("table", sorted(set(DERIVED) - TOLD - {UNDER_WAY, "case_bin"}))
async def test_a_count_that_was_changed_is_named_with_its_cell(system: System, table: str) -> None:
    counted = (await columns(system, table))[0]
    row = (await system.rows(f"SELECT * FROM {table} WHERE {counted} > 0 ORDER BY {table} DESC LIMIT 1"))[0]
    keys = {name: value for name, value in row.items() if name not in await columns(system, table)}
    where = " AND ".join(f"{name} = ${number}" for number, name in enumerate(keys, start=1))
    await system.value(f"UPDATE {table} SET {counted} = {counted} + 1 WHERE {where}", *keys.values())

    [named] = of(await proven(system), Check.FOLD, table)
    assert set(map(str, named.row.values())) <= {*map(str, keys.values()), "day", "month", "year"}
    assert (named.expected, named.found) == ({counted: row[counted]}, {counted: row[counted] + 1})


@pytest.mark.usefixtures("events")
async def test_a_duration_that_was_changed_is_named_with_its_bins(system: System) -> None:
    changed = await system.value(
        "UPDATE case_bin SET counts[1] = counts[1] + 1"
        " WHERE ctid = (SELECT ctid FROM case_bin WHERE axes = 0 LIMIT 1) RETURNING counts"
    )

    [named] = of(await proven(system), Check.FOLD, "case_bin")
    assert named.found == {"counts": changed}
    assert named.expected == {"counts": [changed[0] - 1, *changed[1:]]}


@pytest.mark.usefixtures("events")
async def test_a_sum_that_was_changed_is_told_by_its_axis_where_it_is_shown(system: System) -> None:
    """The total of an owner in a year: what pages and reports answer from."""
    key = 1 << AXES.index(Axis.OWNER)
    changed = await system.value(
        "UPDATE case_rollup SET cases = cases + 1 WHERE (axes, grain, a) = ($1, 3, 'zabita') RETURNING cases", key
    )
    found = await proven(system)

    [axis] = of(found, Check.AXES)
    [value] = of(found, Check.RECOUNT)
    [row] = of(found, Check.FOLD, "case_rollup")
    assert dict(axis.row) == {"axis": "owner"}
    assert dict(value.row) == {"axis": "owner", "value": "zabita"}
    assert (row.row["of"], row.row["owner"]) == ("year", "zabita")
    assert row.found == {"cases": changed}


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("axis", [Axis.STATE, Axis.OUTCOME])
async def test_received_is_closed_by_outcome_and_open_by_state_or_it_is_told(system: System, axis: Axis) -> None:
    key = 1 << AXES.index(axis)
    counted = "cases" if axis is Axis.STATE else "closed"
    await system.value(
        f"UPDATE case_rollup SET {counted} = {counted} + 1"
        " WHERE (axes, grain) = ($1, 3) AND a = (SELECT max(a) FROM case_rollup WHERE (axes, grain) = ($1, 3))",
        key,
    )

    received = await system.value("SELECT count(*) FROM case_fact WHERE day IS NOT NULL")

    [named] = of(await proven(system), Check.RECEIVED)
    assert named.expected == {"received": received}
    assert named.found
    assert sum(named.found.values()) == received + 1


async def columns(system: System, table: str) -> list[str]:
    """Those that count: not of the key."""
    rows = await system.rows(
        """
        SELECT attname AS name FROM pg_attribute
        WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attnum <> ALL (
            SELECT unnest(indkey) FROM pg_index WHERE indrelid = $1::text::regclass AND indisprimary)
        """,
        table,
    )
    return [row["name"] for row in rows]


@pytest.mark.usefixtures("events")
async def test_a_fact_that_was_changed_is_named_with_what_it_was(system: System) -> None:
    row = (await system.rows("SELECT case_id, state, owner FROM case_fact WHERE owner <> 'zabita' LIMIT 1"))[0]
    await system.value("UPDATE case_fact SET owner = 'zabita' WHERE case_id = $1", row["case_id"])

    [named] = of(await proven(system), Check.FOLD, "case_fact")
    assert dict(named.row) == {"case_id": row["case_id"]}
    assert (named.expected, named.found) == ({"owner": row["owner"]}, {"owner": "zabita"})


@pytest.mark.usefixtures("events")
async def test_a_fact_that_is_gone_or_too_much_is_named(system: System) -> None:
    gone = await system.value("SELECT case_id FROM case_fact LIMIT 1")
    odd = new_id()
    await system.value("DELETE FROM case_fact WHERE case_id = $1", gone)
    async with system.pool.acquire() as connection:
        await save_facts(connection, {}, {odd: CaseFact(odd)})

    named = {row.row["case_id"]: row for row in of(await proven(system), Check.FOLD, "case_fact")}
    assert set(named) == {gone, odd}
    assert named[gone].found is None
    assert named[odd].expected is None


async def test_an_event_that_is_gone_from_the_log_is_named(system: System, events: Sequence[Message]) -> None:
    step = next(event for event in events if isinstance(event, CaseEvent))
    async with behind_the_log(system) as connection:
        await connection.execute("DELETE FROM event_log WHERE event_id = $1", step.id)

    rows = [dict(row.row) for row in of(await proven(system), Check.LOG)]
    assert {"event_id": step.id} in rows, "it was taken"


async def test_a_step_that_was_never_taken_is_named(system: System, events: Sequence[Message]) -> None:
    steps = [event for event in events if isinstance(event, CaseEvent)]
    step = next(step for step in steps if any(later.case_id == step.case_id and later.version > step.version
                                              for later in steps))  # fmt: skip
    async with behind_the_log(system) as connection:
        await connection.execute("DELETE FROM event_log WHERE event_id = $1", step.id)
        await connection.execute("DELETE FROM inbox WHERE event_id = $1", step.id)

    [named] = of(await proven(system), Check.LOG)
    assert dict(named.row) == {"case_id": step.case_id, "version": step.version}
    assert named.found is None


@pytest.mark.parametrize("kind", ["case.assigned.v1", "contact.registered.v1", "notice.recorded.v1"])
async def test_an_event_that_is_twice_in_the_log_is_named(system: System, events: Sequence[Message], kind: str) -> None:
    event = next(event for event in events if event.type == kind)
    await system.value(
        "INSERT INTO event_log (event_id, type, occurred_at, event)"
        " SELECT event_id, type, occurred_at, event FROM event_log WHERE event_id = $1",
        event.id,
    )

    found = await proven(system)
    twice = [row for row in of(found, Check.LOG) if dict(row.row) == {"event_id": event.id}]
    assert [row.expected for row in twice] == [{"rows": 1}]
    if not isinstance(event, CaseEvent):
        assert of(found, Check.FOLD, "_cell"), "and the count of it does not follow from the log"


@pytest.mark.parametrize("times", [0, 2], ids=["lost", "doubled"])
async def test_an_event_whose_effect_the_consumer_loses_or_doubles_is_named(
    system: System, events: Sequence[Message], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty(connection: Connection, batch: Sequence[Message], zone: tzinfo) -> None:
        for _ in range(times):
            await count(connection, batch, zone)

    contact = a_contact_registered(effect=Effect.NONE, cases=(), occurred_at=AT.replace(year=AT.year + 1))
    with monkeypatch.context() as patched:
        patched.setattr(handlers, "count", faulty)
        await fill(system, [contact])

    [named] = of(await proven(system), Check.FOLD)
    assert named.table == "reporting.contact_cell"
    assert (named.row["day"].year, named.row["channel"]) == (AT.year + 1, contact.channel)
    assert named.expected == {"contacts": 1}
    assert named.found == ({"contacts": times} if times else None)


@pytest.mark.usefixtures("events")
async def test_a_proof_finds_nothing_while_others_write_and_roll_up(system: System) -> None:
    enough = asyncio.Event()

    async def write() -> None:
        for seed in itertools.count(500):
            if enough.is_set():
                return
            await fill(system, a_life(seed), 5)
            await roll_up(system)

    writer = asyncio.create_task(write())
    for _ in range(2):
        assert await proven(system) == []
    enough.set()
    await writer


async def test_memory_stays_the_same_however_many_rows_differ(system: System) -> None:
    await system.value(
        "INSERT INTO case_fact (case_id, number, channel, lane, version, state, outcome, owner, owner_kind,"
        " assigned_version, topic, neighbourhood)"
        " SELECT gen_random_uuid(), '', '', '', 0, 'received', '', '', '', 0, '', '' FROM generate_series(1, $1)",
        MANY,
    )
    tally = Tally()
    tracemalloc.start()
    try:
        await Prover(system.database_url, FOLD, PLACE).prove(tally.add)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert tally.by_check[Check.FOLD] == MANY
    assert len(tally.examples) < MANY
    assert peak < MEMORY_BYTES_MAX


async def test_a_gap_in_a_case_that_moves_now_is_not_told_yet(system: System) -> None:
    events = [event for event in a_life(3) if not (isinstance(event, CaseEvent) and event.version == 2)]
    await fill(system, events)

    assert [dict(row.row)["version"] for row in of(await proven(system), Check.LOG)] == [2]
    assert of(await proven(system, settled_before=datetime.now(UTC) - timedelta(minutes=1)), Check.LOG) == []
