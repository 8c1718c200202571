"""A whole installation for the journeys: every process runs, on a database and a vhost of its own."""

import asyncio
import json
import os
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aio_pika
import aiohttp
import asyncpg
import pytest

from ops import stack, supervisor
from ops.servers import Addresses
from shared.settings import Settings
from tests.servers import Management, in_a_new_loop, with_path

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Installation:
    """Where everything answers, and the means to act as the people around it."""

    state: Path | None
    urls: dict[str, str]
    environment: dict[str, str]
    http: aiohttp.ClientSession

    async def citizen_writes(self, number: str, text: str, **more: Any) -> None:
        """Through the simulator: a signed, real-shaped webhook at the edge."""
        message = {"from": number, "name": "Deneme Vatandaş", "text": text, **more}
        async with self.http.post(f"{self.urls['whatsapp']}/_simulator/citizens/messages", json=message) as answer:
            assert answer.status == 200, await answer.text()
            assert (await answer.json())["webhook_status"] == 200

    async def replies_to(self, number: str, count: int) -> list[str]:
        """The texts this citizen was sent, once there are `count` of them."""

        async def read() -> list[str] | None:
            found = await self.json(f"{self.urls['whatsapp']}/_simulator/messages", to=number)
            texts = [message["text"] for message in found["messages"]]
            return texts if len(texts) >= count else None

        return await eventually(read, f"{count} replies to the citizen")

    async def json(self, url: str, **query: str) -> Any:
        async with self.http.get(url, params=query) as answer:
            assert answer.status < 300, f"{answer.status} {await answer.text()}"
            return await answer.json()

    def must_be_awake(self) -> None:
        """Skip where nobody knows whether it is night there: an outcome by SMS waits for the morning."""
        if self.state is None:
            pytest.skip("the quiet hours of this installation are its own")

    def database_url(self) -> str:
        """Skip where the database of the installation is not told."""
        if "DATABASE_URL" not in self.environment:
            pytest.skip("the database of this installation is not told")
        return self.environment["DATABASE_URL"]

    def pid(self, process: str) -> int:
        if self.state is None:
            pytest.skip("the processes of this installation are not ours to kill")
        pid = supervisor.records(self.state)[process].pid
        assert pid is not None
        return pid


async def eventually(question: Any, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """The first answer that is not None or False, asked again and again."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                answer = await question()
                if answer is not None and answer is not False:
                    return answer
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"in vain: {what}")


@dataclass(frozen=True)
class Where:
    """An installation that runs; `state` None: somebody else's."""

    state: Path | None
    urls: dict[str, str]
    environment: dict[str, str]


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Where]:
    """The installation whose addresses stand in ILKIM_URLS (JSON: edge, whatsapp, reporting, desk), or one of our own.

    For one that runs already, RABBITMQ_URL and DESK_TOKEN are needed too.
    """
    if "ILKIM_URLS" in os.environ:
        yield Where(None, json.loads(os.environ["ILKIM_URLS"]), dict(os.environ))
    else:
        yield from _of_our_own(
            request.getfixturevalue("servers"),
            request.getfixturevalue("management"),
            request.getfixturevalue("own_state") / "journeys",
        )


def _of_our_own(servers: Addresses, management: Management, state: Path) -> Iterator[Where]:
    """All processes, from the first journey to the end of the session."""
    name = f"journeys_{uuid.uuid4().hex[:8]}"
    state.mkdir(parents=True, exist_ok=True)
    in_a_new_loop(_create_database(servers.database_url, name))
    management.create_vhost(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RABBITMQ_URL", with_path(servers.amqp_url, name))
        patch.setenv("RABBITMQ_MANAGEMENT_URL", str(servers.management_url))
        patch.setenv("DATABASE_URL", with_path(servers.database_url, name))
        patch.setenv("NOTIFIER_UNKNOWN_WAIT_SECONDS", "2")
        patch.setenv("ILKIM_GATHER_SECONDS", "1")
        patch.setenv("ILKIM_MUNICIPALITY", str(awake(state / "municipality")))
        table = stack.up(state, say=lambda _: None)
    try:
        yield Where(state, {process.name: process.url for process in table}, dict(table[0].environment))
    finally:
        stack.down(state)


def awake(folder: Path) -> Path:
    """İlkadım as it is, but for its quiet hours: a minute of them, at the other end of the day."""
    shutil.copytree(Settings.model_fields["ilkim_municipality"].default, folder, dirs_exist_ok=True)
    begin = datetime.now(ZoneInfo("Europe/Istanbul")) + timedelta(hours=12)
    data = folder / "delivery.toml"
    told, changes = re.subn(
        r"^start = .*\nend = .*$",
        f"start = {begin:%H:%M}:00\nend = {begin + timedelta(minutes=1):%H:%M}:00",
        data.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert changes == 1
    data.write_text(told, encoding="utf-8")
    return folder


@pytest.fixture
async def installation(running: Where) -> AsyncIterator[Installation]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
        yield Installation(running.state, running.urls, running.environment, http)


@pytest.fixture
async def broker(installation: Installation) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    """A bare client, as a department's or a channel's own program would be."""
    connection = await aio_pika.connect(installation.environment["RABBITMQ_URL"])
    async with connection:
        yield await connection.channel(publisher_confirms=True, on_return_raises=True)


async def _create_database(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
