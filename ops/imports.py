"""`ilkim import`: takes over the old years of a municipality, so that its figures start with its history."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ops import servers
from ops.importing.mapping import read_mapping
from ops.importing.publishing import ImportPublisher, NotTaken
from ops.importing.rows import Told
from ops.importing.taking import Taken, TakingOver
from ops.replaying.installation import NotRunning, find
from ops.spreadsheet import UnreadableFile
from shared.contracts import CaseImported
from shared.municipality import MunicipalityError

WORDS_SHOWN_MAX: Final = 15
console = Console(highlight=False, soft_wrap=True)
aside = Console(highlight=False, soft_wrap=True, stderr=True)


def import_cases(
    mapping: Annotated[Path, typer.Argument(help="TOML that says what its columns and words mean (docs/import.md)")],
    files: Annotated[list[Path], typer.Argument(help="CSV with a header, or .csv.gz; any delimiter and encoding")],
    as_of: Annotated[
        datetime | None, typer.Option(help="UTC, when the files stood so; without: when they were last changed")
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="folder for rows that do not fit; without: beside their file", file_okay=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would become of the rows")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Import closed and open cases of the system used before. Exit code 1 when rows were rejected."""
    if as_of and as_of.replace(tzinfo=UTC) > datetime.now(UTC):
        raise typer.BadParameter("lies ahead: no later table could ever replace this one", param_hint="--as-of")
    try:
        changed_at = datetime.fromtimestamp(int(mapping.stat().st_mtime) if mapping.exists() else 0, UTC)
        known = read_mapping(mapping)
        taking = TakingOver(known, changed_at, _nowhere, as_of and as_of.replace(tzinfo=UTC), rejected)
        taken = asyncio.run(_take(taking, files) if dry_run else _take_to_broker(taking, files))
    except MunicipalityError as error:
        _refuse("\n".join(map(str, error.problems)), error)
    except (NotRunning, UnreadableFile, NotTaken, OSError) as error:
        _refuse(str(error), error)
    if as_json:
        print(as_document(taken, taking.told))
    else:
        _show(taken, taking.told, dry_run)
    if not all(table.closes for table in taken) or any(table.rejected for table in taken):
        raise typer.Exit(1)


def as_document(taken: Sequence[Taken], told: Told) -> str:
    """What became of the rows, for machines."""
    tables = [{**asdict(table), "closes": table.closes} for table in taken]
    document: dict[str, Any] = {
        "files": tables,
        **{name: sum(getattr(table, name) for table in taken) for name in ("read", "imported", "rejected")},
        "closes": all(table.closes for table in taken),
        "strange": told.strange,
        "codes_made": told.made,
        "codes_made_of_several_words": told.shared(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, default=str)


async def _take_to_broker(taking: TakingOver, files: Sequence[Path]) -> list[Taken]:
    publisher = ImportPublisher(find(servers.home()).amqp_url)
    taking.publish = publisher.publish
    try:
        return await _take(taking, files)
    finally:
        await publisher.close()


async def _take(taking: TakingOver, files: Sequence[Path]) -> list[Taken]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with Progress(*columns, console=aside, refresh_per_second=4) as progress:
        task = progress.add_task("okunan satır · rows read", total=None)
        taking.tell_read = lambda rows: progress.update(task, completed=rows)
        return await taking.take(files)


async def _nowhere(cases: Sequence[CaseImported]) -> None:
    """Where the cases of a dry run go."""


def _show(taken: Sequence[Taken], told: Told, dry_run: bool) -> None:
    for table in taken:
        mark = "[green]✓[/green]" if table.closes else "[red]✗ rows were lost[/red]"
        sums = f"{table.read:,} read = {table.imported:,} imported + {table.rejected:,} rejected"
        console.print(f"{mark} {table.file}: {sums}, as of {table.as_of:%Y-%m-%d %H:%M:%S} UTC", markup=True)
        if table.rejected_file:
            console.print(f"  the rejected rows, each with its reason: {table.rejected_file}", markup=False)
    for what, count in told.strange.most_common():
        console.print(f"{count:,} cases: {what}")
    for name, words in told.made.items():
        named = ", ".join(f"{written!r} {code}" for written, code in list(words.items())[:WORDS_SHOWN_MAX])
        more = f" and {len(words) - WORDS_SHOWN_MAX} more" if len(words) > WORDS_SHOWN_MAX else ""
        console.print(f"{name}, not mapped and made into codes: {named}{more}", markup=False)
    for name, codes in told.shared().items():
        for code, several in codes.items():
            console.print(f"{name}: {', '.join(map(repr, several))} are all counted as {code}", markup=False)
    if dry_run:
        console.print("nothing was sent: this was a dry run")


def _refuse(trouble: str, error: Exception) -> None:
    aside.print("[red]not imported:[/red]", markup=True)
    aside.print(trouble, markup=False)
    raise typer.Exit(2) from error
