"""Replays the nine months, or any CSV of messages, through the channels, and sets the bulletin beside the truth."""

import json
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import aiohttp
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ops import servers
from ops.nine_months import Figure, PlannedContact, Truth, plan, truth_of
from ops.nine_months.plan import SEED
from ops.replaying.compare import Compared, compare, read
from ops.replaying.conduct import Conducted, Players, conduct, players, scripts_of
from ops.replaying.csv_file import CsvMessages
from ops.replaying.installation import Installation, NotRunning, find
from ops.replaying.send import Refused
from ops.spreadsheet import UnreadableFile
from shared.contracts import Channel
from shared.ids import new_id
from shared.municipality import Municipality, load

NINE_MONTHS: Final = "nine-months"
ILKADIM: Final = servers.CHECKOUT / "municipality" / "ilkadim"
PARTS_TOLD_MAX: Final = 12
console = Console(highlight=False, soft_wrap=True)
# Progress goes beside the result, so that `--json` prints nothing but JSON.
aside = Console(highlight=False, soft_wrap=True, stderr=True)


@dataclass(frozen=True)
class Replayed:
    """What a replay did, what was counted meanwhile, and what a file's rows were refused for."""

    run: str
    conducted: Conducted
    lines: Sequence[Compared]
    left_out: int = 0
    faults: Sequence[str] = ()

    @property
    def matches(self) -> bool:
        """The bulletin grew by the truth, to the unit."""
        return all(line.matches for line in self.lines)


def replay(
    what: Annotated[str, typer.Argument(help="`nine-months`, or a CSV file of messages (docs/csv.md)")],
    share: Annotated[float, typer.Option(min=0, max=1, help="how much of the nine months, from their beginning")] = 1.0,
    count: Annotated[int | None, typer.Option(min=0, help="how many contacts, instead of a share")] = None,
    seed: Annotated[int, typer.Option(help="another seed: other words, other days, the same truth")] = SEED,
    run: Annotated[str | None, typer.Option(help="name of the run: the same one again changes nothing")] = None,
    with_information: Annotated[
        bool, typer.Option("--with-information", help="also calls that become no case")
    ] = False,
    kill_every: Annotated[float | None, typer.Option(min=0.1, help="SIGKILL a service every so many seconds")] = None,
    channel: Annotated[Channel, typer.Option(help="of the rows of a file that name none")] = Channel.WEB,
    text_column: Annotated[str, typer.Option(help="the column of a file that holds the message")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Send the nine months, or a CSV file, through the channels. Exit code 1 when bulletin and truth differ."""
    run = run or new_id().hex
    try:
        installation, municipality = find(servers.home()), load(ILKADIM)
        if what == NINE_MONTHS:
            account = installation.whatsapp_account
            contacts = plan(
                municipality, seed, share, count=count, information=with_information, run=run, whatsapp_account=account
            )
            replayed = _run(_replay_plan(installation, municipality, contacts, run, kill_every))
        else:
            messages = _messages(Path(what), installation, municipality, run, channel, text_column)
            replayed = _run(_replay_file(installation, messages, kill_every))
    except (NotRunning, UnreadableFile, Refused, aiohttp.ClientError, OSError) as error:
        aside.print(f"[red]not replayed:[/red] {error}", markup=True)
        raise typer.Exit(2) from error
    if as_json:
        print(as_document(replayed))
    else:
        _show(replayed)
    if not replayed.matches:
        raise typer.Exit(1)


def as_document(replayed: Replayed) -> str:
    """The replay for machines: truth and bulletin line by line, seconds, kills."""
    conducted = asdict(replayed.conducted)
    return json.dumps(
        {
            "run": replayed.run,
            "matches": replayed.matches,
            "truth": {line.code: line.truth for line in replayed.lines},
            "bulletin": {line.code: line.bulletin for line in replayed.lines},
            "lines": [{**asdict(line), "matches": line.matches} for line in replayed.lines],
            **conducted,
            "killed": sum(replayed.conducted.kills.values()),
            "left_out": replayed.left_out,
            "faults": replayed.faults,
        },
        ensure_ascii=False,
        indent=1,
    )


async def _replay_plan(
    installation: Installation,
    municipality: Municipality,
    contacts: Sequence[PlannedContact],
    run: str,
    kill_every: float | None,
) -> Replayed:
    cast = players(municipality, scripts_of(contacts), contacts)
    before = await read(installation.reporting)
    conducted = await _with_progress(installation, contacts, len(contacts), cast, kill_every)
    lines = compare(truth_of(contacts), before, await read(installation.reporting))
    return Replayed(run, conducted, lines)


async def _replay_file(installation: Installation, messages: CsvMessages, kill_every: float | None) -> Replayed:
    """Nobody knows the truth of a file, but that every row sent is a case."""
    before = await read(installation.reporting)
    conducted = await _with_progress(installation, messages.contacts(), None, None, kill_every)
    truth = Truth(conducted.sent, {"total": Figure(conducted.sent)})
    lines = compare(truth, before, await read(installation.reporting))
    return Replayed(messages.run, conducted, lines, messages.left_out, messages.faults)


def _messages(
    file: Path, installation: Installation, municipality: Municipality, run: str, channel: Channel, text_column: str
) -> CsvMessages:
    now = datetime.now(UTC).replace(microsecond=0)
    return CsvMessages(file, municipality, run, now, channel, text_column, installation.whatsapp_account)


async def _with_progress(
    installation: Installation,
    contacts: Iterable[PlannedContact],
    total: int | None,
    cast: Players | None,
    kill_every: float | None,
) -> Conducted:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=aside, refresh_per_second=4) as progress:
        sent = progress.add_task("gönderilen · sent", total=total)
        if cast:
            settled = progress.add_task("sonuçlanan · answered", total=len(cast.scripts))
            cast.scripts.tell_settled = lambda: progress.update(settled, completed=cast.scripts.settled)
        return await conduct(installation, contacts, cast, kill_every, lambda number: progress.advance(sent, number))


def _run(work: Coroutine[Any, Any, Replayed]) -> Replayed:
    """Raises the first error of a group as it is: what was attempted together failed for one reason."""
    try:
        return uvloop.run(work)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from group


def _show(replayed: Replayed) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in ("gerçek", "çözülen", "bülten", "çözülen"):
        table.add_column(name, justify="right")
    table.add_column("")
    for line in replayed.lines:
        mark = "[green]✓[/green]" if line.matches else "[red]✗[/red]"
        table.add_row(line.label, *_figures(line.truth), *_figures(line.bulletin), mark)
    console.print(table)
    for line in replayed.lines:
        for code, (truth, counted) in list(line.parts.items())[:PARTS_TOLD_MAX]:
            console.print(f"[red]✗[/red] {line.label}, {code}: truth {truth}, bulletin {counted}", markup=True)
    for note in _notes(replayed):
        console.print(note)


def _figures(figures: Mapping[str, int]) -> tuple[str, str]:
    return _number(figures["cases"]), _number(figures.get("resolved"))


def _notes(replayed: Replayed) -> Iterable[str]:
    conducted = replayed.conducted
    seconds = ", ".join(f"{name} after {took:.1f} s" for name, took in conducted.seconds.items())
    yield f"{_number(conducted.sent)} contacts: {seconds}; run {replayed.run}"
    if conducted.sent and not any(line.bulletin["cases"] for line in replayed.lines):
        yield "nothing new: every contact of this run was there already, and none was counted twice"
    if conducted.decided_at_desk:
        yield f"{_number(conducted.decided_at_desk)} decided by hand at the desk"
    if conducted.replies:
        named = ", ".join(f"{name} {_number(count)}" for name, count in sorted(conducted.replies.items()))
        yield f"replies taken by the channels' own programs: {named}"
    if conducted.kills:
        named = ", ".join(f"{name} {times}×" for name, times in sorted(conducted.kills.items()))
        yield f"killed {sum(conducted.kills.values())} times meanwhile: {named}"
    if conducted.retries:
        yield f"{_number(conducted.retries)} times a channel had to send again"
    if conducted.unsettled:
        yield f"{_number(conducted.unsettled)} cases never came to their owner"
    if conducted.left:
        yield "not at rest: " + ", ".join(f"{count} in {name}" for name, count in conducted.left.items())
    if replayed.left_out:
        yield f"{_number(replayed.left_out)} rows were left out:"
        yield from (f"  {fault}" for fault in replayed.faults)


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}".replace(",", ".")
