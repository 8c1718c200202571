"""Free ports on 127.0.0.1, chosen once and kept, so that addresses stay the same over a restart."""

import json
import random
import socket
import threading
from collections.abc import Collection, Iterable
from pathlib import Path

from ops.processes import write_atomically

# Below the range the kernel takes for outgoing connections (32768 on), above nearly all known services.
LOWEST, HIGHEST = 20_000, 32_000
OFTEN_TAKEN = frozenset({25_565, 25_672, 27_017, 28_015, 30_000, 31_337})
ATTEMPTS_MAX = 200
_ONE_AT_A_TIME = threading.Lock()  # The two servers start in two threads; processes are kept apart by a file lock.


def keep_ports(state: Path, names: Iterable[str], in_use: Collection[str] = ()) -> dict[str, int]:
    """A port for each name: the kept one, or a new one where another program has taken it.

    `in_use` names whose own program listens already: their ports are kept unseen.
    """
    file = state / "ports.json"
    with _ONE_AT_A_TIME:
        kept = _read(file)
        ports = dict(kept)
        for name in names:
            port = ports.get(name)
            if port is None or (name not in in_use and not is_free(port)):
                ports[name] = _choose(frozenset(ports.values()))
        if ports != kept:
            write_atomically(file, json.dumps(ports, indent=1), mode=0o644)
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _choose(taken: frozenset[int]) -> int:
    for _ in range(ATTEMPTS_MAX):
        port = random.randrange(LOWEST, HIGHEST)
        if port not in taken | OFTEN_TAKEN and is_free(port):
            return port
    raise RuntimeError(f"no free port found between {LOWEST} and {HIGHEST}")


def _read(file: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError):
        return {}
