"""Two sides of the same rows beside each other: every row that differs, in constant memory, whatever there is of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import asyncpg

from services.reporting.domain.differences import Check, Difference
from services.reporting.domain.rollups import AXES, Grain
from services.reporting.proof.scratch import LIVE
from services.reporting.store import DERIVED
from shared.database import Connection

# Told by events row by row; the other tables count, and a row that counts nothing is as good as none.
TOLD: Final = frozenset({"case_fact", "case_closing", "survey_answer"})
# On its way into the sums: what waits differs, what it adds up to does not.
UNDER_WAY: Final = "case_move"
PREFETCH_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Beside:
    """Two queries whose rows with the same `keys` must have the same `values`; `table` is where the found ones stand.

    `join` LEFT: what is found beyond the expected rows is right too; RIGHT: what is not found is. The queries may
    have a column `changed_at`, by which what is still under way is left out.
    """

    check: Check
    table: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    expected: str
    found: str
    join: Literal["FULL", "LEFT", "RIGHT"] = "FULL"
    changed: str = "NULL::timestamptz"  # e.g. `expected.changed_at`

    @property
    def statement(self) -> str:
        """SQL; its one parameter is the time since when changes are under way, NULL: none is."""
        shown = [f'{side}."{name}" AS "{side}_{name}"' for name in self.values for side in ("expected", "found")]
        odd, missing = (f'{side}."{self.keys[0]}" IS NULL' for side in ("expected", "found"))
        rows = [", ".join(("0", *(f'{side}."{name}"' for name in self.values))) for side in ("expected", "found")]
        return f"""
            SELECT {", ".join((*self.keys, *shown))}, {odd} AS is_odd, {missing} AS is_missing
            FROM ({self.expected}) AS expected
            {self.join} JOIN ({self.found}) AS found USING ({", ".join(self.keys)})
            WHERE (({odd}) <> ({missing}) OR ROW({rows[0]}) IS DISTINCT FROM ROW({rows[1]}))
                  AND ($1::timestamptz IS NULL OR coalesce({self.changed} < $1, true))
            """  # noqa: S608 - queries of our own


async def differences(connection: Connection, beside: Beside, settled_before: Any = None) -> AsyncIterator[Difference]:
    """The rows that differ; within a transaction, for a cursor reads them."""
    async for row in connection.cursor(beside.statement, settled_before, prefetch=PREFETCH_ROWS):
        yield _difference(beside, row)


async def derived_beside(connection: Connection, made: str) -> list[Beside]:
    """The live tables beside those of the schema `made`."""
    found = []
    for table in DERIVED:
        if table == UNDER_WAY:
            continue
        keys, values = await _columns(connection, made, table)
        counting = " OR ".join(f""""{name}"::text NOT IN ('0', '{{}}')""" for name in values)  # numbers, and lists
        where = "" if table in TOLD else f" WHERE {counting}"
        live, again = (f'SELECT * FROM "{schema}"."{table}"{where}' for schema in (LIVE, made))  # noqa: S608
        found.append(Beside(Check.FOLD, f"{LIVE}.{table}", keys, values, expected=again, found=live))
    return found


async def _columns(connection: Connection, schema: str, table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of the primary key, and the others."""
    rows = await connection.fetch(
        """
        SELECT attribute.attname AS name, attribute.attnum = ANY(index.indkey) AS is_key
        FROM pg_index AS index
        JOIN pg_attribute AS attribute ON attribute.attrelid = index.indrelid
        WHERE index.indrelid = format('%I.%I', $1::text, $2::text)::regclass AND index.indisprimary
              AND attribute.attnum > 0 AND NOT attribute.attisdropped
        ORDER BY attribute.attnum
        """,
        schema,
        table,
    )
    return tuple(row["name"] for row in rows if row["is_key"]), tuple(row["name"] for row in rows if not row["is_key"])


def _difference(beside: Beside, row: asyncpg.Record) -> Difference:
    shown = [name for name in beside.values if row[f"expected_{name}"] != row[f"found_{name}"]]
    is_whole = row["is_odd"] or row["is_missing"]
    expected, found = (
        {name: row[f"{side}_{name}"] for name in (beside.values if is_whole else shown)}
        for side in ("expected", "found")
    )
    return Difference(
        beside.check,
        beside.table,
        _named({key: row[key] for key in beside.keys}),
        None if row["is_odd"] else expected,
        None if row["is_missing"] else found,
    )


def _named(key: dict[str, Any]) -> dict[str, Any]:
    """The key of a sum by the names of its axes, others as they are."""
    if "axes" not in key:
        return key
    axes = [axis for place, axis in enumerate(AXES) if key["axes"] >> place & 1]
    values = dict(zip(axes, (key["a"], key["b"]), strict=False))
    others = {name: value for name, value in key.items() if name not in ("axes", "a", "b", "grain")}
    return {"of": Grain(key["grain"]).name.lower(), **others, **values}
