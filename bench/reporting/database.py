"""A database of the bench's own on the servers it was given, gone afterwards."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from ops.deploy import KIT, ROOT
from services.reporting.figures import Figures
from shared import municipality
from shared.database import connect_pool, migrate
from shared.messaging import Service
from shared.settings import Settings

SCHEMA: Final = "reporting"
NOBODY_LISTENS: Final = "amqp://guest:guest@127.0.0.1:9/nowhere"


def figures_of(settings: Settings, pool: asyncpg.Pool) -> Figures:
    """The figures over a pool; the service is never started and only lends it."""
    service = Service("bench", SCHEMA, settings)
    service.pool = pool
    return Figures(service, municipality.load(settings.ilkim_municipality))


@asynccontextmanager
async def a_database(server: str) -> AsyncIterator[tuple[asyncpg.Pool, Figures]]:
    """A new database with reporting's schema. DATABASE_URL names it, for processes started meanwhile."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        os.environ |= {"DATABASE_URL": f"{server.rsplit('/', 1)[0]}/{name}", "RABBITMQ_URL": NOBODY_LISTENS}
        settings = Settings()
        owner = await asyncpg.connect(settings.database_url.get_secret_value())
        await migrate(owner, SCHEMA, [KIT, ROOT / "services" / SCHEMA / "migrations"])
        await owner.close()
        pool = await connect_pool(settings, SCHEMA)
        yield pool, figures_of(settings, pool)
        await pool.close()
    finally:
        os.environ["DATABASE_URL"] = server
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()
