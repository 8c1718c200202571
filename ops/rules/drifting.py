"""`ilkim rules drift`: whether what people write lately still resembles what the text model was measured on."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import asyncpg
import typer
from rich.table import Table

from ops.rules.installation import console, in_router, kept_files, known_by, refuse
from services.router.domain.drift import Drift, Level
from services.router.drifting import WEEKS, find_drift


def drift(
    weeks: Annotated[int, typer.Option(min=1, max=520, help="cases opened so far back")] = WEEKS,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Compare confidence, owners and unknown words of late with the model's own. Exit code 1 when they drifted."""
    found = in_router(lambda db: _find(db, weeks))
    if found is None:
        refuse("the model that runs has no profile to compare with: train it again with `ilkim train`")
    if as_json:
        print(json.dumps(_as_json(found), indent=1))
    else:
        _show(found, weeks)
    if found.level is Level.DRIFTED:
        raise typer.Exit(1)


async def _find(connection: asyncpg.Connection, weeks: int) -> Drift | None:
    """By the version that runs."""
    with known_by(await kept_files(connection)) as known:
        return await find_drift(connection, known.knowledge, datetime.now(UTC) - timedelta(weeks=weeks))


def _as_json(found: Drift) -> dict[str, object]:
    return {
        "texts": found.texts,
        "level": found.level,
        "axes": [
            {
                "axis": axis.axis,
                "index": round(axis.index, 4),
                "level": axis.level,
                "moved": [{"bin": name, "then": then, "now": now} for name, then, now in axis.moved],
            }
            for axis in found.axes
        ],
    }


def _show(found: Drift, weeks: int) -> None:
    table = Table("axis", "index", "level", "moved most", box=None, pad_edge=False)
    for axis in found.axes:
        moved = ", ".join(f"{name} {then:.0%} → {now:.0%}" for name, then, now in axis.moved)
        table.add_row(axis.axis.value, f"{axis.index:.3f}", axis.level.value, moved)
    console.print(table)
    console.print(f"{found.texts} cases of {weeks} weeks: {found.level.value}")
