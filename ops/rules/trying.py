"""`ilkim rules try`: what a change of rules, topics or model would move among the last weeks' cases, and why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.table import Table

from ops.route import Columns, report_of
from ops.rules.history import cases_opened
from ops.rules.installation import (
    console,
    folder_of_installation,
    in_router,
    kept_files,
    known_by,
    model_of_installation,
    refuse,
    show_mistakes,
)
from ops.rules.trial import Trial
from ops.spreadsheet import UnreadableFile, open_sheet
from services.router.domain.versions import Known, load_known
from services.router.handlers import report_of as report_of_case
from shared.municipality import MunicipalityError

FAULTS_TOLD_MAX: Final = 20
# The columns of `ilkim route` that a file of cases may have; those it has not are left out.
OPTIONAL: Final = {
    "latitude": ("lat", "latitude", "enlem"),
    "longitude": ("lon", "longitude", "boylam"),
    "time": ("time", "opened_at", "tarih"),
    "street": ("street", "sokak"),
    "neighbourhood": ("neighbourhood", "mahalle"),
    "topic": ("topic", "konu"),
}


def try_(
    folder: Annotated[Path | None, typer.Argument(help="what is tried; without: the installation's own folder")] = None,
    against: Annotated[
        str | None, typer.Option(help="a version or a folder; without: the version the routers decide by")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="the text model to try; without: the installation's")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="how far back")] = 4,
    file: Annotated[Path | None, typer.Option(help="cases from a CSV file in the place of the database")] = None,
    text_column: Annotated[str, typer.Option(help="its column with the message")] = "text",
    limit: Annotated[int, typer.Option(min=0, help="so many moves are shown; all are counted")] = 50,
    texts: Annotated[bool, typer.Option("--texts", help="show the citizens' words, masked")] = False,
    language: Annotated[str, typer.Option(help="of the sentences: tr or en")] = "tr",
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Decide the last weeks' cases by what runs and by FOLDER, and list what would move, with totals."""
    after = _loaded(folder or folder_of_installation(), model or model_of_installation())
    with _compared_with(against, is_without_database=file is not None) as before:
        trial = Trial(before, after, language, limit)
        faults = (
            in_router(lambda db: _try_history(trial, db, weeks))
            if file is None
            else _try_file(trial, file, text_column)
        )
    for fault in faults[:FAULTS_TOLD_MAX]:
        console.print(fault, style="yellow", markup=False)
    if as_json:
        print(json.dumps(_as_json(trial, texts), ensure_ascii=False, indent=1))
    else:
        _show(trial, texts)


async def _try_history(trial: Trial, connection: asyncpg.Connection, weeks: int) -> list[str]:
    """Cases a person decided while entering them are not the router's to decide."""
    async for case in cases_opened(connection, datetime.now(UTC) - timedelta(weeks=weeks)):
        if case.decided is None:
            trial.try_case(case.number, report_of_case(case))
        else:
            trial.by_person += 1
    return []


def _try_file(trial: Trial, file: Path, text_column: str) -> list[str]:
    faults: list[str] = []
    try:
        sheet = open_sheet(file, text_column)
        text = sheet.column(text_column, "--text-column")
    except UnreadableFile as error:
        refuse(str(error), error)
    known = {column.casefold(): column for column in sheet.columns}
    found = {name: next((known[word] for word in words if word in known), None) for name, words in OPTIONAL.items()}
    for line, row in sheet.rows():
        trial.try_case(f"line {line}", report_of(line, row, Columns(text, **found), trial.after.place, faults))
    return faults


def _loaded(folder: Path, model: Path) -> Known:
    try:
        return load_known(folder, model)
    except MunicipalityError as error:
        show_mistakes(error)


@contextmanager
def _compared_with(against: str | None, *, is_without_database: bool) -> Iterator[Known]:
    """What is decided by now: a folder, a version that is kept, or the one that ran last."""
    if against and Path(against).is_dir():
        yield _loaded(Path(against), model_of_installation())
    elif against is None and is_without_database:
        yield _loaded(folder_of_installation(), model_of_installation())
    else:
        with known_by(in_router(lambda db: kept_files(db, against))) as known:
            yield known


def _as_json(trial: Trial, texts: bool) -> dict[str, Any]:
    moves = [
        {
            "case": move.name,
            "before": _place(move.before),
            "after": _place(move.after),
            "why": move.why,
            **({"text": move.text} if texts else {}),
        }
        for move in trial.moves
    ]
    return {**trial.summary(), "moves": moves, "left_out": trial.moved - len(trial.moves)}


def _place(place: Any) -> dict[str, Any]:
    return {"owner": place.owner, "topic": place.topic, "level": place.level, "automatic": place.automatic}


def _show(trial: Trial, texts: bool) -> None:
    for move in trial.moves:
        console.print(f"{move.name}  {move.before}  →  {move.after}", markup=False)
        for line in move.why:
            console.print(f"    {line}", markup=False)
        if texts:
            console.print(f"    «{move.text}»", style="dim", markup=False)
    if trial.moved > len(trial.moves):
        console.print(f"… and {trial.moved - len(trial.moves)} more (--limit)", markup=False)
    if pairs := [(pair, count) for pair, count in trial.owners.most_common() if count]:
        table = Table("from", "to", "cases", box=None, pad_edge=False)
        for (old, new), count in pairs:
            table.add_row(old, new, str(count))
        console.print(table)
    found = trial.summary()
    console.print(
        f"{found['before']} → {found['after']}: {trial.cases} cases, {trial.moved} would move; "
        f"newly to a person {trial.to_triage}, from one {trial.from_triage}",
        markup=False,
    )
