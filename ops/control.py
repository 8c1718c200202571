"""Commands that start, show and stop what runs: setup, up, stop, status, logs."""

import json
import os
import time
import urllib.parse
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ops import postgres, rabbitmq, servers, stack, supervisor
from ops.supervisor import Process, Record

console = Console(highlight=False, soft_wrap=True)
FOLLOW_SECONDS = 0.3
LINES_SHOWN = 40


def setup() -> None:
    """Fetch what is needed into the project's folder, without starting anything."""
    packages = servers.home() / "packages"
    if not os.environ.get("RABBITMQ_URL"):
        console.print(f"rabbitmq: {rabbitmq.find(packages, console.print).home}")
    if not os.environ.get("DATABASE_URL"):
        console.print(f"postgres: {postgres.find(packages, console.print).binaries}")


def up(
    scale: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER of replicas, e.g. router=3")] = None,
) -> None:
    """Start servers and services, and return when all are ready; they go on running until `stop`."""
    began = time.monotonic()
    state = servers.home()
    state.mkdir(parents=True, exist_ok=True)
    try:
        stack.up(state, scale=_numbers(scale or []), say=console.print)
    except (RuntimeError, TimeoutError, ValueError) as error:
        console.print(f"[red]not started:[/red] {error}", markup=True)
        raise typer.Exit(1) from error
    console.print(f"up after {time.monotonic() - began:.1f} s")


def stop() -> None:
    """Stop services and private servers; what they hold stays in the project's folder."""
    stack.down(servers.home())
    console.print("stopped")


def status(as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False) -> None:
    """Show each process, where it listens, and the demo's credentials. Exit code 1 when something is not running."""
    found = read_status(servers.home())
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _show(found)
    if not found["ready"]:
        raise typer.Exit(1)


def logs(
    name: Annotated[str | None, typer.Argument(help="a process of `ilkim status`; all when left out")] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on as lines come in")] = False,
) -> None:
    """Show the last lines of a process's log, or of every process's."""
    folder = servers.home() / "logs"
    files = sorted(folder.glob(f"{name}.log" if name else "*.log"))
    if not files:
        console.print(f"no log called {name}" if name else "nothing was started yet")
        raise typer.Exit(1)
    ends = {file: _print_last(file, named=name is None) for file in files}
    while follow:
        time.sleep(FOLLOW_SECONDS)
        ends = {file: _print_from(file, end, named=name is None) for file, end in ends.items()}


def read_status(state: Path) -> dict[str, Any]:
    """Everything another program needs to find its way; passwords included, so keep it to yourself."""
    table = supervisor.read_table(state)
    known = supervisor.records(state)
    with ThreadPoolExecutor(max_workers=8) as pool:
        ready = list(pool.map(lambda process: stack.is_ready(process.url), table))
    rows = [_row(process, known.get(process.name), answers) for process, answers in zip(table, ready, strict=True)]
    environment: Mapping[str, str] = table[0].environment if table else {}
    return {
        "ready": bool(rows) and all(row["ready"] for row in rows),
        "supervisor": "running" if supervisor.is_running(state) else "stopped",
        "processes": rows,
        "servers": servers.running(state),
        "addresses": _addresses(state, table),
        "credentials": {
            "desk": {
                "user": environment.get("DESK_USER"),
                "password": environment.get("DESK_PASSWORD"),
                "token": environment.get("DESK_TOKEN"),
            },
            "whatsapp": {
                name.removeprefix("WHATSAPP_").lower(): value
                for name, value in environment.items()
                if name.startswith("WHATSAPP_") and not name.endswith("_URL")
            },
        },
    }


def _row(process: Process, record: Record | None, ready: bool) -> dict[str, Any]:
    return {
        "name": process.name,
        "pid": record.pid if record else None,
        "state": record.state if record else "stopped",
        "ready": ready,
        "restarts": record.restarts if record else 0,
        "url": process.url,
    }


def _addresses(state: Path, table: list[Process]) -> dict[str, str | None]:
    """By the name of each page's process, and `broker`, `broker_management`, `database`: credentials within."""
    if not table:
        return {}
    pages = {process.name: process.url for process in table if _shows(process.name)}
    environment = table[0].environment
    return {
        **pages,
        "broker": environment["RABBITMQ_URL"],
        "broker_management": servers.management_url(state),
        "database": environment["DATABASE_URL"],
    }


def _shows(name: str) -> str:
    return next((part.shows for part in stack.PARTS if part.name == name), "")


def _show(found: Mapping[str, Any]) -> None:
    if not found["processes"]:
        console.print("nothing was started yet: `ilkim up` or `make demo`")
        return
    table = Table("process", "state", "pid", "restarts", box=None, pad_edge=False)
    table.add_column("address", no_wrap=True, min_width=22)
    table.add_column("shows", overflow="fold")
    for row in found["processes"]:
        state = "ready" if row["ready"] else row["state"]
        colour = "green" if row["ready"] else "red"
        shown = f"[{colour}]{state}[/{colour}]"
        table.add_row(row["name"], shown, str(row["pid"] or ""), str(row["restarts"]), row["url"], _shows(row["name"]))
    for server, state in found["servers"].items():
        colour = "red" if state == "stopped" else "green"
        address = found["addresses"]["broker_management" if server == "rabbitmq" else "database"]
        table.add_row(server, f"[{colour}]{state}[/{colour}]", "", "", _place(address), "")
    console.print(table)
    desk = found["credentials"]["desk"]
    console.print(f"\ndesk: user {desk['user']}, password {desk['password']} · broker's page: ", end="")
    console.print(_user_and_password(found["addresses"]["broker_management"]))


def _place(url: str | None) -> str:
    """Scheme for pages alone; never a password."""
    parts = urllib.parse.urlsplit(url or "")
    place = f"{parts.hostname}:{parts.port}"
    return f"{parts.scheme}://{place}" if parts.scheme.startswith("http") else f"{place}{parts.path}"


def _user_and_password(url: str | None) -> str:
    parts = urllib.parse.urlsplit(url or "")
    return f"user {parts.username}, password {parts.password}" if parts.username else "its own"


def _numbers(scale: list[str]) -> dict[str, int]:
    pairs = [entry.partition("=") for entry in scale]
    wrong = [name for name, _, number in pairs if not number.isdigit()]
    if wrong:
        raise ValueError(f"write NAME=NUMBER, not {wrong[0]}")
    return {name: int(number) for name, _, number in pairs}


def _print_last(file: Path, *, named: bool) -> int:
    text = file.read_bytes()
    for line in text.decode(errors="replace").splitlines()[-LINES_SHOWN:]:
        _print_line(file, line, named=named)
    return len(text)


def _print_from(file: Path, end: int, *, named: bool) -> int:
    size = file.stat().st_size
    start = end if size >= end else 0  # A log that was cut begins anew.
    with file.open("rb") as log:
        log.seek(start)
        text = log.read()
    for line in text.decode(errors="replace").splitlines():
        _print_line(file, line, named=named)
    return start + len(text)


def _print_line(file: Path, line: str, *, named: bool) -> None:
    print(f"{file.stem}: {line}" if named else line, flush=True)
