"""`ilkim rules check`, `apply` and `versions`: a municipality's folder on its way to the routers."""

import difflib
import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.error import HTTPError

import typer
from rich.table import Table

from ops.rules.installation import (
    console,
    folder_of_installation,
    in_router,
    kept_files,
    model_of_installation,
    refuse,
    routers,
)
from ops.rules.installation import show_mistakes as show
from services.router import kept
from services.router.domain.versions import SUFFIXES, Files, Known, load_known, version_of
from shared.municipality import MunicipalityError

POLL_SECONDS: Final = 0.5
LINES_SHOWN_MAX: Final = 400
LETTERS_SHOWN: Final = 200
As_json = Annotated[bool, typer.Option("--json", help="for programs")]


def check(
    folder: Annotated[Path | None, typer.Argument(help="without: the installation's own folder")] = None,
) -> None:
    """Say whether a folder is sound; every mistake with its file, line and remedy. Exit code 1 when it is not."""
    known = _sound(folder or folder_of_installation())
    console.print(f"sound: {len(known.place.rules)} rules, {len(known.place.topics)} topics, version {known.version}")


def apply(
    folder: Annotated[Path | None, typer.Argument(help="its files are put into the installation's folder")] = None,
    wait_seconds: Annotated[float, typer.Option(min=0, help="how long the routers are waited for")] = 30.0,
) -> None:
    """Check a folder, put its files into the installation's, and wait until every router decides by them.

    Exit code 1 when it has mistakes, or a router refuses it: then what ran before runs on.
    """
    installed = folder_of_installation()
    source = folder or installed
    known = _sound(source)
    if source.resolve() != installed.resolve():
        _install(source, installed)
        known = _sound(installed)
    waiting = routers()
    if not waiting:
        console.print(f"version {known.version} lies in {installed}; no router runs here to take it")
        return
    until = time.monotonic() + wait_seconds
    for url in waiting:
        _wait_for(url, known.version, until)
    console.print(f"{len(waiting)} routers decide by version {known.version}")


def versions(
    first: Annotated[str | None, typer.Argument(help="a version: its beginning is enough")] = None,
    second: Annotated[str | None, typer.Argument(help="another; without: the folder of the installation")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_json: As_json = False,
) -> None:
    """List the versions routers decided by, the latest first; with one or two named, show what differs."""
    if first is not None:
        old = in_router(lambda db: kept_files(db, first))
        new = in_router(lambda db: kept_files(db, second)) if second else _sound(folder_of_installation()).files
        _show_difference(old, new)
        return
    rows = in_router(lambda db: kept.versions(db, limit))
    if as_json:
        print(json.dumps([_row(row) for row in rows], indent=1))
        return
    table = Table("version", "decided by since", "last loaded by", "files", "changed", box=None, pad_edge=False)
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        changed = "" if before is None else ", ".join(_changed(before.files, row.files))
        since = f"{row.loaded_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        table.add_row(row.version, since, row.loaded_by, str(len(row.files)), changed[:LETTERS_SHOWN])
    console.print(table)


def _sound(folder: Path) -> Known:
    """What a folder holds, with the installation's model."""
    try:
        return load_known(folder, model_of_installation())
    except MunicipalityError as error:
        show(error)


def _install(source: Path, target: Path) -> None:
    """Each file is replaced in one step; what the source does not have goes. Routers wait until the folder rests."""
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.suffix in SUFFIXES and path.is_file()}
    present = {path.relative_to(target) for path in target.rglob("*") if path.suffix in SUFFIXES and path.is_file()}
    for name in sorted(wanted):
        if (target / name).is_file() and (target / name).read_bytes() == (source / name).read_bytes():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        fresh = (target / name).with_name(f".{name.name}.new")
        shutil.copyfile(source / name, fresh)
        fresh.replace(target / name)
    for name in sorted(present - wanted):
        (target / name).unlink()


def _wait_for(url: str, version: str, until: float) -> None:
    while True:
        told = _told(url)
        if told.get("version") == version:
            return
        if refused := told.get("refused"):
            console.print(f"{url} refuses it and goes on by version {told.get('version')}:", style="red", markup=False)
            refuse("\n".join(f"- {reason}" for reason in refused))
        if time.monotonic() > until:
            refuse(f"{url} still decides by version {told.get('version')}; see `ilkim logs router`")
        time.sleep(POLL_SECONDS)


def _told(url: str) -> dict[str, Any]:
    """What a router says of its knowledge; nothing while it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
    except HTTPError as error:
        found = json.load(error)
    except OSError:
        return {}
    knowledge: dict[str, Any] = found.get("knowledge") or {}
    return knowledge


def _row(row: kept.KeptVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "kept_at": row.kept_at.isoformat(),
        "loaded_at": row.loaded_at.isoformat(),
        "loaded_by": row.loaded_by,
        "files": row.files,
    }


def _changed(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return sorted(name.partition("/")[2] for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _show_difference(old: Files, new: Files) -> None:
    """As `diff -u` does it; files that are no text, and very long ones, are only named."""
    console.print(f"{version_of(old)} → {version_of(new)}", markup=False)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            for line in _difference(name, old.get(name, b""), new.get(name, b"")):
                style = {"+": "green", "-": "red"}.get(line[:1])
                console.print(line, style=style, markup=False)


def _difference(name: str, old: bytes, new: bytes) -> Iterator[str]:
    try:
        before, after = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        yield f"{name}: {len(old)} → {len(new)} bytes"
        return
    found = list(difflib.unified_diff(before, after, name, name, lineterm="", n=2))
    yield from (line[:LETTERS_SHOWN] for line in found[:LINES_SHOWN_MAX])
    if len(found) > LINES_SHOWN_MAX:
        yield f"… and {len(found) - LINES_SHOWN_MAX} more lines of {name}"
