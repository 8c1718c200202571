"""Reporting's schema on a broker with the whole topology, and lives of cases to count."""

from collections.abc import AsyncIterator

import pytest

from tests.harness import System, a_system


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "reporting") as system:
        yield system


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system
