"""The machines over their own tables: random batches through the handlers, answers repeated, late and reordered."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from ops.ledger import BREACHES
from ops.ledger import unlike_their_histories as unlike
from services.router import store
from services.router.app import MODEL
from services.router.domain.versions import load_known
from services.router.handlers import Router
from services.router.replayed import unlike_their_histories
from shared.contracts import Answer, Message, Place, ReopenedBy, ReturnReason
from shared.ids import derived_id
from shared.messaging import Unit
from shared.settings import Settings
from tests.builders import (
    a_case_opened,
    a_closing,
    a_contact_joined,
    a_decision,
    a_gathering,
    a_progress,
    a_question,
    a_reopening_asked,
    a_return,
    a_separation,
    a_withdrawal_asked,
    an_acceptance,
)
from tests.harness import System

TEXTS = ["Çöp konteyneri taştı, çöpler üç gündür alınmıyor", "Ana boru patladı, su yola akıyor", "merhaba"]
HERE = Place(latitude=41.2867, longitude=36.33)
OURS = [name for name in BREACHES if name.startswith(("a case whose history", "a case that follows", "an open case"))]
ROUNDS = 25


@cache
def a_router() -> Router:
    known = load_known(Settings.model_fields["ilkim_municipality"].default, MODEL)
    return Router(known.place, known.knowledge)


@pytest.fixture
def system(idle: System) -> System:
    return idle


async def take(system: System, how: Any, events: Sequence[Message]) -> None:
    """One batch in one transaction, as the consumer does."""
    async with system.pool.acquire() as connection, connection.transaction():
        await how(Unit(connection, "machines"), events)


class Crowd:
    """Owners and citizens who do whatever comes to their minds, from one number."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.opened = 0
        self.said: list[Answer] = []

    def cases(self) -> list[Message]:
        self.opened += 3
        now = datetime.now(UTC)
        return [
            a_case_opened(
                number=f"733-100-{self.opened + at:03}",
                text=self.chance.choice(TEXTS),
                place=HERE,
                occurred_at=now - timedelta(minutes=200 - self.opened - at),
            )
            for at in range(3)
        ]

    def answers(self, rows: Sequence[dict[str, Any]]) -> list[Answer]:
        """To cases as they are now, and some of those said before, in any order."""
        new = [self._answer(row, rows) for row in self.chance.choices(rows, k=6)]
        again = self.chance.choices(self.said, k=2) if self.said else []
        self.said += new
        return self.chance.sample([*new, *again], k=len(new) + len(again))

    def wishes(self, rows: Sequence[dict[str, Any]]) -> list[Message]:
        makers = [
            (a_contact_joined, {}),
            (a_withdrawal_asked, {}),
            (a_reopening_asked, {}),
            (a_reopening_asked, {"by": ReopenedBy.SURVEY}),
        ]
        chosen = [(self.chance.choice(makers), row) for row in self.chance.choices(rows, k=2)]
        return [make(case_id=row["id"], occurred_at=datetime.now(UTC), **more) for (make, more), row in chosen]

    def _answer(self, row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Answer:
        other = self.chance.choice(rows)
        make, more = self.chance.choice(
            [
                (an_acceptance, {}),
                (a_progress, {}),
                (a_question, {}),
                (a_closing, {}),
                (a_return, {"because": self.chance.choice(list(ReturnReason)), "proposal": other["owner"]}),
                (a_decision, {"decided_owner": other["owner"]}),
                (a_gathering, {"into": other["id"]}),
                (a_separation, {"separate": other["id"]}),
            ]
        )
        seen = {"seen_version": row["version"]} if self.chance.random() < 0.3 else {}
        about = {"case_id": row["id"], "assignment_id": row["assignment_id"], "owner": row["owner"]}
        return make(**about, occurred_at=datetime.now(UTC), **seen, **more)


@pytest.mark.parametrize("seed", range(4))
async def test_after_random_batches_every_case_is_what_its_history_tells_and_no_answer_is_lost(
    system: System, seed: int, logs: list[Any]
) -> None:
    crowd, router = Crowd(seed), a_router()
    told: list[Answer] = []
    for turn in range(ROUNDS):
        if turn % 3 == 0:
            await take(system, router.take_cases, crowd.cases())
        rows = await system.rows("SELECT id, version, owner, assignment_id FROM case_record ORDER BY id")
        answers = crowd.answers(rows)
        told += answers
        await take(system, router.take_answers, answers)
        await take(system, router.take_cases, crowd.wishes(rows))
        if turn % 5 == 4:
            await go_on_in_silence(system, router)

    async with system.pool.acquire() as connection:
        assert [case_id async for case_id in unlike_their_histories(connection)] == []
    for name in OURS:
        assert await system.rows(BREACHES[name]) == []
    passed_over = {entry["answer_id"] for entry in logs if entry["event"] == "answer_passed_over"}
    assert {str(answer.id) for answer in told} == passed_over | await applied(system, told)


async def go_on_in_silence(system: System, router: Router) -> None:
    later = datetime.now(UTC) + timedelta(days=router.listener.days)
    async with system.pool.acquire() as connection, connection.transaction():
        ids = await store.lock_silent(connection, later, 100)
        assert await router.listener.go_on(Unit(connection, "machines"), ids, later) == len(ids)


async def applied(system: System, answers: Sequence[Answer]) -> set[str]:
    """The answers that moved a case: the id of a step follows from the id of its cause."""
    rows = await system.rows("SELECT case_id, version, event FROM case_history WHERE version > 1")
    steps = {Message.model_validate_json(row["event"]).id for row in rows}
    places = [(UUID(int=row["case_id"].int), row["version"]) for row in rows]
    return {
        str(answer.id)
        for answer in answers
        if any(derived_id(answer.occurred_at, "case", *place, answer.id) in steps for place in places)
    }


async def test_a_case_that_was_changed_past_its_history_is_found(system: System) -> None:
    case = a_case_opened(text=TEXTS[0])
    await take(system, a_router().take_cases, [case])
    await system.pool.execute("UPDATE case_record SET owner = 'zabita'")

    async with system.pool.acquire() as connection:
        assert [case_id async for case_id in unlike_their_histories(connection)] == [case.case_id]


async def test_the_ledger_replays_every_case(system: System) -> None:
    await take(system, a_router().take_cases, [a_case_opened(text=TEXTS[0])])
    connection = await asyncpg.connect(system.database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            before = await unlike(connection)
        await connection.execute("UPDATE router.case_record SET returns = 1")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            after = await unlike(connection)
    finally:
        await connection.close()

    assert before is None
    assert after is not None
    assert after.rows == 1
