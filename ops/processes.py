"""Start programs that outlive us, know them again later, and end them: by pid *and* start time, never by name."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.02


@dataclasses.dataclass(frozen=True)
class Running:
    """A started program. `identity` tells it from a later program that was given the same pid."""

    pid: int
    identity: str


def start_detached(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path = Path("/")
) -> Running:
    """Start a program in a session of its own; what it prints is appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    process.returncode = 0  # It outlives us: its pid is kept in a file and nobody waits for this object.
    return Running(process.pid, identity_of(process.pid) or "")


def identity_of(pid: int) -> str | None:
    """The boot and the tick at which this pid was started; None when it runs no more (a zombie does not run)."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start_tick = fields[0], fields[19]
    return None if state in "ZX" else f"{_boot_id()}/{start_tick}"


def is_running(running: Running | None) -> bool:
    return running is not None and identity_of(running.pid) == running.identity


def remember(file: Path, running: Running) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(dataclasses.asdict(running)))


def recall(file: Path) -> Running | None:
    """The program that was remembered in `file`, if it still runs."""
    try:
        running = Running(**json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if is_running(running) else None


def end(running: Running | None, *, gently: signal.Signals, grace_seconds: float) -> None:
    """Send `gently`, wait, then SIGKILL the process group. Safe to call for what has ended already."""
    if running is None or not is_running(running):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, gently)
    if wait_until_ended(running, grace_seconds):
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    wait_until_ended(running, grace_seconds)


def wait_until_ended(running: Running, timeout_seconds: float) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while is_running(running):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def write_atomically(file: Path, text: str, mode: int = 0o600) -> None:
    """A reader sees the old content or the new, never a half."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=mode)
    draft.write_text(text)
    draft.replace(file)


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
