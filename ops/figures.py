"""Commands that show figures: the bulletin as reporting sees it, and the ledger over all services."""

import asyncio
import json
import urllib.request
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ops import ledger as books
from ops import servers, supervisor
from ops.servers import Addresses

console = Console(highlight=False, soft_wrap=True)
Json = Annotated[bool, typer.Option("--json", help="for programs")]


def bulletin(as_json: Json = False) -> None:
    """Print the centre's bulletin: each line, what of it is resolved, and the parts of its sum."""
    printed = read_bulletin()
    if as_json:
        print(json.dumps(printed, indent=1, ensure_ascii=False))
        return
    table = Table(title=printed["title"])
    for name, justify in (("", "left"), ("talep", "right"), ("çözülen", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for row in (*printed["groups"], *printed["lines"]):
        table.add_row(row["label"], _number(row["cases"]), _number(row["resolved"]))
    console.print(table)
    for fault in printed["unclosed"]:
        console.print(f"[red]does not close:[/red] {fault}", markup=True)


def ledger(as_json: Json = False) -> None:
    """Check that everything accepted is accounted for in every service. Exit code 1 when it does not balance."""
    found = asyncio.run(books.draw_up(addresses()))
    if as_json:
        print(books.as_json(found))
    else:
        _show(found)
    if not found.balances:
        raise typer.Exit(1)


def read_bulletin() -> dict[str, Any]:
    """The bulletin from the reporting service."""
    with urllib.request.urlopen(f"{url_of('reporting')}/api/bulletin", timeout=30) as response:  # noqa: S310
        found: dict[str, Any] = json.load(response)
    return found


def total_of(printed: dict[str, Any]) -> int:
    """The cases of a bulletin: every group counts its own."""
    return sum(group["cases"] for group in printed["groups"])


def url_of(process: str) -> str:
    """Where a process of this installation answers."""
    for row in supervisor.read_table(servers.home()):
        if row.name == process:
            return row.url
    console.print("nothing runs here: start it with `ilkim up`")
    raise typer.Exit(1)


def addresses() -> Addresses:
    """Broker and database of this installation; the private ones must be running."""
    return servers.start(servers.home(), say=lambda _: None)


def _show(found: books.Ledger) -> None:
    for title, rows in (("counted", found.counts), ("replies", found.notices), ("in limbo", found.limbo)):
        table = Table(title=title, show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for name, count in rows.items():
            table.add_row(name, _number(count))
        console.print(table)
    for breach in found.breaches:
        console.print(f"[red]{breach.rows} × {breach.name}[/red]: {', '.join(breach.examples)}", markup=True)
    console.print("balances" if found.balances else "does not balance" if found.breaches else "not at rest yet")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}".replace(",", ".")
