"""`ilkim rebuild`: makes all figures again from the event log while the present ones serve."""

import asyncio
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer

from ops.figures import addresses
from services.reporting.counting import count
from services.reporting.proof import rebuilding
from services.reporting.proof.scratch import NotDeployed, UnderWay
from shared import municipality
from shared.settings import Settings

MUNICIPALITY: Final[Path] = Settings.model_fields["ilkim_municipality"].default


def rebuild(
    folder: Annotated[Path, typer.Option(envvar="ILKIM_MUNICIPALITY")] = MUNICIPALITY,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Make every figure again from the event log, then swap; services go on meanwhile. Exit code 1: not now."""
    fold = partial(count, zone=municipality.load(folder).zone)
    try:
        rebuilt = asyncio.run(rebuilding.rebuild(addresses().database_url, fold))
    except (UnderWay, NotDeployed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except asyncpg.LockNotAvailableError as error:
        typer.echo("somebody reads the figures at length, e.g. an export: nothing was changed, run it again", err=True)
        raise typer.Exit(1) from error
    if as_json:
        print(json.dumps(asdict(rebuilt)))
    else:
        print(
            f"{rebuilt.events} events folded again in {rebuilt.seconds:.1f} s; swapped in {rebuilt.swap_seconds:.2f} s"
        )
