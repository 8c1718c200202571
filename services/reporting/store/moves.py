"""Moves of cases in the figures: appended by whoever counts, taken by the one who rolls them up."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from services.reporting.domain.asking import Counts
from services.reporting.domain.facts import Cell, Standing
from shared.database import Connection

MEASURES: Final = tuple(field.name for field in fields(Counts))
_TYPES: Final = {"day": "date", "hour": "int"}
_COLUMNS: Final = {
    **{axis: _TYPES.get(axis, "text") for axis in Cell._fields},
    **dict.fromkeys((*MEASURES, "answer_bin", "closing_bin"), "int"),
}


async def add_moves(connection: Connection, moves: Mapping[Standing, int]) -> None:
    """Append how the figures change; no row is ever waited for, however many replicas append."""
    if not moves:
        return
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_COLUMNS.values(), start=1))
    rows = [
        (*standing.cell, *(count * getattr(standing.counts, name) for name in MEASURES), *standing[2:])
        for standing, count in moves.items()
    ]
    await connection.execute(
        f"INSERT INTO case_move ({', '.join(_COLUMNS)}) SELECT * FROM unnest({arrays})",  # noqa: S608
        *map(list, zip(*rows, strict=True)),
    )


async def take_back(connection: Connection, schema: str) -> None:
    """Append the opposite of every move that waits in another schema, so that sums here become what they are there."""
    opposite = {name: f"-{name}" for name in MEASURES}
    await connection.execute(
        f"""
        INSERT INTO case_move ({", ".join(_COLUMNS)})
        SELECT {", ".join(opposite.get(name, name) for name in _COLUMNS)} FROM "{schema}".case_move
        """  # noqa: S608 - names of our own
    )
