"""`ilkim route`: what the router would decide for every row of a file, without broker or database."""

import csv
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from ops.duplicates import Columns as PairColumns
from ops.duplicates import write_duplicates
from ops.spreadsheet import Sheet, UnfitRow, UnreadableFile, degrees_of, moment_of, open_sheet
from services.router.domain.decision import Decision, Report, decide
from services.router.domain.knowledge import Knowledge
from services.router.domain.matching import MatcherError
from services.router.domain.versions import load_known
from shared import municipality
from shared.contracts.channel import TEXT_MAX
from shared.explaining import sentences
from shared.gazetteer import PlaceFound
from shared.municipality import Municipality, MunicipalityError
from shared.personal import mask
from shared.text import clean

MODEL: Final = Path("services/router/model")
FOLDER: Final = Path("municipality/ilkadim")
TEXT_COLUMN: Final = "text"
FAULTS_TOLD_MAX: Final = 20
# What is written for a row, before the columns of the file itself.
COLUMNS: Final = (
    *("row", "owner", "secondary_owners", "topic", "kind", "urgency", "emergency", "emergency_number", "confidence"),
    *("automatic", "neighbourhood", "neighbourhood_name", "neighbourhood_probability", "outside_district"),
    *("neighbourhood_candidates", "street", "address", "coordinates_refused"),
    *("masked_text", "proposals", "reasons", "version"),
)

Column = Annotated[str | None, typer.Option(help="the column that holds it; without: none does")]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the file holds what; None: none does."""

    text: str
    latitude: str | None = None
    longitude: str | None = None
    time: str | None = None
    street: str | None = None
    neighbourhood: str | None = None
    topic: str | None = None


def route(
    file: Annotated[Path, typer.Argument(help="CSV with a header; any delimiter, UTF-8 or Windows-1254")],
    text_column: Annotated[str, typer.Option(help="the column with the message")] = TEXT_COLUMN,
    lat_column: Column = None,
    lon_column: Column = None,
    time_column: Column = None,
    street_column: Column = None,
    neighbourhood_column: Column = None,
    topic_column: Annotated[str | None, typer.Option(help="the column with the topic the citizen chose")] = None,
    id_column: Annotated[str | None, typer.Option(help="with --duplicates: the column with the case's number")] = None,
    duplicates: Annotated[bool, typer.Option(help="write the pairs of rows that tell of one problem instead")] = False,
    out: Annotated[Path | None, typer.Option(help="the file to write; without: standard output")] = None,
    folder: Annotated[Path, typer.Option("--municipality", help="the municipality's folder")] = FOLDER,
    model: Annotated[Path, typer.Option(help="the folder of the text model")] = MODEL,
) -> None:
    """Decide every row of a file as the router would, and write owner, topic, urgency, place and why."""
    if duplicates:
        written = text_column if text_column != TEXT_COLUMN else None
        names = PairColumns(id_column, written, lat_column, lon_column, time_column, topic_column, street_column)
        _pairs(file, out, names, folder)
        return
    try:
        sheet = open_sheet(file, text_column)
        columns = _columns(
            sheet, text_column, lat_column, lon_column, time_column, street_column, neighbourhood_column, topic_column
        )
        known = load_known(folder, model, or_without_ground=True)
    except (UnreadableFile, MunicipalityError) as error:
        raise typer.BadParameter(str(error)) from error
    for what, trouble in known.knowledge.trouble.items():
        print(f"{what}: {trouble}: every row goes to a person", file=sys.stderr)
    with _target(out) as target:
        faults = write_decisions(sheet, columns, known.knowledge, known.place, target)
    for fault in faults[:FAULTS_TOLD_MAX]:
        print(fault, file=sys.stderr)
    if len(faults) > FAULTS_TOLD_MAX:
        print(f"… and {len(faults) - FAULTS_TOLD_MAX} more", file=sys.stderr)


def _pairs(file: Path, out: Path | None, names: PairColumns, folder: Path) -> None:
    try:
        place = municipality.load(folder)
        with _target(out) as target:
            summary = write_duplicates(file, target, names, place, partial(print, file=sys.stderr))
    except (UnreadableFile, MunicipalityError, MatcherError) as error:
        raise typer.BadParameter(str(error)) from error
    print(
        f"{summary.rows} rows, {summary.left_out} left out; {summary.joined} gathered, {summary.proposed} proposed",
        file=sys.stderr,
    )


def write_decisions(
    sheet: Sheet, columns: Columns, knowledge: Knowledge, place: Municipality, target: TextIO
) -> list[str]:
    """A row out for each row in, in its order. Returns what could not be read of a row; the rest of it is decided."""
    kept = [column for column in sheet.columns if column != columns.text and column not in COLUMNS]
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow((*COLUMNS, *kept))
    faults: list[str] = []
    for line, row in sheet.rows():
        report = report_of(line, row, columns, place, faults)
        written = _written(decide(report, knowledge), report, place)
        writer.writerow([line, *written, *map(_plain, (row[column] for column in kept))])
    return faults


def _columns(sheet: Sheet, text: str, *others: str | None) -> Columns:
    options = ("lat", "lon", "time", "street", "neighbourhood", "topic")
    found = [
        None if written is None else sheet.column(written, f"--{option}-column")
        for option, written in zip(options, others, strict=True)
    ]
    return Columns(sheet.column(text, "--text-column"), *found)


def report_of(line: int, row: Mapping[str, str], columns: Columns, place: Municipality, faults: list[str]) -> Report:
    """What the row tells, masked as intake masks it; a place or time that cannot be read is left out and named."""

    def cell(column: str | None) -> str:
        return row[column].strip() if column else ""

    latitude = longitude = at = None
    try:
        latitude, longitude = degrees_of(cell(columns.latitude)), degrees_of(cell(columns.longitude))
    except UnfitRow as error:
        faults.append(f"line {line}: {error}; decided without coordinates")
    try:
        at = moment_of(cell(columns.time), place.zone) if cell(columns.time) else None
    except UnfitRow as error:
        faults.append(f"line {line}: {error}; decided without the time")
    return Report(
        text=mask(clean(row[columns.text][:TEXT_MAX])),
        street=cell(columns.street) or None,
        neighbourhood=cell(columns.neighbourhood) or None,
        latitude=latitude,
        longitude=longitude,
        occurred_at=at,
        topic=cell(columns.topic) or None,
    )


def _written(decision: Decision, report: Report, place: Municipality) -> Iterator[object]:
    """The values of `COLUMNS` behind the row's number."""
    emergency = decision.alarm.emergency if decision.alarm else None
    others = decision.secondary or ([] if decision.automatic else decision.proposals[1:])
    yield decision.likeliest
    yield "|".join(other.owner for other in others if other.owner != decision.likeliest)
    yield decision.topic or (decision.proposals[0].topic if decision.proposals else "") or ""
    yield decision.kind or ""
    yield decision.level
    yield emergency.code if emergency else ""
    yield emergency.number if emergency else ""
    yield f"{decision.confidence:.4f}"
    yield "automatic" if decision.automatic else "triage"
    yield decision.neighbourhood or ""
    yield place.neighbourhood(decision.neighbourhood).name if decision.neighbourhood else ""
    yield f"{decision.place.probability:.4f}" if decision.neighbourhood else ""
    yield decision.place.outside_district or ""
    yield from _where(decision.place, report.text)
    yield _plain(report.text)
    yield "|".join(f"{proposal.owner}:{proposal.confidence:.4f}" for proposal in decision.proposals)
    yield _plain(" ".join(sentences(decision.why, place, "tr", report.text)))
    yield decision.why.version


def _where(found: PlaceFound, text: str) -> Iterator[str]:
    """Neighbourhoods that come into question, the street, the address as written, and why a point was not used."""
    yield "|".join(f"{row.neighbourhood}:{row.probability:.4f}" for row in found.candidates)
    yield f"{found.street.name} {found.street.type}".strip() if found.street else ""
    yield _plain(text[found.address.start : found.address.end]) if found.address else ""
    yield found.refused or ""


def _plain(value: str) -> str:
    """So that no spreadsheet takes a citizen's words for a formula (OWASP, CSV injection)."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(value) else value


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


@contextmanager
def _target(out: Path | None) -> Iterator[TextIO]:
    with out.open("w", encoding="utf-8", newline="") if out else nullcontext(sys.stdout) as target:
        yield target
