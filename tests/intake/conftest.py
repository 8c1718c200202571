"""Intake's schema on a broker with the whole topology, its worker and its edge."""

from collections.abc import AsyncIterator

import pytest

from services.intake.app import edge, worker
from shared.messaging import outbox
from tests.harness import System, a_system, built, running, serving, until


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "intake") as system:
        yield system


@pytest.fixture
async def system(module_system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(outbox, "SWEEP_AFTER_SECONDS", 0.5)
    await module_system.forget()
    return module_system


@pytest.fixture
async def at_work(system: System) -> AsyncIterator[System]:
    """The system with a worker running."""
    async with running(built(worker, system)):
        yield system


@pytest.fixture(scope="module")
async def module_edge(module_system: System) -> AsyncIterator[str]:
    service = built(edge, module_system)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


@pytest.fixture
def edge_url(system: System, module_edge: str) -> str:
    """The address of an edge that serves, on an empty system."""
    return module_edge
