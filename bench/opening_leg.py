"""The opening leg of the real system: message at the edge, number, owner, department's queue, receipt, counted."""

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import asyncpg
import uvloop

from bench import cpu
from bench.children import Child
from bench.installation import STATE, Servers
from bench.rounds import DEPARTMENT, LOAD, SIMULATOR, Round
from ops import stack, supervisor
from ops.supervisor import Process

READY_SECONDS: Final = 60.0
RUN_SECONDS_MAX: Final = 180.0
POLL_SECONDS: Final = 0.05
# What was put off until after the answer (marks in the outbox, the last acknowledgements) is paid for too.
STRAGGLERS_SECONDS: Final = 0.5


@dataclass
class Installation:
    """The running system; `sent` citizens have written to it so far."""

    servers: Servers
    table: list[Process]
    sent: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return self.table[0].environment

    def url(self, name: str) -> str:
        return next(process.url for process in self.table if process.name == name)

    def pids(self) -> dict[str, int]:
        """Roots of the process trees, by the name of the process."""
        known = supervisor.records(STATE)
        return {process.name: known[process.name].pid for process in self.table} | self.servers.pids


def start(servers: Servers, say: Callable[[str], None] = print) -> Installation:
    """Start every service on the measurement's own servers."""
    return Installation(servers, stack.up(STATE, say=say))


def measure(system: Installation, cases: int, warm_up: int, *, statuses: bool) -> Round:
    """One round at full speed. `statuses`: the provider reports `sent` and `delivered` of every reply too.

    It ends when every receipt is at the simulator, every case in reporting, every assignment at its department.
    Raises RuntimeError when afterwards anything is there that should not be.
    """
    _ask(f"{system.url(SIMULATOR)}/_simulator/statuses", {"statuses": "sent,delivered" if statuses else ""})
    # A status may overtake the provider's answer, and then takes its place: only the last one is told for each reply.
    last_status = "delivered" if statuses else "accepted"
    with contextlib.ExitStack() as stack:
        children = _start(stack, system, cases, warm_up)
        _run(system, children, warm_up, last_status)
        roots = system.pids() | {name: child.pid for name, child in children.items()}
        before = cpu.tree_ms(roots)
        seconds = _run(system, children, cases, last_status)
        return Round(cases, seconds, cpu.spent_ms(before, cpu.tree_ms(roots)))


def idle_ms_per_second(system: Installation, seconds: float) -> dict[str, float]:
    """What each process costs while nothing happens, in CPU milliseconds a second."""
    before = cpu.tree_ms(system.pids())
    time.sleep(seconds)
    return {name: spent / seconds for name, spent in cpu.spent_ms(before, cpu.tree_ms(system.pids())).items()}


def _start(stack: contextlib.ExitStack, system: Installation, cases: int, warm_up: int) -> dict[str, Child]:
    webhook = system.environment["WHATSAPP_WEBHOOK_URL"]
    load = ("bench.load", (webhook, str(system.sent), str(warm_up), str(cases)))
    system.sent += warm_up + cases
    children = {}
    for name, (module, arguments) in {LOAD: load, DEPARTMENT: ("bench.department", ())}.items():
        children[name] = Child(module, arguments, system.environment)
        stack.callback(children[name].end)
    for child in children.values():
        child.wait_for("ready", READY_SECONDS)
    return children


class _Arrived(NamedTuple):
    """Cases that reached each end: receipt at the provider, owner and receipt counted, taken by the owner."""

    receipts: int
    counted: int
    receipts_counted: int
    taken: int

    def plus(self, cases: int) -> "_Arrived":
        return _Arrived(*(before + cases for before in self))

    def covers(self, expected: "_Arrived") -> bool:
        return all(mine >= needed for mine, needed in zip(self, expected, strict=True))


def _run(system: Installation, children: dict[str, Child], cases: int, last_status: str) -> float:
    """Send `cases` and wait until all have arrived at every end; the seconds it took."""
    expected = _arrived(system, children, last_status).plus(cases)
    deadline = time.monotonic() + RUN_SECONDS_MAX
    began = time.perf_counter()
    children[LOAD].tell()
    refused = int(children[LOAD].wait_for("sent", RUN_SECONDS_MAX).split()[2])
    while not (arrived := _arrived(system, children, last_status)).covers(expected):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all arrived: {arrived} instead of {expected}")
        time.sleep(POLL_SECONDS)
    seconds = time.perf_counter() - began
    _until_quiet(system)
    if (arrived := _arrived(system, children, last_status)) != expected:
        raise RuntimeError(f"more arrived than was sent: {arrived} instead of {expected}")
    if refused:
        print(f"the edge said `not now` {refused} times")
    return seconds


def _until_quiet(system: Installation) -> None:
    """Until the provider has reported every status, and a moment more."""
    deadline = time.monotonic() + RUN_SECONDS_MAX
    while _ask(f"{system.url(SIMULATOR)}/_simulator/stats")["waiting"]:
        if time.monotonic() > deadline:
            raise TimeoutError("the simulator could not report every status")
        time.sleep(POLL_SECONDS)
    time.sleep(STRAGGLERS_SECONDS)


def _arrived(system: Installation, children: dict[str, Child], last_status: str) -> _Arrived:
    receipts = _ask(f"{system.url(SIMULATOR)}/_simulator/stats")["counts"].get("accepted", 0)
    counted, receipts_counted, at_desk = uvloop.run(_in_database(system.servers.database_url, last_status))
    children[DEPARTMENT].tell()
    taken = at_desk + int(children[DEPARTMENT].wait_for("taken", READY_SECONDS))
    return _Arrived(receipts, counted, receipts_counted, taken)


async def _in_database(database_url: str, last_status: str) -> tuple[int, int, int]:
    """Cases that reporting knows with their owner, replies it knows with this status, cases taken at the desk."""
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM reporting.case_fact WHERE owner <> ''),
                   (SELECT coalesce(sum(notices), 0) FROM reporting.notice_cell WHERE status = $1),
                   (SELECT count(*) FROM desk.work_item)
            """,
            last_status,
        )
        counted, receipts_counted, at_desk = map(int, row or ())
        return counted, receipts_counted, at_desk
    finally:
        await connection.close()


def _ask(url: str, value: Any = None) -> Any:
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (our own address)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())
