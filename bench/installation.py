"""Private servers for the measurement: their CPU must be counted, so they are always this checkout's own."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.rounds import BROKER, DATABASE
from ops import processes, servers, stack

STATE: Final = servers.CHECKOUT / ".ilkim" / "bench"


@dataclass(frozen=True, slots=True)
class Servers:
    """Running servers with the pids at the root of their process trees."""

    amqp_url: str
    database_url: str
    pids: dict[str, int]


def start() -> Servers:
    """Start broker and database of the measurement, or find them running. Servers named by the environment are not
    used: nobody could say what they cost."""
    for name in ("RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "DATABASE_URL"):
        os.environ.pop(name, None)
    # What is measured is the work of a case, not how long it waits for the citizen's next line.
    os.environ["ILKIM_GATHER_SECONDS"] = "0"
    addresses = servers.start(STATE)
    pids = {BROKER: _pid(STATE / "rabbitmq"), DATABASE: _pid(STATE / "postgres")}
    return Servers(addresses.amqp_url, addresses.database_url, pids)


def stop_all() -> None:
    """Stop services and servers of the measurement. Safe to call when none runs."""
    stack.down(STATE)


def _pid(folder: Path) -> int:
    running = processes.recall(folder / "running.json")
    if running is None:
        raise RuntimeError(f"no running server is remembered in {folder}")
    return running.pid
