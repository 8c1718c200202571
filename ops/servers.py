"""RabbitMQ and PostgreSQL for one checkout: private ones on free ports, or those the environment names.

`python -m ops.servers start FOLDER` prints the addresses as `export` lines; `stop` and `discard` end them.
"""

import dataclasses
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ops import postgres, processes, rabbitmq

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Addresses:
    """Credentials are part of each address. `management_url` is None where a named broker's is not told."""

    amqp_url: str
    management_url: str | None
    database_url: str


def home() -> Path:
    """The one folder that holds everything this checkout runs: `.ilkim`, or what ILKIM_STATE names."""
    return Path(os.environ.get("ILKIM_STATE") or CHECKOUT / ".ilkim").absolute()


def start(state: Path, say: Callable[[str], None] = print) -> Addresses:
    """Start what is not yet running and wait until it answers. Idempotent; two callers at once are safe."""
    state = state.absolute()
    state.mkdir(parents=True, exist_ok=True)
    with _alone(state), ThreadPoolExecutor(max_workers=2) as both:
        broker = both.submit(_broker, state, say)
        database = both.submit(_database, state, say)
        amqp_url, management_url = broker.result()
        return Addresses(amqp_url, management_url, database.result())


def stop(state: Path) -> None:
    """Stop the private servers of this folder; named ones are left alone. Safe to call twice."""
    state = state.absolute()
    if not state.exists():
        return
    with _alone(state), ThreadPoolExecutor(max_workers=2) as both:
        for ended in (both.submit(rabbitmq.stop, state), both.submit(postgres.stop, state)):
            ended.result()


def discard(state: Path) -> None:
    """End the private servers at once and remove the folder with all they held: for tests."""
    state = state.absolute()
    rabbitmq.stop(state, gently=False)
    postgres.stop(state, gently=False)
    shutil.rmtree(state, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Discard those states in `folder`, each named by the pid of its owner, whose owner runs no more."""
    for left in folder.glob("[0-9]*"):
        if processes.identity_of(int(left.name)) is None:
            discard(left)


def running(state: Path) -> dict[str, str]:
    """For each server: "running", "stopped", or "named" (by the environment: not ours to start)."""
    return {
        "rabbitmq": _state("RABBITMQ_URL", rabbitmq.is_running(state)),
        "postgres": _state("DATABASE_URL", postgres.is_running(state)),
    }


def management_url(state: Path) -> str | None:
    """The broker's page and HTTP API, credentials within; None where a named broker's is not told."""
    if os.environ.get("RABBITMQ_URL"):
        return os.environ.get("RABBITMQ_MANAGEMENT_URL")
    return rabbitmq.management_url(state)


def _broker(state: Path, say: Callable[[str], None]) -> tuple[str, str | None]:
    if named := os.environ.get("RABBITMQ_URL"):
        return named, os.environ.get("RABBITMQ_MANAGEMENT_URL")
    return rabbitmq.start(state, home() / "packages", say)


def _database(state: Path, say: Callable[[str], None]) -> str:
    return os.environ.get("DATABASE_URL") or postgres.start(state, home() / "packages", say)


def _state(variable: str, is_running: bool) -> str:
    if os.environ.get(variable):
        return "named"
    return "running" if is_running else "stopped"


def main(arguments: list[str]) -> None:
    """For a shell: `eval "$(python -m ops.servers start FOLDER)"`."""
    match arguments:
        case ["start", folder]:
            addresses = start(Path(folder), say=lambda line: print(line, file=sys.stderr))
            print(f"export RABBITMQ_URL={addresses.amqp_url} DATABASE_URL={addresses.database_url}")
            print(f"export RABBITMQ_MANAGEMENT_URL={addresses.management_url or ''}")
        case ["stop", folder]:
            stop(Path(folder))
        case ["discard", folder]:
            discard(Path(folder))
        case ["sweep", folder]:
            sweep(Path(folder))
        case _:
            raise SystemExit("usage: python -m ops.servers start|stop|discard|sweep FOLDER")


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    with (state / "servers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main(sys.argv[1:])
