"""Exports over HTTP from a real database: every format holds every case, and what cannot be had is refused in words."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from ops import export as command
from ops.cli import app
from ops.servers import Addresses
from services.reporting import export_web
from services.reporting.app import reporting
from tests.harness import System, built, serving
from tests.reporting.filling import fill, lives

LIVES = 60


@pytest.fixture
async def client(system: System) -> AsyncIterator[aiohttp.ClientSession]:
    await fill(system, lives(LIVES))
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as session:
        yield session


def rows_of(body: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=separator))


async def test_csv_holds_every_case_once_in_order(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/export.csv") as answer:
        assert answer.headers["X-Rows-Counted"] == str(LIVES)
        assert "Content-Length" not in answer.headers
        rows = rows_of(await answer.read())

    assert len({row["number"] for row in rows}) == len(rows) == LIVES
    assert [row["opened_at"] for row in rows] == sorted(row["opened_at"] for row in rows)


async def test_a_chosen_part_and_counts_by_axes_agree(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/export.csv", params={"by": "owner,state", "ayrac": ";"}) as answer:
        counts = rows_of(await answer.read(), ";")
    async with client.get("/api/export.csv", params={"where": "owner=zabita"}) as answer:
        chosen = rows_of(await answer.read())

    assert sum(int(row["cases"]) for row in counts) == LIVES
    assert len(chosen) == sum(int(row["cases"]) for row in counts if row["owner"] == "zabita") > 0


async def test_files_of_every_format_come_with_their_type(client: aiohttp.ClientSession) -> None:
    starts = {"xlsx": b"PK", "parquet": b"PAR1", "pdf": b"%PDF"}
    for form, start in starts.items():
        async with client.get(f"/api/export.{form}") as answer:
            body = await answer.read()
            assert (answer.status, body[: len(start)]) == (200, start), form
            assert answer.headers["Content-Disposition"] == f'attachment; filename="ilkim.{form}"'
        if form == "parquet":
            assert pq.read_table(io.BytesIO(body)).num_rows == LIVES


async def test_what_cannot_be_had_is_refused_in_words(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_web, "FILE_ROWS_MAX", LIVES - 1)
    for path, status, words in (
        ("/api/export.csv?by=nothing", 422, "no axis is called"),
        ("/api/export.doc", 422, "xlsx"),
        ("/api/export.xlsx", 413, "`ilkim export`"),
    ):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (status, "application/problem+json"), path
            assert words in (await answer.json())["detail"]


def test_the_command_writes_the_same_file(
    system_filled: System, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        command, "addresses", lambda: Addresses(system_filled.amqp_url, None, system_filled.database_url)
    )
    file = tmp_path_factory.mktemp("export") / "cases.csv"
    done = CliRunner().invoke(app, ["export", "--format", "csv", "--output", str(file), "--where", "owner=zabita"])

    assert done.exit_code == 0, done.output
    rows = rows_of(file.read_bytes())
    assert {row["owner"] for row in rows} == {"zabita"}
    assert [path.name for path in file.parent.iterdir()] == ["cases.csv"]


def test_the_command_says_what_cannot_be_written(
    system_filled: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        command, "addresses", lambda: Addresses(system_filled.amqp_url, None, system_filled.database_url)
    )
    for words, *asked in (
        ("no axis is called", "--by", "nothing", "--output", str(tmp_path / "x.csv")),
        ("No such file or directory", "--output", str(tmp_path / "nowhere" / "x.csv")),
        ("isoformat", "--from", "yesterday", "--output", str(tmp_path / "x.csv")),
    ):
        done = CliRunner().invoke(app, ["export", "--format", "csv", *asked])
        assert done.exit_code == 2, words
        assert words in done.output
    assert not list(tmp_path.iterdir())


@pytest.fixture
async def system_filled(system: System) -> System:
    await fill(system, lives(LIVES))
    return system
