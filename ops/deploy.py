"""The deploy step: migrates the database and declares the broker's topology; the only one with the right to."""

import asyncio
import os
import sys
from pathlib import Path

import aio_pika
import asyncpg

from shared import municipality
from shared.database import migrate
from shared.messaging import topology
from shared.settings import Settings, read

ROOT = Path(__file__).parent.parent
KIT = ROOT / "shared" / "messaging" / "migrations"
SCHEMAS = ("intake", "router", "notifier", "reporting", "desk", "handover")


async def deploy(settings: Settings) -> None:
    """Safe to run again and while services run."""
    owners = owner_codes(settings.ilkim_municipality)
    await asyncio.gather(
        migrate_all(settings.database_url.get_secret_value()),
        declare_all(settings.rabbitmq_url.get_secret_value(), owners),
    )


def owner_codes(folder: Path) -> list[str]:
    """Everybody who has a queue: departments, institutions and the solution centre."""
    place = municipality.load(folder)
    return [owner.code for owner in (*place.departments, *place.institutions)]


async def migrate_all(database_url: str) -> None:
    """Bring every service's schema up to date."""
    connection = await asyncpg.connect(database_url)
    try:
        for schema in SCHEMAS:
            for name in await migrate(connection, schema, [KIT, ROOT / "services" / schema / "migrations"]):
                sys.stdout.write(f"migrated {schema}: {name}\n")
    finally:
        await connection.close()


async def declare_all(amqp_url: str, owners: list[str]) -> None:
    """Declare exchanges and queues."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        count = await topology.declare(channel, owners)
    sys.stdout.write(f"declared {count} queues\n")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    asyncio.run(deploy(read(Settings)))
