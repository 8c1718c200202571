"""`ilkim export`: cases or counts into a file, read from the database itself, with a bar that shows how far it is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ops.figures import addresses
from services.reporting.domain.asking import Question
from services.reporting.export_web import Exports
from services.reporting.exports import Format, write
from services.reporting.exports.csv_file import Separator
from services.reporting.figures import Figures
from services.reporting.report import question_of
from shared import municipality
from shared.database import connect_pool
from shared.messaging import Service
from shared.problems import Problem
from shared.settings import Settings

SCHEMA: Final = "reporting"
CANNOT_BE_ASKED: Final = 2
console = Console(stderr=True, highlight=False, soft_wrap=True)


def export(
    form: Annotated[Format, typer.Option("--format")],
    output: Annotated[Path, typer.Option(help="the file to write; one that is there is replaced when all is written")],
    by: Annotated[str, typer.Option(help="up to two axes with a comma between: counts; none: the cases")] = "",
    first: Annotated[str | None, typer.Option("--from", help="first day of opening, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day of opening")] = None,
    where: Annotated[list[str] | None, typer.Option(help="AXIS=VALUE, may be repeated")] = None,
    language: Annotated[Literal["tr", "en"], typer.Option(help="of labels and headings")] = "tr",
    semicolon: Annotated[bool, typer.Option(help="CSV with ; as a Turkish Excel wants it")] = False,
    bom: Annotated[bool, typer.Option(help="CSV begins with the mark Excel needs for Turkish letters")] = True,
) -> None:
    """Write cases, or counts by up to two axes, into a file. Exit code 2 for what cannot be asked or written."""
    try:
        question = question_of(by, _day(first), _day(last), where or ())
        rows = asyncio.run(_export(question, form, output, language, ";" if semicolon else ",", with_mark=bom))
    except (Problem, ValueError, OSError) as error:
        typer.echo(error.detail if isinstance(error, Problem) else str(error), err=True)
        raise typer.Exit(CANNOT_BE_ASKED) from error
    console.print(f"{rows:,} rows in {output}")


async def _export(
    question: Question, form: Format, output: Path, language: str, separator: Separator, *, with_mark: bool
) -> int:
    servers = addresses()
    settings = Settings(rabbitmq_url=SecretStr(servers.amqp_url), database_url=SecretStr(servers.database_url))
    service = Service("export", SCHEMA, settings)  # never started: it lends its pool
    service.pool = await connect_pool(settings, SCHEMA)
    place = municipality.load_for_service(settings.ilkim_municipality)
    exports = Exports(Figures(service, place))
    part = output.with_name(f".{output.name}.part")
    try:
        table = await exports.table(question, language)
        with _bar() as bar:
            task = bar.add_task(f"{form}", total=table.rows)
            await write(
                table,
                form,
                part,
                place,
                exports.labels,
                datetime.now(UTC),
                progress=lambda rows: bar.advance(task, rows),
                separator=separator,
                with_mark=with_mark,
            )
            rows = int(bar.tasks[task].completed)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
        await service.pool.close()
    return rows


def _bar() -> Progress:
    columns: Sequence[TextColumn | BarColumn | MofNCompleteColumn | TimeRemainingColumn] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
