"""The router's schema, İlkadım's owners with their queues, and the router at work."""

from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

import pytest
import structlog

from ops.deploy import owner_codes
from services.router.app import router
from shared import municipality
from shared.messaging import consumer
from shared.municipality import Municipality
from shared.settings import Settings
from tests.harness import System, a_system, built, running


@cache
def ilkadim() -> Municipality:
    return municipality.load(Settings.model_fields["ilkim_municipality"].default)


@pytest.fixture(scope="session")
def place() -> Municipality:
    return ilkadim()


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    owners = owner_codes(Settings.model_fields["ilkim_municipality"].default)
    async with (
        a_system(amqp_url, database_url, "router", owners) as system,
        # Builders ask their questions long ago: only a test that is about it looks for silence.
        running(built(router, system, ROUTER_SILENCE_SECONDS="3600")),
    ):
        yield system


@pytest.fixture(scope="module")
async def idle_module(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    owners = owner_codes(Settings.model_fields["ilkim_municipality"].default)
    async with a_system(amqp_url, database_url, "router", owners) as system:
        yield system


@pytest.fixture
async def idle(idle_module: System) -> System:
    """No router runs but those a test starts; everything that was before is forgotten."""
    await idle_module.forget()
    return idle_module


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
async def system(module_system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """The router runs; everything it did before is forgotten."""
    monkeypatch.setattr(consumer, "RETRY_SECONDS", (0.05, 0.2, 0.8))
    monkeypatch.setattr(consumer, "RETRY_POLL_SECONDS", 0.05)
    await module_system.forget()
    return module_system
