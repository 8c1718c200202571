"""Drift is found in the router's own history, told as a metric, and loudly when it is over the limit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from services.router import store
from services.router.app import MODEL
from services.router.domain.drift import Axis, Level, Observed, Profile, profile
from services.router.domain.evidence import OTHER
from services.router.domain.knowledge import Knowledge, load_knowledge
from services.router.drifting import find_drift, tell
from shared.contracts import CaseEvent, CaseOpened, OwnerScore, Why
from shared.ids import new_id
from shared.metrics import DRIFT
from tests.builders import a_case_assigned, a_case_opened
from tests.harness import System, a_system
from tests.router.conftest import ilkadim

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CASES = 240


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "router") as system:
        yield system


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system


def knowing(baseline: Profile | None) -> Knowledge:
    """The router's knowledge with a model that was measured on texts like these."""
    knowledge = load_knowledge(ilkadim(), MODEL)
    assert knowledge.model
    knowledge.model.card = replace(knowledge.model.card, profile=baseline)
    return knowledge


def texts_of(owner: str, unknown_share: float) -> Profile:
    return profile([Observed(0.9, owner, unknown_share)] * CASES)


async def remember(system: System, owner: str, confidence: float = 0.9) -> None:
    """Cases whose words the model knows, and this owner is the best of those it thinks of."""
    steps: list[CaseOpened | CaseEvent] = []
    for _ in range(CASES):
        case = new_id()
        score = OwnerScore(owner=owner, confidence=confidence)
        steps.append(a_case_opened(case_id=case, text="", occurred_at=datetime.now(UTC) - timedelta(days=1)))
        steps.append(a_case_assigned(case_id=case, owner=owner, why=Why(scores=(score,))))
    async with system.pool.acquire() as connection:
        await store.add_history(connection, steps)


async def test_texts_like_those_the_model_was_measured_on_are_steady(system: System) -> None:
    await remember(system, "temizlik-isleri")
    async with system.pool.acquire() as connection:
        found = await find_drift(connection, knowing(texts_of("temizlik-isleri", 0.0)), LONG_AGO)

    assert found
    assert (found.texts, found.level) == (CASES, Level.STEADY)


async def test_other_owners_than_then_are_told_loudly(system: System) -> None:
    await remember(system, "saski")
    async with system.pool.acquire() as connection:
        found = await find_drift(connection, knowing(texts_of("temizlik-isleri", 0.0)), LONG_AGO)
    assert found
    with structlog.testing.capture_logs() as logs:
        tell(found)

    assert found.level is Level.DRIFTED
    assert [(entry["event"], entry["log_level"], entry["axis"]) for entry in logs] == [
        ("texts_drifted", "error", "owner")
    ]
    assert DRIFT.labels(axis="owner")._value.get() == pytest.approx(found.axes[0].index)


async def test_cases_that_are_rather_nobodys_count_as_nobodys(system: System) -> None:
    await remember(system, "saski", confidence=0.3)
    async with system.pool.acquire() as connection:
        found = await find_drift(connection, knowing(texts_of(OTHER, 0.0)), LONG_AGO)

    assert found
    assert {axis.axis: axis.level for axis in found.axes}[Axis.OWNER] is Level.STEADY


async def test_a_model_that_was_measured_on_nothing_says_nothing(system: System) -> None:
    async with system.pool.acquire() as connection:
        assert await find_drift(connection, knowing(None), LONG_AGO) is None


async def test_older_cases_do_not_count(system: System) -> None:
    await remember(system, "saski")
    async with system.pool.acquire() as connection:
        found = await find_drift(connection, knowing(texts_of("saski", 0.0)), datetime.now(UTC))

    assert found
    assert (found.texts, found.level) == (0, Level.TOO_FEW)
