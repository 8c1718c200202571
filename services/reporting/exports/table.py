"""What is exported: typed columns, and rows that come batch by batch and are never held together."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from services.reporting.domain.asking import Axis, CaseRow, Counts, Question, Row
from services.reporting.labels import Labels
from shared.pages.formats import Formats

LABELS_KEPT_MAX: Final = 10_000


class Format(StrEnum):
    """What a table can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    PDF = "pdf"


class Kind(StrEnum):
    """What a column holds; a value may be missing (None) whatever the kind."""

    TEXT = "text"  # stays text, whatever it looks like
    DAY = "day"
    MOMENT = "moment"  # told in the municipality's zone
    FLAG = "flag"
    WHOLE = "whole"


class TooLong(ValueError):
    """Raised when a format takes no such number of rows; says what does."""


Value: TypeAlias = str | date | datetime | bool | int | None
Values: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`code` is its name for programs, `title` for people; on paper only the columns that `is_printed` fit."""

    code: str
    title: str
    kind: Kind
    is_printed: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """`about` says which cases it is about. `batches` are read once.

    `rows` is how many were counted before, for progress: meanwhile some may come.
    """

    title: str
    about: str
    language: str
    zone: ZoneInfo
    columns: tuple[Column, ...]
    batches: AsyncIterator[Sequence[Values]]
    rows: int


class Source(Protocol):
    """Whoever counts."""

    async def ask(self, question: Question) -> list[Row]:
        """How many cases there are, by the axes asked by."""
        ...

    def cases(self, question: Question, batch: int = 1000) -> AsyncIterator[list[CaseRow]]:
        """The cases themselves, by their opening."""
        ...


@asynccontextmanager
async def closing(batches: AsyncIterator[Any]) -> AsyncIterator[None]:
    """Let go of a reader, and with it of its connection, however the reading ends."""
    try:
        yield
    finally:
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()


Progress: TypeAlias = Callable[[int], None]
"""Told how many rows were written since it was last told."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of the table of cases and where its value comes from."""

    name: str
    kind: Kind
    is_printed: bool = False


# An axis stands there twice: as its code, and by its name.
_CASE_FIELDS: Final = (
    _Field("number", Kind.TEXT, is_printed=True),
    _Field("case_id", Kind.TEXT),
    _Field("day", Kind.DAY, is_printed=True),
    _Field("opened_at", Kind.MOMENT),
    *(
        _Field(axis, Kind.TEXT, is_printed=axis in (Axis.OWNER, Axis.NEIGHBOURHOOD, Axis.TOPIC, Axis.STATE))
        for axis in Axis
        if axis not in (Axis.DAY, Axis.MONTH, Axis.HOUR)
    ),
    _Field("due_at", Kind.MOMENT),
    _Field("legal_due_at", Kind.MOMENT),
    _Field("answered_at", Kind.MOMENT),
    _Field("closed_at", Kind.MOMENT),
    _Field("on_time", Kind.FLAG, is_printed=True),
    _Field("returns", Kind.WHOLE),
    _Field("reopened", Kind.WHOLE),
)
_COUNTED: Final = ("cases", "open", *(field.name for field in fields(Counts) if field.name != "cases"))
_COUNTED_ON_PAPER: Final = ("cases", "closed", "open", "on_time", "late", "returned", "reopened", "duplicates")


async def cases_of(source: Source, question: Question, labels: Labels, language: str, zone: ZoneInfo) -> Table:
    """The cases a question is about, one row each; nothing of their citizens."""
    columns: list[Column] = []
    readers: list[Callable[[CaseRow], Value]] = []
    name = _names(labels, language)
    for field in _CASE_FIELDS:
        is_axis = field.name in list(Axis) and field.kind is Kind.TEXT
        title = labels.column(field.name, language)
        columns.append(Column(field.name, title, field.kind, field.is_printed and not is_axis))
        readers.append(_reader(field))
        if is_axis:
            columns.append(Column(f"{field.name}_name", labels.named(title, language), Kind.TEXT, field.is_printed))
            readers.append(_named(field.name, name))
    counted = await source.ask(Question(question.first, question.last, where=question.where))
    return Table(
        labels.say("export.cases", language),
        _about(question, labels, language, zone),
        language,
        zone,
        tuple(columns),
        _rows_of(source.cases(Question(question.first, question.last, where=question.where)), readers),
        sum(row.counts.cases for row in counted),
    )


async def counts_of(source: Source, question: Question, labels: Labels, language: str, zone: ZoneInfo) -> Table:
    """What is counted by the axes asked by, one row for each value."""
    rows = await source.ask(question)
    columns: list[Column] = []
    for axis in question.by:
        title = labels.axis(axis, language)
        columns.append(Column(axis, title, Kind.DAY if axis.is_time else Kind.TEXT, is_printed=False))
        columns.append(Column(f"{axis}_name", labels.named(title, language), Kind.TEXT))
    columns += [
        Column(counted, labels.column(counted, language), Kind.WHOLE, counted in _COUNTED_ON_PAPER)
        for counted in _COUNTED
    ]
    title = " × ".join(labels.axis(axis, language) for axis in question.by)
    about = _about(question, labels, language, zone)
    name = _names(labels, language)
    values = [_counted(row, question.by, name) for row in rows]
    return Table(title, about, language, zone, tuple(columns), _at_once(values), len(values))


def _about(question: Question, labels: Labels, language: str, zone: ZoneInfo) -> str:
    """The days of opening, and what cases were chosen by."""
    formats = Formats(language, zone)
    days = {name: formats.day(day) for name, day in (("first", question.first), ("last", question.last)) if day}
    key = {(): "all", ("first",): "from", ("last",): "to"}.get(tuple(days))
    words = labels.say(f"bulletin.range_{key}" if key else "bulletin.range", language, **days)
    chosen = (
        f"{labels.axis(axis, language)}: {labels.value(axis, value, language)}"
        for axis, value in question.where.items()
    )
    return " · ".join([words, *chosen])


def _counted(row: Row, by: Sequence[Axis], name: Callable[[str, str], str]) -> Values:
    coded: list[Value] = []
    for axis, value in zip(by, row.values, strict=True):
        coded += [_day(value) if axis.is_time else value, name(axis, value)]
    return (*coded, *(getattr(row.counts, counted) for counted in _COUNTED))


def _day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


def _names(labels: Labels, language: str) -> Callable[[str, str], str]:
    """Labels, remembered: a million rows have a few hundred different values."""

    @lru_cache(LABELS_KEPT_MAX)
    def name(axis: str, value: str) -> str:
        return labels.value(axis, value, language)

    return name


def _reader(field: _Field) -> Callable[[CaseRow], Value]:
    read: Callable[[CaseRow], Any] = attrgetter(field.name)
    return (lambda case: str(read(case))) if field.name == "case_id" else read


def _named(axis: str, name: Callable[[str, str], str]) -> Callable[[CaseRow], Value]:
    read = attrgetter(axis)
    return lambda case: name(axis, read(case))


async def _rows_of(
    batches: AsyncIterator[list[CaseRow]], readers: Sequence[Callable[[CaseRow], Value]]
) -> AsyncIterator[Sequence[Values]]:
    async with closing(batches):
        async for cases in batches:
            yield [tuple(read(case) for read in readers) for case in cases]


async def _at_once(rows: Sequence[Values]) -> AsyncIterator[Sequence[Values]]:
    yield rows
