"""A private RabbitMQ on 127.0.0.1: of this machine if it has one, else unpacked from Debian's packages."""

import dataclasses
import hashlib
import os
import secrets
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ops import debian, processes
from ops.ports import is_free, keep_ports

START_TIMEOUT_SECONDS = 120
STOP_GRACE_SECONDS = 20
POLL_SECONDS = 0.05
PORTS = ("amqp", "management", "distribution", "epmd")
MACHINE = Path("/")
GREETING = b"AMQP\x00\x00\x09\x01"

# The listeners are bound to the loopback, nobody called "guest" exists, and the page counts at leisure.
CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
default_user = ilkim
default_pass = {password}
default_vhost = ilkim
default_user_tags.administrator = true
collect_statistics_interval = 10000
log.file.level = info
log.file.rotation.size = 10485760
log.file.rotation.count = 2
raft.wal_max_size_bytes = 67108864
"""
# An idle scheduler sleeps instead of spinning: the machine belongs to the services.
ERLANG_FLAGS = (
    *("+W", "w", "+MBas", "ageffcbf", "+MHas", "ageffcbf", "+MBlmbcs", "512", "+MHlmbcs", "512"),
    *("+MMmcs", "30", "+P", "1048576", "+t", "5000000", "+zdbbl", "128000", "+stbt", "u"),
    *("+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "+B", "i"),
)
KERNEL_FLAGS = (
    *("-kernel", "inet_dist_use_interface", "{127,0,0,1}"),
    *("-kernel", "prevent_overlapping_partitions", "false"),
    *("-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false"),
)


@dataclasses.dataclass(frozen=True)
class Installation:
    """Where Erlang and RabbitMQ lie, below `root` ("/" for the machine's own)."""

    root: Path
    erlang: Path
    home: Path

    @property
    def binaries(self) -> Path:
        return next(self.erlang.glob("erts-*/bin"))


def start(state: Path, packages: Path, say: Callable[[str], None]) -> tuple[str, str]:
    """Returns the AMQP and the management address, credentials within. Idempotent."""
    folder = state / "rabbitmq"
    folder.mkdir(parents=True, exist_ok=True)
    running = processes.recall(folder / "running.json")
    if running is None:
        stop(state)  # A broker that was killed may have left its port mapper.
    ports = keep_ports(state, PORTS, in_use=PORTS if running else ())
    password = _password(folder)
    if running is None:
        began = time.monotonic()
        installation = find(packages, say)
        say("rabbitmq: starting")
        _start_port_mapper(installation, folder, ports)
        running = _start(installation, folder, ports, password)
        processes.remember(folder / "running.json", running)
        _wait_until_ready(running, ports, folder)
        say(f"rabbitmq: ready on 127.0.0.1:{ports['amqp']} after {time.monotonic() - began:.1f} s")
    else:
        _wait_until_ready(running, ports, folder)
    return f"amqp://ilkim:{password}@127.0.0.1:{ports['amqp']}/ilkim", management_url(state)


def management_url(state: Path) -> str:
    """Where the management page listens whenever the broker runs."""
    port = keep_ports(state, ["management"], in_use=["management"])["management"]
    return f"http://ilkim:{_password(state / 'rabbitmq')}@127.0.0.1:{port}"


def stop(state: Path, *, gently: bool = True) -> None:
    """Gently takes about six seconds, five of them a wait within the management plugin; else at once."""
    folder = state / "rabbitmq"
    running = processes.recall(folder / "running.json")
    first_signal = signal.SIGTERM if gently else signal.SIGKILL
    processes.end(running, gently=first_signal, grace_seconds=STOP_GRACE_SECONDS)
    processes.end(processes.recall(folder / "epmd.json"), gently=signal.SIGTERM, grace_seconds=1)
    for name in ("running.json", "epmd.json"):
        (folder / name).unlink(missing_ok=True)


def is_running(state: Path) -> bool:
    return processes.recall(state / "rabbitmq" / "running.json") is not None


def find(packages: Path, say: Callable[[str], None]) -> Installation:
    """The machine's RabbitMQ with its Erlang, or the unpacked ones."""
    machine = _installation(MACHINE)
    if machine:
        return machine
    root = debian.unpacked(packages / "rabbitmq", "rabbitmq-server", family=r"erlang-.*", also=["libsctp1"], say=say)
    installation = _installation(root)
    if installation is None:
        raise debian.PackagesUnavailable(f"no RabbitMQ in {root}: remove the folder and try again")
    _make_relocatable(installation.erlang / "bin" / "erl")
    return installation


def _installation(root: Path) -> Installation | None:
    erlang = root / "usr/lib/erlang"
    homes = sorted(root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*"))
    return Installation(root, erlang, homes[-1]) if homes and (erlang / "bin" / "erl").exists() else None


def _make_relocatable(script: Path) -> None:
    """Debian's `erl` names /usr/lib/erlang; RabbitMQ calls it once at start to look for the port mapper."""
    text = script.read_text()
    script.write_text(text.replace("ROOTDIR=/usr/lib/erlang", 'ROOTDIR=$(cd "$progdir/.." && pwd)'))


def _start_port_mapper(installation: Installation, folder: Path, ports: dict[str, int]) -> None:
    """Erlang's epmd, in the foreground and before the broker: one that the broker starts cannot be ended by pid."""
    if processes.recall(folder / "epmd.json"):
        return
    epmd = processes.start_detached(
        [str(installation.binaries / "epmd")],
        environment=_environment(installation, folder, ports),
        log=folder / "console.log",
    )
    processes.remember(folder / "epmd.json", epmd)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while is_free(ports["epmd"]) and processes.is_running(epmd) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _start(installation: Installation, folder: Path, ports: dict[str, int], password: str) -> processes.Running:
    """Start Erlang itself, without RabbitMQ's shell scripts: they cannot stand a space in a path."""
    (folder / "rabbitmq.conf").touch(mode=0o600)
    (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(password=password, **ports))
    (folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
    command = [
        str(installation.binaries / "erlexec"),
        *("-pa", "", "-noinput", "-s", "rabbit", "boot", "-boot", "start_sasl"),
        *ERLANG_FLAGS,
        *KERNEL_FLAGS,
    ]
    return processes.start_detached(
        command, environment=_environment(installation, folder, ports), log=folder / "console.log", folder=folder
    )


def _environment(installation: Installation, folder: Path, ports: dict[str, int]) -> dict[str, str]:
    binaries = installation.binaries
    libraries = {} if installation.root == MACHINE else {"LD_LIBRARY_PATH": debian.library_path(installation.root)}
    return {
        **libraries,
        "PATH": os.pathsep.join((str(binaries), str(installation.erlang / "bin"), "/usr/bin:/bin:/usr/sbin:/sbin")),
        "LANG": "C.UTF-8",
        "HOME": str(folder),  # Erlang keeps its cookie there.
        "EMU": "beam",
        "PROGNAME": "erl",
        "ROOTDIR": str(installation.erlang),
        "BINDIR": str(binaries),
        "ERL_LIBS": str(installation.home / "plugins"),
        "ERL_MAX_ETS_TABLES": "50000",
        "ERL_MAX_PORTS": "65536",
        "ERL_CRASH_DUMP_SECONDS": "0",
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "SYS_PREFIX": str(folder),
        "RABBITMQ_HOME": str(installation.home),
        "RABBITMQ_NODENAME": f"{node_name(folder)}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(ports["amqp"]),
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PLUGINS_DIR": str(installation.home / "plugins"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_KEEP_PID_FILE_ON_EXIT": "false",
    }


def node_name(folder: Path) -> str:
    """Two checkouts on one machine are two nodes."""
    return f"ilkim-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:10]}"


def _password(folder: Path) -> str:
    file = folder / "password"
    if not file.exists():
        processes.write_atomically(file, secrets.token_urlsafe(18))
    return file.read_text()


def _wait_until_ready(running: processes.Running, ports: dict[str, int], folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not (_speaks_amqp(ports["amqp"]) and _speaks_http(ports["management"])):
        if not processes.is_running(running):
            raise RuntimeError(f"RabbitMQ ended while starting; see {folder}/console.log and {folder}/log")
        if time.monotonic() > deadline:
            raise TimeoutError(f"RabbitMQ not ready after {START_TIMEOUT_SECONDS} s; see {folder}/log")
        time.sleep(POLL_SECONDS)


def _speaks_amqp(port: int) -> bool:
    """The broker answers the protocol's greeting with its first method; the listener opens last at start."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(GREETING)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def _speaks_http(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
