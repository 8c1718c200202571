"""The table of processes: what each gets, what a restart keeps, and what a wrong name is answered."""

from pathlib import Path

import pytest

from ops import stack
from ops.servers import Addresses

ADDRESSES = Addresses("amqp://a:b@127.0.0.1:1/ilkim", "http://a:b@127.0.0.1:2", "postgresql://a:b@127.0.0.1:3/ilkim")


def test_each_process_listens_on_a_port_of_its_own(tmp_path: Path) -> None:
    table = stack.build(tmp_path, ADDRESSES, {"router": 3})

    assert [process.name for process in table if process.name.startswith("router")] == [
        "router",
        "router-2",
        "router-3",
    ]
    assert len({process.environment["ILKIM_HTTP_PORT"] for process in table}) == len(table)


def test_a_second_table_is_the_same_keys_and_ports_included(tmp_path: Path) -> None:
    assert stack.build(tmp_path, ADDRESSES, {}) == stack.build(tmp_path, ADDRESSES, {})


def test_the_keys_are_for_the_owners_eyes_only(tmp_path: Path) -> None:
    stack.secrets_of(tmp_path)

    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_replica_count_for_an_unknown_process_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such process: rooter"):
        stack.build(tmp_path, ADDRESSES, {"rooter": 2})
