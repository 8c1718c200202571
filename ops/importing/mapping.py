"""What the columns and words of an old system mean in ours: a TOML file with a checked schema (docs/import.md)."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from shared.contracts import CaseState, Outcome, OwnerKind
from shared.contracts.channel import Code
from shared.municipality import MunicipalityError
from shared.municipality.base import Record, Text
from shared.municipality.files import read_toml
from shared.municipality.mistakes import Problem

FORMS_MAX: Final = 10
_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)")
_SOME_TIME: Final = datetime(2011, 12, 13, 14, 15, 16)  # noqa: DTZ001 - only to try a form of writing times
T = TypeVar("T")


class Unmapped(StrEnum):
    """What becomes of a word that stands neither in `map` nor in `contains`."""

    CODE = "code"  # it is folded into a code, and named at the end
    KEEP = "keep"  # it stays as it is written
    DEFAULT = "default"  # it counts as left empty
    REJECT = "reject"  # its row is rejected


class Column(Record):
    """A column that is read as it is."""

    column: Text


class Words(Record, Generic[T]):
    """A column whose words are given a meaning of ours; without a column every case has the default.

    Words are compared folded (capitals and Turkish letters make no difference). `contains` is for free text: the
    first phrase that stands in it decides.
    """

    column: Text | None = None
    map: dict[str, T] = Field(default_factory=dict)
    contains: dict[str, T] = Field(default_factory=dict)
    default: T | None = None


class Codes(Words[Code]):
    """Words that become codes of ours, or codes of their own."""

    unmapped: Literal[Unmapped.CODE, Unmapped.DEFAULT, Unmapped.REJECT] = Unmapped.CODE


class Names(Words[Text]):
    """Words that may stay as they are."""

    unmapped: Literal[Unmapped.CODE, Unmapped.KEEP, Unmapped.DEFAULT, Unmapped.REJECT] = Unmapped.KEEP


class Choice(Words[T], Generic[T]):
    """Words that can only mean one of a few things; a word that is itself one of them needs no mapping."""

    unmapped: Literal[Unmapped.DEFAULT, Unmapped.REJECT] = Unmapped.REJECT


class Outcomes(Choice[Outcome]):
    """What became of a closed case, mostly told in free text: what is not recognised has the default."""

    unmapped: Literal[Unmapped.DEFAULT, Unmapped.REJECT] = Unmapped.DEFAULT


class Timeliness(StrEnum):
    """What the old system says of a case's target; empty: nothing."""

    YES = "yes"
    NO = "no"


def _zone(written: object) -> object:
    """`Europe/Istanbul`, or `+03:00` for clocks that were never changed."""
    if not isinstance(written, str):
        return written
    if offset := _OFFSET.fullmatch(written):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        if span < timedelta(hours=15):
            return timezone(-span if offset[1] == "-" else span)
    try:
        return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is no zone; write e.g. Europe/Istanbul or +03:00") from error


def _form(written: object) -> object:
    if isinstance(written, str):
        try:
            tried = datetime.strptime(_SOME_TIME.strftime(written), written)  # noqa: DTZ007 - only tried
        except ValueError as error:
            raise ValueError(f"is no way to write a time: {error}") from error
        if tried.date() != _SOME_TIME.date():
            raise ValueError("leaves out the day, the month or the year; write e.g. %d.%m.%Y %H:%M")
    return written


class Mapping(Record):
    """One old system. Times without a zone are read in `zone`; their day is the day that is written."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    source: Code
    zone: Annotated[tzinfo, BeforeValidator(_zone)]
    times: Annotated[tuple[Annotated[Text, BeforeValidator(_form)], ...], Field(max_length=FORMS_MAX)] = ()
    number: Column
    opened: Column
    due: Column | None = None
    legal_due: Column | None = None
    answered: Column | None = None
    closed: Column | None = None
    state: Choice[CaseState] | None = None
    outcome: Outcomes = Outcomes()
    on_time: Choice[Timeliness] | None = None
    channel: Codes
    owner: Codes
    owner_kind: Choice[OwnerKind] = Choice[OwnerKind](default=OwnerKind.DEPARTMENT)
    neighbourhood: Names = Names()
    topic: Codes = Codes()
    kind: Codes = Codes()
    urgency: Codes = Codes()

    @model_validator(mode="before")
    @classmethod
    def _owned_and_reachable(cls, content: Any) -> Any:
        """A channel and an owner stand at every case: by a column, or by a default for all."""
        if isinstance(content, dict):
            for name in ("channel", "owner"):
                field = content.get(name)
                if isinstance(field, dict) and not field.get("column") and not field.get("default"):
                    raise ValueError(f"[{name}] has neither a `column` nor a `default`")
        return content

    def columns(self) -> dict[str, str]:
        """The column each field is read from, as the mapping writes it."""
        fields = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: field.column for name, field in fields if isinstance(field, Column | Words) and field.column}


def read_mapping(path: Path) -> Mapping:
    """Raises MunicipalityError, which names every mistake with its line and its remedy."""
    if not path.is_file():
        trouble, remedy = f"there is no file {path}", "docs/import.md says what goes into a mapping"
        raise MunicipalityError([Problem(path.name, "the mapping", trouble, remedy)])
    return read_toml(path, Mapping)
