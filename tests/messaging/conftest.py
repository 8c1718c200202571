"""A schema with the kit's tables and one for effects, on a broker with the whole topology."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ops.deploy import KIT
from shared.messaging import consumer, outbox
from tests.harness import System, a_system


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    folders = [KIT, Path(__file__).parent / "migrations"]
    async with a_system(amqp_url, database_url, "kit", folders=folders) as system:
        yield system


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that suit a test: the ladder of retries and the sweeper's patience, in hundredths of the real ones."""
    monkeypatch.setattr(consumer, "RETRY_SECONDS", (0.05, 0.2, 0.8))
    monkeypatch.setattr(consumer, "RETRY_POLL_SECONDS", 0.03)
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(outbox, "SWEEP_AFTER_SECONDS", 0.5)
