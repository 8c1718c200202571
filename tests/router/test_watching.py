"""Open cases are watched: real broker, real database, simulated days."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.router import watching
from services.router.app import MODEL, router
from services.router.domain.life import Case
from services.router.domain.versions import load_known
from services.router.domain.watch import Clocks
from services.router.handlers.ground import Ground
from services.router.watching import Watcher
from shared.clocks import Step
from shared.contracts import (
    AssignmentOffered,
    AssignmentWarned,
    Decided,
    TaskKind,
    TaskRequested,
    unpack,
)
from shared.messaging.topology import ROUTING, owner_queue
from shared.settings import Settings
from tests.builders import a_closing, a_question, a_withdrawal_asked, an_acceptance
from tests.harness import System, built, running, until
from tests.router.test_router import a_numbered_case, answer, is_at, open_case

ILKADIM: Path = Settings.model_fields["ilkim_municipality"].default
OWNER = "temizlik-isleri"
DECIDED = Decided(owner=OWNER, topic="cop-toplama", by="ayse")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def ground() -> Ground:
    known = load_known(ILKADIM, MODEL)
    return Ground(known.place, known.knowledge)


@asynccontextmanager
async def at_work(system: System, ground: Ground) -> AsyncIterator[Watcher]:
    """A router with a watcher whose time is told by the test."""
    service = built(router, system)
    async with running(service):
        yield Watcher(service, lambda: ground)


@pytest.fixture
async def watcher(idle: System, ground: Ground) -> AsyncIterator[Watcher]:
    async with at_work(idle, ground) as watcher:
        yield watcher


async def look(watcher: Watcher, now: datetime) -> None:
    """Look until there is nothing more to look at then."""
    while await watcher.look(now):
        pass


async def an_open_case(system: System, number: int = 0, **changed: Any) -> AssignmentOffered:
    decided = DECIDED if "decided" not in changed else changed.pop("decided")
    case = a_numbered_case(number, occurred_at=datetime.now(UTC), decided=decided, **changed)
    return await open_case(system, case)


async def warned(system: System, owner: str = OWNER, lane: str = "routine") -> list[AssignmentWarned]:
    """The warnings in the owner's queue, which is emptied."""
    bodies = await system.take_all(owner_queue(owner, lane))  # type: ignore[arg-type]
    return [AssignmentWarned.read(body) for body in bodies if json.loads(body)["type"] == AssignmentWarned.type_name()]


async def tasks(system: System, kind: TaskKind) -> list[TaskRequested]:
    """The tasks of that kind in the desk's queue, which is emptied."""
    rows = [row for body in await system.take_all("desk.tasks") for row in unpack(body)]
    return [TaskRequested.model_validate(row) for row in rows if row.get("kind") == kind]


async def test_an_owner_is_warned_before_and_after_and_a_person_when_that_did_not_help(
    idle: System, watcher: Watcher
) -> None:
    offer = await an_open_case(idle)
    await answer(idle, an_acceptance, offer)
    await until(lambda: is_at(idle, offer.case_id, 3))
    due = offer.due_at
    assert due

    length = due - offer.opened_at
    await look(watcher, offer.opened_at + length * 0.7)
    assert await warned(idle) == []
    for moment, step in (
        (offer.opened_at + length * 0.8, "soon"),
        (due + HOUR, "late"),
        (due + DAY + HOUR, "late_by_day"),
    ):
        await look(watcher, moment)
        await look(watcher, moment)
        [told] = await warned(idle)
        assert (told.assignment_id, told.clock, told.due_at, told.step) == (
            offer.assignment_id,
            "service",
            due,
            step,
        )

    [task] = await tasks(idle, TaskKind.OVERDUE)
    assert (task.source, task.reason, task.number, task.case_id) == ("router", "late", offer.number, offer.case_id)
    assert "Temizlik İşleri Müdürlüğü" in task.detail


async def test_nobody_is_warned_while_a_case_waits_or_once_it_is_closed(idle: System, watcher: Watcher) -> None:
    waiting, closed = await an_open_case(idle, 1), await an_open_case(idle, 2, text="Merhaba")
    await answer(idle, a_question, waiting)
    await answer(idle, a_closing, closed)
    await until(lambda: is_at(idle, waiting.case_id, 3))
    await until(lambda: is_at(idle, closed.case_id, 3))

    await look(watcher, datetime.now(UTC) + 20 * DAY)

    assert await warned(idle) == []
    assert await tasks(idle, TaskKind.OVERDUE) == []
    assert await idle.value("SELECT next_look_at FROM case_record WHERE id = $1", closed.case_id) is None


async def test_the_legal_term_runs_on_while_a_case_waits(idle: System, watcher: Watcher) -> None:
    offer = await an_open_case(idle)
    assert offer.legal_due_at
    assert offer.legal_due_at - offer.opened_at == 30 * DAY
    await answer(idle, a_question, offer)
    await until(lambda: is_at(idle, offer.case_id, 3))

    await look(watcher, offer.opened_at + 26 * DAY)

    assert [(told.clock, told.step) for told in await warned(idle)] == [("legal", "legal_soon")]


async def test_two_watchers_tell_each_step_once(idle: System, ground: Ground, watcher: Watcher) -> None:
    offers = [await an_open_case(idle, number) for number in range(5)]
    async with at_work(idle, ground) as other:
        later = datetime.now(UTC) + 20 * DAY
        await asyncio.gather(*(look(one, later) for one in (watcher, other) * 3))

    told = await warned(idle)
    assert sorted(row.assignment_id for row in told if row.clock == "service") == sorted(
        offer.assignment_id for offer in offers
    )


async def test_a_consumer_away_for_two_days_loses_nothing_and_a_person_is_told_once(
    idle: System, watcher: Watcher
) -> None:
    queue = owner_queue(OWNER, "routine")
    cases = [a_numbered_case(number, occurred_at=datetime.now(UTC), decided=DECIDED) for number in range(3)]
    await idle.tell(ROUTING, "routine", *cases)
    for case in cases:
        await until(lambda case_id=case.case_id: is_at(idle, case_id, 2))
    start = datetime.now(UTC)

    for hour in range(1, 49):
        await look(watcher, start + hour * HOUR)

    [task] = await tasks(idle, TaskKind.UNRECEIPTED)
    assert (task.source, task.reason) == ("router", "no_receipt")
    assert "Temizlik İşleri Müdürlüğü · 3 iş · " in task.detail
    bodies = [json.loads(body) for body in await idle.take_all(queue)]
    offers = [body for body in bodies if body["type"] == AssignmentOffered.type_name()]
    assert {body["case_id"] for body in offers} == {str(case.case_id) for case in cases}
    # Each was there from the first, and again, the same work under the same id, three times at most.
    assert 3 * 2 <= len(offers) <= 3 * 4
    for case in cases:
        mine = [body for body in offers if body["case_id"] == str(case.case_id)]
        assert all(body == mine[0] for body in mine)

    # The consumer is back: what it takes is known, and the next outage warns again.
    taken = AssignmentOffered.model_validate(offers[0])
    await answer(idle, an_acceptance, taken)
    await until(lambda: is_at(idle, taken.case_id, 3))
    await look(watcher, start + 49 * HOUR)
    assert await idle.value("SELECT count(*) FROM silent_owner") == 0
    for hour in range(50, 56):
        await look(watcher, start + hour * HOUR)
    assert len(await tasks(idle, TaskKind.UNRECEIPTED)) == 1


async def test_a_case_put_in_again_is_the_offer_as_it_was(idle: System, watcher: Watcher) -> None:
    offer = await an_open_case(idle)

    await look(watcher, datetime.now(UTC) + 3 * HOUR)

    again = AssignmentOffered.read(await idle.take(owner_queue(OWNER, "routine")))
    assert again == offer


async def test_only_so_many_are_put_in_again_within_an_hour(
    idle: System, ground: Ground, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CASES_MAX", 7)
    bound = ground.place.escalation.receipt.together_max
    cases = [a_numbered_case(number, occurred_at=datetime.now(UTC), decided=DECIDED) for number in range(bound + 10)]
    await idle.tell(ROUTING, "routine", *cases)
    for _ in cases:
        await idle.take(owner_queue(OWNER, "routine"))
    start = datetime.now(UTC)

    async with at_work(idle, ground) as other:
        await asyncio.gather(*(look(one, start + 3 * HOUR) for one in (watcher, other) * 2))
    await look(watcher, start + 3 * HOUR + timedelta(minutes=30))

    assert len(await idle.take_all(owner_queue(OWNER, "routine"))) == bound


async def test_what_its_citizen_withdraws_is_no_receipt(idle: System, watcher: Watcher) -> None:
    offer = await an_open_case(idle)
    for hour in (3, 5, 7, 9):
        await look(watcher, offer.opened_at + hour * HOUR)
    assert await idle.value("SELECT count(*) FROM silent_owner") == 1

    await idle.tell(ROUTING, "routine", a_withdrawal_asked(case_id=offer.case_id))
    await until(lambda: is_at(idle, offer.case_id, 3))
    await look(watcher, offer.opened_at + 10 * HOUR)

    assert await idle.value("SELECT count(*) FROM receipt_reminder") == 0
    assert await idle.value("SELECT count(*) FROM silent_owner") == 1


async def test_a_case_that_cannot_be_counted_holds_up_no_other(
    idle: System, ground: Ground, watcher: Watcher, logs: list[Any]
) -> None:
    bad, good = await an_open_case(idle, 1), await an_open_case(idle, 2)

    class Broken(Ground):
        def clocks(self, case: Case, steps: Sequence[Step]) -> Clocks:
            if case.id == bad.case_id:
                raise ValueError("no working days")
            return super().clocks(case, steps)

    await look(Watcher(watcher.service, lambda: Broken(ground.place, ground.knowledge)), good.opened_at + 20 * DAY)

    assert {told.case_id for told in await warned(idle)} == {good.case_id}
    assert [row["case_id"] for row in logs if row["event"] == "clocks_not_counted"] == [str(bad.case_id)]


async def test_a_desk_gives_its_receipts_in_its_own_time(idle: System, watcher: Watcher) -> None:
    await an_open_case(idle, text="merhaba", decided=None)

    await look(watcher, datetime.now(UTC) + 30 * HOUR)

    assert await idle.value("SELECT count(*) FROM receipt_reminder") == 0


async def test_an_imported_backlog_warns_nobody(idle: System, watcher: Watcher) -> None:
    old = datetime.now(UTC) - 200 * DAY
    case = a_numbered_case(occurred_at=old, decided=DECIDED)
    await open_case(idle, case)

    await look(watcher, datetime.now(UTC) + HOUR)

    assert await warned(idle) == []


async def test_what_was_late_before_an_upgrade_is_told_nobody(idle: System, watcher: Watcher) -> None:
    offer = await an_open_case(idle)
    assert offer.due_at
    await idle.pool.execute("INSERT INTO watch_began VALUES ($1)", offer.due_at + HOUR)

    await look(watcher, offer.due_at + 2 * HOUR)
    before = await warned(idle)
    await look(watcher, offer.due_at + 25 * HOUR)

    assert before == []
    assert [told.step for told in await warned(idle)] == ["late_by_day"]


async def test_the_watcher_finds_its_cases_by_an_index(idle: System) -> None:
    async with idle.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT id FROM case_record WHERE next_look_at <= now() ORDER BY next_look_at LIMIT 200"
            " FOR UPDATE SKIP LOCKED"
        )

    assert any("case_record_to_look_at" in row[0] for row in plan)
    assert not any("Sort" in row[0] for row in plan)
