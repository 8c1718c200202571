"""`python -m bench.desk`: fills the desk with open items and measures whole answers of the list, filter by filter.

Servers named by DATABASE_URL are used, else private ones of this checkout. The broker is left away: lists need none.
"""

import argparse
import asyncio
import logging
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Final

import aiohttp
import asyncpg
import structlog
import uvicorn

from bench.desk import before
from bench.desk.filling import fill, owners_of
from ops import servers
from ops.deploy import KIT, ROOT
from services.desk.app import SCHEMA, desk
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers import Work, WorkList
from shared import municipality
from shared.database import migrate
from shared.messaging import Service
from shared.municipality import Municipality
from shared.settings import Settings

STATE: Final = servers.CHECKOUT / ".ilkim" / "bench-desk"
NOBODY_LISTENS: Final = "amqp://guest:guest@127.0.0.1:9/nowhere"
USER, PASSWORD, TOKEN = "clerk-1", "a password of the bench", "a token of the bench for programs that ask"
KEY: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
ASKS: Final = {
    "all, first page": "/",
    "one department": "/?owner={owner}",
    "mine": "/?whose=mine",
    "free": "/?whose=free",
    "late": "/?due=late",
    "due today": "/?due=today",
    "urgent": "/?urgent=1",
    "returned": "/?returned=1",
    "waiting for the citizen": "/?asked=1",
    "neighbourhood": "/?neighbourhood={neighbourhood}",
    "topic": "/?topic={topic}",
    "kind": "/?kind=tip",
    "a later page": "/?after={after}",
    "what changed": "/work-changes",
    "search, a rare word": "/search?q=gürültüsü+42",
    "search, a word everywhere": "/search?q=sokak",
}


def main() -> None:
    chosen = _arguments()
    addresses = servers.start(STATE)
    try:
        slowest = asyncio.run(_measure(addresses.database_url, chosen.items, chosen.rounds))
    finally:
        servers.discard(STATE)
    if chosen.milliseconds_max and slowest > chosen.milliseconds_max:
        sys.exit(f"the slowest p99 is {slowest:.0f} ms; at most {chosen.milliseconds_max} is allowed")


async def _measure(database_url: str, items: int, rounds: int) -> float:
    place = municipality.load(Settings.model_fields["ilkim_municipality"].default)
    async with _a_database(database_url) as url:
        connection = await asyncpg.connect(url)
        await migrate(connection, SCHEMA, [KIT, ROOT / "services" / SCHEMA / "migrations"])
        print(f"filling {items} open items", flush=True)
        await fill(connection, place, owners_of(place), items)
        await connection.execute(before.INDEX)
        await connection.execute("ANALYZE work_item")
        later = await connection.fetchval("SELECT assignment_id FROM work_item ORDER BY rank DESC, due_at LIMIT 1")
        await connection.close()
        service = _service(url)
        async with _serving(service) as address:
            await _read_for_the_search(service)
            named = {
                "owner": owners_of(place)[1],
                "neighbourhood": place.neighbourhoods[3].code,
                "topic": place.topics[5].code,
                "after": str(later),
            }
            slowest = await _print_answers(address, named, rounds)
            await _print_ratio(service, place, rounds)
    return slowest


async def _print_answers(address: str, named: dict[str, str], rounds: int) -> float:
    """The slowest p99. CPU is that of this process: the desk, and the little of who asks; neighbours do not count."""
    slowest = 0.0
    print(f"\n{'whole answer over HTTP, ms':<32}{'p50':>8}{'p99':>8}{'CPU':>8}{'kB':>8}")
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        for name, path in ASKS.items():
            took, worked, size = [], [], 0
            for at in range(rounds + 3):
                began, worked_before = time.perf_counter(), time.process_time()
                async with http.get(path.format(**named)) as reply:
                    size = len(await reply.read())
                    reply.raise_for_status()
                if at >= 3:  # the first ones warm up
                    took.append((time.perf_counter() - began) * 1000)
                    worked.append((time.process_time() - worked_before) * 1000)
            p99 = quantiles(took, n=100)[98]
            slowest = max(slowest, p99)
            print(f"{name:<32}{median(took):>8.1f}{p99:>8.1f}{median(worked):>8.1f}{size / 1000:>8.0f}", flush=True)
    return slowest


async def _print_ratio(service: Service, place: Municipality, rounds: int) -> None:
    """What the first page with its counts asks of the database, as it is and as it was, in turn."""
    listed, everybody = WorkList(Work(service, place)), Identity(USER, USER, None, frozenset(Permission))

    async def now() -> None:
        wanted = listed.wanted(everybody)
        await listed.page(wanted, 101)
        await listed.counts(wanted)
        await listed.open_counts(list(wanted.owners))

    async def then() -> None:
        await before.soonest(service.pool, listed.seen(everybody), 101)
        await before.loads(service.pool)

    rounds = max(5, rounds // 10)
    pairs = [(await _milliseconds(then), await _milliseconds(now)) for _ in range(rounds)]
    old, new = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    print("\nfirst page with its counts, in the database")
    print(f"{old:.1f} ms before, {new:.1f} ms now: {old / new:.1f} times")


async def _milliseconds(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def _read_for_the_search(service: Service) -> None:
    """Wait until the service has read every item for the search."""
    began = time.perf_counter()
    while await service.pool.fetchval("SELECT EXISTS (SELECT FROM work_item WHERE NOT is_indexed)"):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    print(f"read for the search in {time.perf_counter() - began:.0f} s", flush=True)
    await service.pool.execute("ANALYZE search_entry")


def _service(database_url: str) -> Service:
    os.environ |= {
        "RABBITMQ_URL": NOBODY_LISTENS,
        "DATABASE_URL": database_url,
        "ILKIM_VAULT_KEY": KEY,
        "ILKIM_BLIND_INDEX_KEY": KEY,
        "ILKIM_INSIDE_KEY": KEY,
        "ILKIM_OBJECT_KEY": KEY,
        "ILKIM_OBJECTS": str(STATE / "objects"),
        "DESK_USER": USER,
        "DESK_PASSWORD": PASSWORD,
        "DESK_TOKEN": TOKEN,
    }
    # That the broker is away is known.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.ERROR)
    return desk()


@asynccontextmanager
async def _serving(service: Service) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(service.web, host="127.0.0.1", port=0, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            raise RuntimeError("the desk did not start")
        await asyncio.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def _a_database(url: str) -> AsyncIterator[str]:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield f"{url.rsplit('/', 1)[0]}/{name}"
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100, help="answers measured for each question")
    parser.add_argument("--milliseconds-max", type=float, help="exit 1 when a p99 is above this")
    return parser.parse_args()


if __name__ == "__main__":
    main()
