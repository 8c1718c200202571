"""Fixtures on real servers: private RabbitMQ and PostgreSQL for the session, a database and a vhost per module."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ops import servers as private_servers
from ops.servers import Addresses
from tests.servers import Management, in_a_new_loop, with_path


@pytest.fixture(scope="session")
def own_state() -> Path:
    """The folder of this session's private servers."""
    return private_servers.home() / "test" / str(os.getpid())


@pytest.fixture(scope="session")
def servers(own_state: Path) -> Iterator[Addresses]:
    """Started once per session in a folder of its own and discarded at its end, even when tests fail.

    Servers named by RABBITMQ_URL and DATABASE_URL are used instead, and left running.
    """
    private_servers.sweep(own_state.parent)  # What a session left that was killed.
    try:
        yield private_servers.start(own_state)
    finally:
        private_servers.discard(own_state)


@pytest.fixture(scope="session")
def management(servers: Addresses) -> Management:
    """The broker's HTTP API: vhosts, queue depths, closing connections."""
    if servers.management_url is None:
        pytest.skip("RABBITMQ_URL is set without RABBITMQ_MANAGEMENT_URL")
    return Management(servers.management_url)


@pytest.fixture(scope="module")
def database_url(servers: Addresses) -> Iterator[str]:
    """A new, empty database for each test module."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    in_a_new_loop(_execute(servers.database_url, f"CREATE DATABASE {name}"))
    yield with_path(servers.database_url, name)
    in_a_new_loop(_execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def amqp_url(servers: Addresses, management: Management) -> Iterator[str]:
    """A new, empty vhost for each test module, which the broker's user may configure."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    management.create_vhost(name)
    yield with_path(servers.amqp_url, name)
    management.delete_vhost(name)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
