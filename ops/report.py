"""`ilkim report`: figures told apart by up to two axes, as the reporting service's API gives them."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from ops.figures import url_of

TIMEOUT_SECONDS: Final = 60
SHOWN: Final = ("cases", "open", "closed", "on_time", "late", "returned", "reopened", "duplicates")
console = Console(highlight=False, soft_wrap=True)


class Refused(ValueError):
    """Raised when the service does not take a question; says what can be asked."""


def report(
    by: Annotated[str, typer.Option(help="up to two axes with a comma between, e.g. owner,outcome")] = "",
    first: Annotated[str | None, typer.Option("--from", help="first day of opening, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day of opening")] = None,
    where: Annotated[list[str] | None, typer.Option(help="AXIS=VALUE, may be repeated")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="times to the second too, from every case")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Print how many cases there were, told apart by up to two axes. Exit code 2 for what cannot be asked."""
    try:
        found = ask(url_of("reporting"), by, first, last, where or (), exact=exact)
    except Refused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _show(found)


def ask(
    url: str, by: str, first: str | None, last: str | None, where: Sequence[str], *, exact: bool = False
) -> dict[str, Any]:
    """The report from the reporting service at `url`. Raises Refused, URLError."""
    asked = {"by": by, "from": first, "to": last, "exact": "true" if exact else None}
    query = [*((name, value) for name, value in asked.items() if value), *(("where", text) for text in where)]
    try:
        with urllib.request.urlopen(  # noqa: S310 - the address of our own service
            f"{url}/api/report?{urllib.parse.urlencode(query)}", timeout=TIMEOUT_SECONDS
        ) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 422:
            raise
        raise Refused(json.load(error)["detail"]) from error
    return found


def _show(found: dict[str, Any]) -> None:
    axes = found["asked"]["by"]
    table = Table(caption=f"complete up to {found['complete_up_to']}")
    for axis in axes:
        table.add_column(axis)
    for name in SHOWN:
        table.add_column(name.replace("_", " "), justify="right")
    for row in found["rows"]:
        table.add_row(*(row["values"][axis] or "—" for axis in axes), *_numbers(row["counts"]))
    if axes:
        table.add_section()
        table.add_row("total", *[""] * (len(axes) - 1), *_numbers(found["total"]))
    console.print(table)
    if found["exact_spreads"]:
        console.print(_times(axes, found["exact_spreads"]))


def _times(axes: Sequence[str], spreads: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(caption="hours from opening, to the second")
    for name in (*axes, "until"):
        table.add_column(name)
    for name in ("cases", "median", "p90", "below zero"):
        table.add_column(name, justify="right")
    for row in spreads:
        times = (f"{row['median_hours']:.3f}", f"{row['p90_hours']:.3f}")
        named = (row["values"][axis] or "—" for axis in axes)
        table.add_row(*named, row["clock"], str(row["cases"]), *times, str(row["below_zero"]))
    return table


def _numbers(counts: dict[str, int]) -> list[str]:
    return [f"{counts[name]:,}".replace(",", ".") for name in SHOWN]
