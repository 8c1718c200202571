"""The supervisor: what it starts runs again after every kill, and nothing of it is left after a stop."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import processes, supervisor
from ops.supervisor import Process

PATIENCE_SECONDS = 15.0


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    supervisor.stop(tmp_path)


def a_process(name: str, program: str = "import time; time.sleep(600)") -> Process:
    return Process(name, (sys.executable, "-c", program), {"WHO": name}, "http://127.0.0.1:1")


def started(state: Path, *table: Process) -> None:
    supervisor.write_table(state, list(table))
    supervisor.start(state)
    wait_for(lambda: len(supervisor.records(state)) == len(table))


def wait_for(truth: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not truth():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_killed_process_runs_again_at_once(state: Path) -> None:
    started(state, a_process("router"))
    first = supervisor.records(state)["router"]
    time.sleep(0.2)

    os.kill(first.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    wait_for(lambda: supervisor.records(state)["router"].pid not in (0, first.pid))

    assert time.monotonic() - killed_at < 1.0
    assert supervisor.records(state)["router"].restarts == 1


def test_a_process_that_was_killed_every_two_seconds_never_waits_longer() -> None:
    delay: float | None = None
    for _ in range(100):
        delay = supervisor.delay_before_restart(delay, ran_seconds=1.8)

    assert delay is not None
    assert delay <= 0.2


def test_a_process_that_cannot_start_is_tried_ever_later_up_to_a_bound() -> None:
    delays = [0.1]
    while len(delays) < 12:
        delays.append(supervisor.delay_before_restart(delays[-1], ran_seconds=0.05))

    assert delays[1] == pytest.approx(0.2)
    assert delays[-1] == supervisor.DELAY_SECONDS_MAX


def test_stop_leaves_nothing_running(state: Path) -> None:
    started(state, a_process("router"), a_process("router-2"), a_process("desk"))
    pids = [record.pid for record in supervisor.records(state).values()]

    supervisor.stop(state)

    assert len(pids) == 3
    assert [processes.identity_of(pid) for pid in pids] == [None, None, None]
    assert not supervisor.is_running(state)


def test_a_process_may_finish_its_work_when_told_to_stop(state: Path) -> None:
    polite = (
        "import signal, sys, time, pathlib\n"
        "def finish(*_):\n"
        f"    time.sleep(0.5); pathlib.Path({str(state / 'done')!r}).touch(); sys.exit()\n"
        "signal.signal(signal.SIGTERM, finish)\n"
        f"pathlib.Path({str(state / 'begun')!r}).touch()\n"
        "time.sleep(600)\n"
    )
    started(state, a_process("notifier", polite))
    wait_for((state / "begun").exists)

    supervisor.stop(state)

    assert (state / "done").exists()


def test_what_a_killed_supervisor_left_is_ended_before_the_next_start(state: Path) -> None:
    started(state, a_process("router"))
    orphan = supervisor.records(state)["router"]
    leader = processes.recall(state / "supervisor.json")
    assert leader is not None
    os.kill(leader.pid, signal.SIGKILL)
    processes.wait_until_ended(leader, 5)

    started(state, a_process("router"))

    assert processes.identity_of(orphan.pid) is None
    assert supervisor.records(state)["router"].pid != orphan.pid


def test_a_supervisor_whose_folder_was_removed_takes_its_processes_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    started(folder, a_process("router"), a_process("desk"))
    pids = [record.pid for record in supervisor.records(folder).values()]
    shutil.rmtree(folder)

    os.kill(pids[0], signal.SIGKILL)

    wait_for(lambda: [processes.identity_of(pid) for pid in pids] == [None, None])


def test_what_a_process_prints_is_in_its_log(state: Path) -> None:
    started(state, a_process("edge", "import os, time; print(os.environ['WHO'], flush=True); time.sleep(600)"))

    wait_for(lambda: supervisor.log_of(state, "edge").read_text() == "edge\n")
