"""What the commands need of an installation: its folder, its routers, and the router's tables."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NoReturn, TypeVar

import asyncpg
import typer
from rich.console import Console

from ops import servers, supervisor
from ops.figures import addresses
from services.router import kept
from services.router.app import MODEL
from services.router.domain.versions import Files, Known, load_kept
from shared.municipality import MunicipalityError
from shared.settings import Settings

console = Console(highlight=False, soft_wrap=True)
FOLDER: Final[Path] = Settings.model_fields["ilkim_municipality"].default
T = TypeVar("T")


def folder_of_installation() -> Path:
    """The folder its routers read."""
    return Path(_setting("ILKIM_MUNICIPALITY") or FOLDER)


def model_of_installation() -> Path:
    """The text model its routers decide by."""
    return Path(_setting("ROUTER_MODEL") or MODEL)


def routers() -> list[str]:
    """The addresses of its router processes."""
    table = supervisor.read_table(servers.home())
    return [row.url for row in table if row.name == "router" or row.name.startswith("router-")]


def in_router(work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Run `work` on a connection that sees the router's tables."""

    async def connected() -> T:
        url = await asyncio.to_thread(lambda: addresses().database_url)
        connection = await asyncpg.connect(url, server_settings={"search_path": "router", "timezone": "UTC"})
        try:
            return await work(connection)
        except asyncpg.UndefinedTableError as error:
            refuse("this database has no tables yet: run `python -m ops.deploy`", error)
        finally:
            await connection.close()

    return asyncio.run(connected())


def _setting(name: str) -> str | None:
    """What its router was started with."""
    rows = [row.environment for row in supervisor.read_table(servers.home()) if row.name == "router"]
    return next((row[name] for row in rows if name in row), os.environ.get(name))


async def kept_files(connection: asyncpg.Connection, version: str | None = None) -> Files:
    """The files of a version that is kept; of the one that ran last unless it is named by its first letters."""
    if version is None:
        last = await kept.last_version(connection)
        if last is None:
            refuse("no version was kept yet: a router keeps its own when it starts (`ilkim up`)")
        return await kept.files_of(connection, last)
    found = [row.version for row in await kept.versions(connection, kept.VERSIONS_KEPT_MAX)]
    named = [name for name in found if name.startswith(version)]
    if len(named) != 1:
        refuse(f"{len(named)} versions that are kept begin with {version}; `ilkim rules versions` lists them")
    return await kept.files_of(connection, named[0])


@contextmanager
def known_by(files: Files) -> Iterator[Known]:
    """What the files of a kept version hold."""
    with TemporaryDirectory(prefix="ilkim-kept-") as work:
        try:
            known = load_kept(files, Path(work))
        except MunicipalityError as error:
            refuse("this program cannot read the version that ran last any more: name a folder with --against", error)
        yield known


def refuse(reason: str, cause: BaseException | None = None) -> NoReturn:
    """End the command with one line that says what to do."""
    console.print(reason, style="red", markup=False)
    raise typer.Exit(1) from cause


def show_mistakes(error: MunicipalityError) -> NoReturn:
    """Every mistake of a folder, one a line, and the end of the command."""
    for problem in error.problems:
        console.print(f"- {problem}", style="red", markup=False)
    console.print(f"{len(error.problems)} mistakes: this folder is not taken", markup=False)
    raise typer.Exit(1)
