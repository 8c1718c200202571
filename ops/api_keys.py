"""Commands that give, list and end the API keys of programs that write for citizens."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from ops.figures import addresses
from services.intake.callers import Scope, new_key, store
from shared.ids import new_id

console = Console(highlight=False, soft_wrap=True)
commands = typer.Typer(no_args_is_help=True, help="API keys of apps and programs: create, list, revoke.")
T = TypeVar("T")


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="whose key it is, e.g. samsun-mobil; each name once")],
    scope: Annotated[list[Scope] | None, typer.Option(help="what it is good for; both when left out")] = None,
    per_minute: Annotated[int, typer.Option(min=1, max=100_000, help="requests a minute, per edge process")] = 120,
    days: Annotated[int | None, typer.Option(min=1, help="ends after so many days; never when left out")] = None,
) -> None:
    """Make a key and print it: the only time it is seen, so keep it where the program finds it."""
    key = new_key()
    digest = hashlib.sha256(key.encode()).digest()
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    try:
        _in_intake(lambda db: store.add_key(db, new_id(), name, digest, scope or list(Scope), per_minute, ends))
    except asyncpg.UniqueViolationError as error:
        console.print(f"[red]there is a key called {name}[/red]; take another name", markup=True)
        raise typer.Exit(1) from error
    print(key)


@commands.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False) -> None:
    """Show whose keys there are, what for and how long; never the keys themselves."""
    keys = _in_intake(store.list_keys)
    if as_json:
        print(json.dumps([{**key, "scopes": sorted(key["scopes"])} for key in keys], default=str, indent=1))
        return
    table = Table("name", "good for", "a minute", "since", "until", box=None, pad_edge=False)
    for key in keys:
        ends = f"revoked {key['revoked_at']:%Y-%m-%d}" if key["revoked_at"] else _day(key["expires_at"])
        table.add_row(
            key["name"],
            ", ".join(sorted(key["scopes"])),
            str(key["requests_per_minute"]),
            _day(key["created_at"]),
            ends,
        )
    console.print(table)


@commands.command()
def revoke(name: Annotated[str, typer.Argument(help="as `list` shows it")]) -> None:
    """End a key for good; the edges know within ten seconds. Exit code 1 when no good key has that name."""
    if not _in_intake(lambda db: store.revoke_key(db, name)):
        console.print(f"[red]no good key is called {name}[/red]", markup=True)
        raise typer.Exit(1)
    console.print(f"revoked: {name}")


def _in_intake(work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    async def connected() -> T:
        connection = await asyncpg.connect(addresses().database_url, server_settings={"search_path": "intake"})
        try:
            return await work(connection)
        except asyncpg.UndefinedTableError as error:
            console.print("[red]this database has no tables yet[/red]: run `python -m ops.deploy`", markup=True)
            raise typer.Exit(1) from error
        finally:
            await connection.close()

    return asyncio.run(connected())


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
