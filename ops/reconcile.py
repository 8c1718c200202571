"""`ilkim reconcile`: proves that every sum closes, and says exactly which rows differ where one does not."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from ops import ledger
from ops.figures import addresses
from ops.owners import owners
from ops.rebuild import MUNICIPALITY
from ops.servers import Addresses
from services.reporting.counting import count
from services.reporting.domain.differences import Check, Difference
from services.reporting.proof.proving import Prover, Tally
from services.reporting.proof.scratch import NotDeployed, UnderWay
from shared import municipality
from shared.municipality import Municipality

# While messages are under way, what changed within this time may not have come everywhere yet.
UNDER_WAY_SECONDS: Final = 60
SAYS: Final = {
    Check.RECEIVED: "received = closed by outcome + open by state",
    Check.AXES: "every axis sums to the same total",
    Check.RECOUNT: "figures as shown = their cases counted again",
    Check.LOG: "the log is whole",
    Check.FOLD: "facts and counts = the log folded again",
    Check.OWNERS: "counted = held by the services that own it",
}


def reconcile(
    folder: Annotated[Path, typer.Option(envvar="ILKIM_MUNICIPALITY")] = MUNICIPALITY,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Prove that every sum closes; name each row that differs. Exit code 1: one does not close; 2: not proven."""
    teller = JsonTeller() if as_json else Teller()
    try:
        does_close = asyncio.run(prove(addresses(), municipality.load(folder), teller))
    except (UnderWay, NotDeployed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if not does_close:
        raise typer.Exit(1)


async def prove(addresses: Addresses, place: Municipality, teller: "Teller") -> bool:
    """Whether every sum closes; `teller` is told of each row that differs as it is found. Raises UnderWay, NotDeployed.

    In constant memory, and while services work: what changes from now on is left out, and what changed within the last
    minute too unless nothing is under way.
    """
    began, tally = time.monotonic(), Tally()

    def tell(difference: Difference) -> None:
        tally.add(difference)
        teller.tell(difference)

    is_at_rest, settled_before = await ledger.rest(addresses)
    if not is_at_rest:
        settled_before -= timedelta(seconds=UNDER_WAY_SECONDS)
    fold = partial(count, zone=place.zone)
    prover = Prover(addresses.database_url, fold, place, [owners(place.zone.key)])
    events = await prover.prove(tell, settled_before)
    teller.end(Proven(not tally.differences, is_at_rest, events, time.monotonic() - began, tally.by_check))
    return not tally.differences


@dataclass(frozen=True, slots=True)
class Proven:
    """What came out. `at_rest`: nothing was under way when it began, so that all until then was compared."""

    closes: bool
    at_rest: bool
    events: int
    seconds: float
    differences: Mapping[Check, int]


class Teller:
    """A line a difference, and what came out of each check at the end."""

    def tell(self, difference: Difference) -> None:
        """Print one."""
        told = difference.as_json()
        row = " ".join(f"{name}={value}" for name, value in told["row"].items())
        print(f"{told['check']}: {told['table']} {row}: expected {told['expected']}, found {told['found']}")

    def end(self, proven: Proven) -> None:
        """Print what came out."""
        for check, rows in proven.differences.items():
            print(f"{'closes' if not rows else f'{rows} rows differ':>15}  {SAYS[check]}")
        left_out = "" if proven.at_rest else f"; what changed within {UNDER_WAY_SECONDS} s is left out"
        print(f"proven from {proven.events} events in {proven.seconds:.1f} s{left_out}")


class JsonTeller(Teller):
    """One JSON document, written as the differences are found: however many, none is kept."""

    _opening = '{"differences": ['

    def tell(self, difference: Difference) -> None:
        print(self._opening + json.dumps(difference.as_json(), ensure_ascii=False))
        self._opening = ","

    def end(self, proven: Proven) -> None:
        told = asdict(proven) | {"by_check": proven.differences}
        del told["differences"]
        print(("" if self._opening == "," else self._opening) + "], " + json.dumps(told)[1:])
