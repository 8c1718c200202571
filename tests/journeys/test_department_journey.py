"""A department with software of its own: the example program, with the rights of the guide, works a case to its end."""

import asyncio
import os
import secrets
import sqlite3
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.access import Management, give, of_owner, quoted
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import a_number

PROGRAM = Path(__file__).parent.parent.parent / "examples" / "department_consumer.py"
DEPARTMENT = "veteriner-isleri"


class Veterinary:
    """The example program of one department, with a work book of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.book = folder / "work.db"
        self._environment = os.environ | {"AMQP_URL": url, "DEPARTMENT": DEPARTMENT, "WORK_FILE": str(self.book)}

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, str(PROGRAM), "consume"], env=self._environment)

    async def says(self, *words: str) -> None:
        """One command of the program, as a clerk types it."""
        program = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), *words, env=self._environment)
        assert await program.wait() == 0

    async def number_of(self, about: str) -> str:
        """The tracking number of the work about this, once it is in the book."""

        async def look() -> str | None:
            rows = self._rows("SELECT number FROM assignment WHERE text LIKE ?", f"%{about}%")
            return str(rows[0][0]) if rows else None

        return str(await eventually(look, f"work about {about} in the book"))

    async def hears(self, kind: str, about: str) -> None:
        """News of this kind that says this."""

        async def look() -> bool:
            return bool(self._rows("SELECT 1 FROM news WHERE type = ? AND content LIKE ?", kind, f"%{about}%"))

        await eventually(look, f"{kind} about {about}")

    def _rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        if not self.book.exists():
            return []
        with sqlite3.connect(self.book) as book:
            return book.execute(query, values).fetchall()


@pytest.fixture
def veterinary(installation: Installation, tmp_path: Path) -> Iterator[Veterinary]:
    management_url = installation.environment.get("RABBITMQ_MANAGEMENT_URL") or os.environ.get(
        "RABBITMQ_MANAGEMENT_URL"
    )
    if not management_url:
        pytest.skip("the broker's management API of this installation is not told")
    management, user, password = Management(management_url), f"owner-{secrets.token_hex(6)}", secrets.token_hex(12)
    parts = urllib.parse.urlsplit(installation.environment["RABBITMQ_URL"])
    give(management, urllib.parse.unquote(parts.path[1:]), user, password, of_owner(DEPARTMENT))
    department = Veterinary(
        parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}").geturl(), tmp_path
    )
    program = department.start()
    yield department
    program.terminate()
    assert program.wait(timeout=20) == 0
    management.call("DELETE", f"users/{quoted(user)}")


async def test_a_department_with_its_own_program_asks_waits_and_closes(
    installation: Installation, veterinary: Veterinary
) -> None:
    citizen, mark = a_number(), secrets.token_hex(3)
    await installation.citizen_writes(citizen, f"Sokakta yaralı köpek var, veteriner gelsin {mark}")
    [receipt] = await installation.replies_to(citizen, 1)
    number = await veterinary.number_of(mark)
    assert number in receipt

    await veterinary.says("ask", number, "Köpek hangi kapı numarasının önünde?")
    texts = await installation.replies_to(citizen, 2)
    assert "Köpek hangi kapı numarasının önünde?" in texts[1]
    await installation.citizen_writes(citizen, f"On iki numaranın önünde {mark}")
    await veterinary.hears("citizen.added.v1", "On iki numaranın önünde")

    await veterinary.says("close", number, "Köpek alındı, tedavisi başladı.")
    *_, last = await installation.replies_to(citizen, 4)
    assert number in last and "Köpek alındı, tedavisi başladı." in last
