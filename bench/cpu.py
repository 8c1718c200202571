"""CPU time of whole process trees, read from the kernel: what each program cost between two moments."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")
# Places in /proc/PID/stat, counted from the field after the name: proc(5) fields 4 and 14 to 17.
_PARENT: Final = 1
_USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM = 11, 12, 13, 14


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    cpu_ms: float


def tree_ms(roots: Mapping[str, int]) -> dict[str, float]:
    """CPU milliseconds since its start, user and system, of each named process and all its descendants.

    Descendants that ended are counted through the parent that reaped them, so a PostgreSQL backend that was closed
    is not lost. A root that does not run counts 0.
    """
    processes = dict(_processes())
    children: dict[int, list[int]] = defaultdict(list)
    for pid, process in processes.items():
        children[process.parent].append(pid)
    return {name: _sum(root, processes, children) for name, root in roots.items()}


def spent_ms(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What each name spent between two readings of `tree_ms`."""
    return {name: after[name] - before[name] for name in before}


def _sum(root: int, processes: Mapping[int, _Process], children: Mapping[int, list[int]]) -> float:
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        if pid in processes:
            total += processes[pid].cpu_ms
            waiting += children.get(pid, [])
    return total


def _processes() -> Iterator[tuple[int, _Process]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            ticks = sum(int(fields[place]) for place in (_USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM))
            yield int(entry.name), _Process(int(fields[_PARENT]), ticks * _TICK_MS)
