"""Keeps the processes of a table running: `python -m ops.supervisor STATE`, detached from any terminal.

A process that ends is started again, at once the first time and then ever later; SIGTERM ends all of them in order
and then the supervisor. If the supervisor itself is killed, its processes go on, and the next start ends them first.
"""

import asyncio
import dataclasses
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from ops import processes

FIRST_DELAY_SECONDS = 0.1
DELAY_SECONDS_MAX = 5.0
# One that ran this long was healthy: killed every two seconds, it is started at once every time.
HEALTHY_AFTER_SECONDS = 1.5
GRACE_SECONDS = 10.0
LOG_BYTES_MAX = 10_000_000
LOG_LOOK_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Process:
    """One row of the table. `environment` is added to the supervisor's own; `url` is where its HTTP server listens."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    url: str


@dataclasses.dataclass(frozen=True)
class Record:
    """What is known of a process right now: `state` is running, waiting (to be started again) or stopped."""

    name: str
    pid: int
    identity: str
    state: str
    restarts: int


def write_table(state: Path, table: list[Process]) -> None:
    rows = [dataclasses.asdict(process) for process in table]
    processes.write_atomically(state / "processes.json", json.dumps(rows, indent=1))


def read_table(state: Path) -> list[Process]:
    """Empty when nothing was ever started."""
    file = state / "processes.json"
    rows = json.loads(file.read_text()) if file.exists() else []
    return [Process(**{**row, "command": tuple(row["command"])}) for row in rows]


def records(state: Path) -> dict[str, Record]:
    """Each process's last word, corrected where it died together with its supervisor."""
    found = {}
    for file in sorted((state / "run").glob("*.json")):
        record = Record(**json.loads(file.read_text()))
        runs = processes.is_running(processes.Running(record.pid, record.identity))
        gone = record.state == "running" and not runs
        found[record.name] = dataclasses.replace(record, state="stopped") if gone else record
    return found


def start(state: Path) -> None:
    """Start the supervisor of this folder, after ending what an earlier one may have left."""
    stop(state)
    supervisor = processes.start_detached(
        [sys.executable, "-m", "ops.supervisor", str(state)],
        environment=os.environ,
        log=log_of(state, "supervisor"),
        folder=Path(__file__).resolve().parent.parent,
    )
    processes.remember(state / "supervisor.json", supervisor)


def is_running(state: Path) -> bool:
    return processes.recall(state / "supervisor.json") is not None


def stop(state: Path) -> None:
    """End the supervisor and every process of its table. Safe to call twice."""
    supervisor = processes.recall(state / "supervisor.json")
    processes.end(supervisor, gently=signal.SIGTERM, grace_seconds=GRACE_SECONDS + 5)
    for record in records(state).values():
        orphan = processes.Running(record.pid, record.identity)
        processes.end(orphan, gently=signal.SIGTERM, grace_seconds=GRACE_SECONDS)
    shutil.rmtree(state / "run", ignore_errors=True)
    (state / "supervisor.json").unlink(missing_ok=True)


def log_of(state: Path, name: str) -> Path:
    return state / "logs" / f"{name}.log"


def delay_before_restart(previous_seconds: float | None, ran_seconds: float) -> float:
    """How long to wait: shortest after a healthy run, doubled after each that ended too soon."""
    if previous_seconds is None or ran_seconds >= HEALTHY_AFTER_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(previous_seconds * 2, DELAY_SECONDS_MAX)


async def supervise(state: Path) -> None:
    """Run the table until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with asyncio.TaskGroup() as group:
        for process in read_table(state):
            group.create_task(_keep(state, process, stopping))
        group.create_task(_bound_logs(state, stopping))


async def _keep(state: Path, process: Process, stopping: asyncio.Event) -> None:
    restarts, delay = 0, None
    while not stopping.is_set():
        began = time.monotonic()
        child = await _spawn(state, process)
        running = Record(process.name, child.pid, processes.identity_of(child.pid) or "", "running", restarts)
        _record(state, running)
        await _until_ended(child, stopping)
        if stopping.is_set():
            break
        restarts, delay = restarts + 1, delay_before_restart(delay, time.monotonic() - began)
        _say(f"{process.name} (pid {child.pid}) ended with {child.returncode}: again in {delay:.1f} s")
        _record(state, dataclasses.replace(running, state="waiting", restarts=restarts))
        await _sleep(delay, stopping)
    _record(state, Record(process.name, 0, "", "stopped", restarts))


async def _spawn(state: Path, process: Process) -> asyncio.subprocess.Process:
    with log_of(state, process.name).open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *process.command,
            env={**os.environ, **process.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def _until_ended(child: asyncio.subprocess.Process, stopping: asyncio.Event) -> None:
    """Wait for its end, or bring it about: SIGTERM, and SIGKILL to its whole group once the grace is over."""
    ended = asyncio.ensure_future(child.wait())
    stop_asked = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({ended, stop_asked}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            child.terminate()
            await asyncio.wait({ended}, timeout=GRACE_SECONDS)
    finally:  # Even when the supervisor itself fails, say because its folder was removed.
        stop_asked.cancel()
        if not ended.done():
            os.killpg(child.pid, signal.SIGKILL)
    await ended


async def _bound_logs(state: Path, stopping: asyncio.Event) -> None:
    """Keep each log and one older part of it; its writer appends, so that it goes on in the emptied file."""
    while not stopping.is_set():
        for log in (state / "logs").glob("*.log"):
            if log.stat().st_size > LOG_BYTES_MAX:
                await asyncio.to_thread(shutil.copyfile, log, log.with_suffix(".log.1"))
                os.truncate(log, 0)
        await _sleep(LOG_LOOK_SECONDS, stopping)


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


def _record(state: Path, record: Record) -> None:
    file = state / "run" / f"{record.name}.json"
    file.parent.mkdir(exist_ok=True)
    processes.write_atomically(file, json.dumps(dataclasses.asdict(record)))


def _say(line: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line}", flush=True)


if __name__ == "__main__":
    asyncio.run(supervise(Path(sys.argv[1])))
