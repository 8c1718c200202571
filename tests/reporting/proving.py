"""Rebuilds and proofs as the service and the command make them, and faults planted where nobody would look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

import asyncpg

from services.reporting.counting import count
from services.reporting.domain.differences import Difference
from services.reporting.proof.comparing import derived_beside
from services.reporting.proof.proving import More, Prover
from services.reporting.proof.scratch import LIVE, Fold
from services.reporting.store.rolling import roll
from shared import municipality
from shared.settings import Settings
from tests.harness import System
from tests.reporting.filling import ISTANBUL

PLACE: Final = municipality.load(Settings.model_fields["ilkim_municipality"].default)
FOLD: Final[Fold] = partial(count, zone=ISTANBUL)


async def proven(system: System, *more: More, settled_before: datetime | None = None) -> list[Difference]:
    """Every difference; nothing is under way unless told."""
    found: list[Difference] = []
    await Prover(system.database_url, FOLD, PLACE, more).prove(found.append, settled_before)
    return found


@asynccontextmanager
async def behind_the_log(system: System) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may rewrite the log."""
    connection = await asyncpg.connect(system.database_url, server_settings={"search_path": system.schema})
    try:
        await connection.execute("SET session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


async def roll_up(system: System) -> None:
    """What the roller of a running service does."""
    while await roll(system.pool):
        pass


async def tables(system: System) -> dict[str, list[str]]:
    """Everything derived, rolled up, row by row; cells that count nothing are left out."""
    await roll_up(system)
    async with system.pool.acquire() as connection:
        return {
            beside.table: sorted(str(dict(row)) for row in await connection.fetch(beside.found))
            for beside in await derived_beside(connection, LIVE)
        }
