"""Old years, whole: the command reads a table, the running system counts it, and its own books stay as they were."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ops.deploy import ROOT
from ops.ledger import Ledger, draw_up
from ops.servers import Addresses
from tests.journeys.conftest import Installation, eventually
from tests.test_imports import MAPPING, ROW, a_table

CASES = 450


async def import_(installation: Installation, *arguments: str) -> tuple[int, dict[str, Any]]:
    """What `ilkim import` answers, and its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops.cli", "import", *arguments, "--json"),
        cwd=ROOT,
        env=os.environ | {"ILKIM_STATE": str(installation.state)},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, json.loads(printed)


async def books(installation: Installation, servers: Addresses) -> Ledger:
    broker = installation.environment["RABBITMQ_URL"]
    return await draw_up(Addresses(broker, servers.management_url, installation.database_url()))


def breaches_of_counts(ledger: Ledger) -> Sequence[str]:
    return [breach.name for breach in ledger.breaches if "report" in breach.name or "count" in breach.name]


async def test_old_years_come_into_the_figures_and_the_books_stay_as_they_were(
    installation: Installation, servers: Addresses, tmp_path: Path
) -> None:
    if installation.state is None:
        pytest.skip("the import reads an installation's own state folder")
    source = f"records-{uuid.uuid4().hex[:8]}"
    (tmp_path / "records.toml").write_text(MAPPING.replace('"records"', f'"{source}"'), encoding="utf-8")
    rows = [ROW | {"No": str(number)} for number in range(CASES)]
    table = a_table(tmp_path / "old.csv", [*rows, ROW | {"Durum": "?"}])
    before = await books(installation, servers)

    code, told = await import_(installation, str(tmp_path / "records.toml"), str(table))
    assert (code, told["read"], told["imported"], told["rejected"]) == (1, CASES + 1, CASES, 1)

    async def are_counted() -> bool:
        found = await installation.json(f"{installation.urls['reporting']}/api/report", where=f"source={source}")
        return bool(found["total"]["cases"] == CASES)

    await eventually(are_counted, "the old cases in the figures")
    after = await books(installation, servers)
    assert after.counts["imported_cases"] == before.counts["imported_cases"] + CASES
    assert after.counts["counted_cases"] == before.counts["counted_cases"]
    assert breaches_of_counts(after) == breaches_of_counts(before) == []
