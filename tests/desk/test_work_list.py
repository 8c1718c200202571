"""The work list: what each filter shows, whose work, what changed, and which index answers, on a real database."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.desk.filling import fill, owners_of
from services.desk.domain import Due, Wanted, Whose
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers import Work, WorkList
from services.desk.store import listing as listing_store
from services.desk.store import work as work_store
from shared.contracts import CaseKind
from shared.municipality import Municipality
from tests.desk.conftest import CENTRE, OWN, PLACE, USER, Desk

NOW = datetime.now(UTC)
URGENT = 2
BACKLOG = 20_000


def numbers(page: str) -> list[str]:
    """The numbers of the items a page lists, in order."""
    return re.findall(r'<span class="nowrap">(\d{3}-\d{3}-\d{3})</span>', page)


async def offer_each(at_desk: Desk) -> None:
    """Items that differ in what can be asked for."""
    kale = PLACE.neighbourhoods[0].code
    await at_desk.offer(number="111-111-111", due_at=NOW - timedelta(days=3))
    await at_desk.offer(number="222-222-222", lane="urgent", urgency="urgent")
    await at_desk.offer(number="333-333-333", returns=1)
    await at_desk.offer(number="444-444-444", neighbourhood=kale, topic="gurultu", kind=CaseKind.TIP)
    held = await at_desk.offer(number="555-555-555")
    asked = await at_desk.offer(number="666-666-666", owner="teftis-kurulu")
    await at_desk.send(f"/work/{held.assignment_id}/take")
    await at_desk.send(f"/work/{asked.assignment_id}/ask", question="Nerede?")
    await at_desk.system.pool.execute("UPDATE work_item SET taken_by = 'mehmet' WHERE number = '666-666-666'")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("due=late", ["111-111-111"]),
        ("urgent=1", ["222-222-222"]),
        ("returned=1", ["333-333-333"]),
        (f"neighbourhood={PLACE.neighbourhoods[0].code}", ["444-444-444"]),
        ("topic=gurultu", ["444-444-444"]),
        ("kind=tip", ["444-444-444"]),
        ("whose=mine", ["555-555-555"]),
        ("asked=1", ["666-666-666"]),
        ("owner=teftis-kurulu", ["666-666-666"]),
        ("owner=teftis-kurulu&whose=mine", []),
        ("kind=tip&topic=gurultu&whose=free", ["444-444-444"]),
    ],
)
async def test_each_filter_shows_its_own_alone(at_desk: Desk, query: str, shown: list[str]) -> None:
    await offer_each(at_desk)

    assert numbers((await at_desk.get(f"/?{query}")).text) == shown


async def test_what_is_asked_for_stays_in_the_address_and_a_word_nobody_knows_is_none(at_desk: Desk) -> None:
    await offer_each(at_desk)

    page = (await at_desk.get("/?due=late&topic=nothing&whose=theirs")).text

    assert numbers(page) == ["111-111-111"]
    assert re.search(r'<a class="chip on" href="/\?topic=nothing&amp;whose=theirs"[^>]*>Gecikmiş', page)


async def test_due_today_is_not_late_yet_and_ends_before_the_day(at_desk: Desk) -> None:
    listed = WorkList(Work(at_desk.service, PLACE))
    wanted = listed.wanted(a_clerk(None))
    await at_desk.offer(number="111-111-111", due_at=wanted.day_ends - timedelta(seconds=1))
    await at_desk.offer(number="222-222-222", due_at=wanted.day_ends)
    await at_desk.offer(number="333-333-333", due_at=NOW - timedelta(hours=1))

    today = Wanted(wanted.owners, wanted.by, wanted.now, wanted.day_ends, due=Due.TODAY)

    assert [item.number for item in await listed.page(today, 10)] == ["111-111-111"]
    assert (await listed.counts(wanted)).late == 1


def a_clerk(*departments: str | None) -> Identity:
    seen = None if None in departments else frozenset(filter(None, departments))
    return Identity(USER, USER, seen, frozenset({Permission.WORK}))


async def test_a_clerk_sees_the_work_of_their_departments_alone(at_desk: Desk) -> None:
    await offer_each(at_desk)
    listed = WorkList(Work(at_desk.service, PLACE))
    theirs = a_clerk("teftis-kurulu")

    assert [item.owner for item in await listed.page(listed.wanted(theirs), 10)] == ["teftis-kurulu"]
    assert await listed.page(listed.wanted(theirs, OWN), 10) == []
    assert (await listed.counts(listed.wanted(theirs))).open == 1


async def test_a_claim_that_ran_out_is_shown_as_free(at_desk: Desk) -> None:
    held = await at_desk.offer(number="555-555-555")
    await at_desk.send(f"/work/{held.assignment_id}/take")
    await at_desk.system.pool.execute("UPDATE work_item SET held_until = now() - interval '1 minute'")

    page = (await at_desk.get("/?whose=free")).text

    assert numbers(page) == ["555-555-555"]
    assert "data-take" in page


async def test_taking_from_the_list_leads_back_to_it_and_nowhere_else(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    action = re.search(r'action="(/work/[^"]+/take\?back=[^"]+)"', (await at_desk.get("/?whose=free")).text)
    assert action

    taken = await at_desk.send(action[1].replace("&amp;", "&"))
    elsewhere = await at_desk.send(f"/work/{offer.assignment_id}/take?back=//evil.example/")

    assert taken.headers["Location"] == "/?whose=free"
    assert elsewhere.headers["Location"].startswith("/work/")


async def test_a_page_learns_what_changed_since_and_nothing_when_nothing_did(at_desk: Desk) -> None:
    first = await at_desk.offer()
    before = await at_desk.get("/work-changes?whose=free")
    assert json.loads(before.text) == {str(first.assignment_id): 0}

    same = await at_desk.get("/work-changes?whose=free", {"If-None-Match": before.headers["ETag"]})
    second = await at_desk.offer()
    after = await at_desk.get("/work-changes?whose=free", {"If-None-Match": before.headers["ETag"]})

    assert (same.status, same.text) == (304, "")
    assert set(json.loads(after.text)) == {str(first.assignment_id), str(second.assignment_id)}


@pytest.fixture
async def backlog(at_desk: Desk) -> Desk:
    """A long list, as the planner knows it."""
    async with at_desk.system.pool.acquire() as connection:
        await fill(connection, PLACE, owners_of(PLACE), BACKLOG)
    return at_desk


def wanted(place: Municipality, **changed: Any) -> Wanted:
    usual: dict[str, Any] = {"owners": owners_of(place), "by": "clerk-1", "now": NOW}
    usual["day_ends"] = NOW + timedelta(hours=9)
    return Wanted(**usual | changed)


QUESTIONS: list[tuple[dict[str, Any], str]] = [
    ({}, "work_item_soonest"),
    ({"owners": [CENTRE]}, "work_item_soonest"),
    ({"is_urgent": True}, "work_item_soonest"),
    ({"due": Due.LATE}, "work_item_soonest"),
    ({"due": Due.TODAY}, "work_item_soonest"),
    ({"whose": Whose.FREE}, "work_item_soonest"),
    ({"whose": Whose.MINE}, "work_item_mine"),
    ({"is_returned": True}, "work_item_returned"),
    ({"is_asked": True}, "work_item_asked"),
    ({"neighbourhood": PLACE.neighbourhoods[3].code}, "work_item_where"),
    ({"topic": PLACE.topics[5].code}, "work_item_about"),
    ({"kind": CaseKind.THANKS}, "work_item_kind"),
]


async def test_every_question_of_the_list_is_answered_by_its_index_on_any_page(backlog: Desk) -> None:
    """No table is read whole, and nothing is sorted but the few rows that each owner and rank gives."""
    pool = backlog.system.pool
    middle = await pool.fetchval("SELECT assignment_id FROM work_item ORDER BY rank DESC, due_at LIMIT 1 OFFSET 5000")
    marks = [None, await work_store.find(pool, middle)]

    for changed, index in QUESTIONS:
        for after in marks:
            values: list[object] = []
            statement = listing_store.page_statement(wanted(PLACE, **changed), URGENT, 101, after, values)
            plan = await explained(pool, statement, values)
            assert index in plan, f"{changed}: {plan}"
            assert "Seq Scan" not in plan, f"{changed}: {plan}"
            assert plan.count("Sort Key") == 1 and plan.index("Sort Key") < plan.index("Nested Loop")


async def test_every_count_is_bounded_and_answered_by_an_index(backlog: Desk) -> None:
    pool, asked = backlog.system.pool, wanted(PLACE)

    plans = [
        await explained(pool, listing_store.COUNTS, listing_store.counts_values(asked, URGENT)),
        await explained(pool, listing_store.OPEN_COUNTS, [asked.owners, 1000]),
    ]

    assert all("Seq Scan" not in plan and "Limit" in plan for plan in plans), plans
    counted = await listing_store.counts(pool, asked, URGENT)
    assert (counted.open, counted.mine) == (1000, BACKLOG // 20 // 40)


async def explained(pool: Any, statement: str, values: list[object]) -> str:
    """On a table as small as a test's the planner would rather sort a few rows: it is asked what it can do."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        rows = await connection.fetch(f"EXPLAIN {statement}", *values)
    return "\n".join(row["QUERY PLAN"] for row in rows)
