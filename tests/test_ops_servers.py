"""The private servers: they answer, are durable, keep to the loopback, and start again quickly."""

import os
import re
import signal
import socket
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from ops import ports, postgres, processes, rabbitmq
from ops import servers as private_servers
from ops.servers import Addresses
from tests.servers import Management


async def test_the_database_answers_in_utf8_and_keeps_what_it_commits(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        settings = {
            name: await connection.fetchval(f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "server_encoding", "max_connections")
        }
    finally:
        await connection.close()

    assert settings == {
        "fsync": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
        "max_connections": "100",
    }


async def test_the_broker_takes_a_quorum_queue(amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue("works", durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(b"merhaba"), routing_key="works")
        message = await queue.get(timeout=5)

        assert message.body == b"merhaba"
        await message.ack()


def test_nobody_called_guest_may_enter_the_private_broker(servers: Addresses, management: Management) -> None:
    if not re.match(r"amqp://ilkim:", servers.amqp_url):
        pytest.skip("a broker named by the environment")

    users = {user["name"] for user in management.call("GET", "users")}

    assert users == {"ilkim"}


def test_a_second_start_finds_the_running_servers(servers: Addresses, own_state: Path) -> None:
    if not own_state.exists():
        pytest.skip("servers named by the environment")

    assert private_servers.start(own_state) == servers


def test_a_kept_port_is_chosen_anew_when_another_program_has_taken_it(tmp_path: Path) -> None:
    first = ports.keep_ports(tmp_path, ["page"])["page"]
    with socket.socket() as other:
        other.bind(("127.0.0.1", first))
        other.listen()
        second = ports.keep_ports(tmp_path, ["page"])["page"]

    assert second != first
    assert ports.keep_ports(tmp_path, ["page"])["page"] == second


def test_two_checkouts_are_two_nodes(tmp_path: Path) -> None:
    assert rabbitmq.node_name(tmp_path / "a") != rabbitmq.node_name(tmp_path / "b")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the capability to pass through")
def test_root_passes_through_a_closed_folder_without_opening_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    prefix = postgres.owner_for(closed).prefix

    assert any(flag.startswith("--ambient-caps=-all,+dac_") for flag in prefix)
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_pid_given_to_a_later_program_is_not_taken_for_ours(tmp_path: Path) -> None:
    file = tmp_path / "running.json"
    running = processes.start_detached(["sleep", "60"], environment={"PATH": "/usr/bin:/bin"}, log=tmp_path / "log")
    processes.remember(file, processes.Running(running.pid, "another boot/1"))
    stranger = processes.recall(file)
    processes.remember(file, running)
    ours = processes.recall(file)
    processes.end(running, gently=signal.SIGTERM, grace_seconds=5)

    assert stranger is None
    assert ours == running
    assert processes.recall(file) is None
