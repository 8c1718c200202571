"""A municipality as checked data: who answers for what, where, until when, and in which words.

Everything a municipality can change stands in its own folder, see `municipality/ilkadim/README.md`.
"""

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.contracts import CaseState, Channel, Outcome, OwnerKind
from shared.contracts.channel import Code
from shared.text import clean, fold
from shared.urgency import Emergency, Urgency

TEMPLATE_CHARACTERS_MAX = 600
INSERTED_CHARACTERS_MAX = 3000
PROBLEMS_SHOWN_MAX = 20

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ]{1,19}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Language = Literal["tr", "en"]
Point: TypeAlias = tuple[float, float]
Ring: TypeAlias = tuple[Point, ...]


class Problem(NamedTuple):
    """One mistake in the data: where it is, what is wrong, and what to do."""

    file: str
    entry: str
    trouble: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.entry}: {self.trouble}. {self.remedy}"


class MunicipalityError(ValueError):
    """Raised when a municipality's data cannot be used; holds every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"- {problem}" for problem in self.problems[:PROBLEMS_SHOWN_MAX]]
        if len(self.problems) > PROBLEMS_SHOWN_MAX:
            lines.append(f"- … and {len(self.problems) - PROBLEMS_SHOWN_MAX} more")
        super().__init__("\n".join(["the municipality's data has mistakes:", *lines]))


class Record(BaseModel):
    """A checked, unchangeable piece of a municipality; a field it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(Record):
    """What has a code for programs and a name for people."""

    code: Code
    name: Text
    name_en: Text

    def name_in(self, language: str) -> str:
        """The name a reader of `language` sees; Turkish for every language but English."""
        return self.name_en if language == "en" else self.name


# --- who: the municipality, its accounts, departments and the institutions outside ---------------------------


class Phone(Named):
    """A number the municipality shows to citizens."""

    number: PhoneNumber


class Account(Named):
    """One line, mailbox or page on which citizens reach the centre."""

    channel: Channel


class Department(Named):
    """A directorate (birim müdürlüğü), or the solution centre itself when `kind` is centre."""

    kind: Literal[OwnerKind.DEPARTMENT, OwnerKind.CENTRE] = OwnerKind.DEPARTMENT
    desk: bool = Field(False, description="works in the browser desk, having no software of its own")
    always_open: bool = Field(False, description="works at night, at weekends and on holidays too")
    source: Text


class Institution(Named):
    """An outside body (kurum) that cases are handed over to."""

    phone: PhoneNumber | None = Field(None, description="None: no number from a source that can be named")
    remit: Text
    district: Text | None = Field(None, description="the neighbouring district it is the municipality of")
    source: Text
    certainty: Literal["high", "medium", "low"]

    @property
    def kind(self) -> Literal[OwnerKind.INSTITUTION]:
        """So that departments and institutions can be asked alike."""
        return OwnerKind.INSTITUTION


Owner: TypeAlias = Department | Institution


# --- what: topics and urgency ---------------------------------------------------------------------------------


class TargetUnit(StrEnum):
    """How a service target is counted; working days leave out weekends and holidays."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


class Target(Record):
    """How soon a case of a topic should be closed, counted from its opening."""

    amount: PositiveInt
    unit: TargetUnit


def _well_formed(phrase: str) -> str:
    if phrase != fold(phrase):
        raise ValueError(f'"{phrase}" is not folded, write "{fold(phrase)}"')
    if not _PHRASE.fullmatch(phrase):
        raise ValueError(f'"{phrase}" is not words with single spaces, each maybe ending in "="')
    return phrase


_PHRASE = re.compile(r"[^\W_]+=?(?: [^\W_]+=?)*")


Phrase = Annotated[str, StringConstraints(min_length=2, max_length=80), AfterValidator(_well_formed)]


class Topic(Named):
    """A subject of cases with its owner; `phrases` point to it, in the form that `shared.phrases` reads."""

    owner: Code
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    target: Target
    urgency: Urgency


class Level(Named):
    """What people call a degree of urgency; a text with one of its folded phrases is at least this urgent."""

    code: Urgency
    phrases: tuple[Phrase, ...] = ()


# --- where: neighbourhoods, streets, polygons, neighbours -----------------------------------------------------


class Neighbourhood(Record):
    """A mahalle; `code` is its official id (NVI), the point lies about its middle."""

    code: Code
    name: Text
    population: NonNegativeInt = Field(description="0: nobody lives there (the free zone of the port)")
    latitude: Latitude
    longitude: Longitude
    rural: bool
    aliases: tuple[Text, ...] = Field((), description="what citizens also call it; `a|b` in the file")

    @field_validator("aliases", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(alias.strip() for alias in value.split("|") if alias.strip()) if isinstance(value, str) else value


class Street(Record):
    """A street as the address registry has it; the same name may stand in several neighbourhoods."""

    code: Code
    name: Text
    type: Text
    neighbourhood: Code


class Neighbour(Record):
    """A neighbourhood of a neighbouring district, to tell that a place is outside ours."""

    name: Text
    district: Text
    latitude: Latitude
    longitude: Longitude


@dataclass(frozen=True, slots=True)
class Area:
    """The ground of a neighbourhood: polygons of closed rings of (longitude, latitude), outer ring first."""

    code: str
    polygons: tuple[tuple[Ring, ...], ...]


# --- when: office hours and holidays --------------------------------------------------------------------------


class Span(Record):
    """Opening hours without a break, local time."""

    start: time
    end: time

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"ends at {self.end:%H:%M}, before it starts at {self.start:%H:%M}")
        return self


class OfficeHours(Record):
    """When one day of the week is worked; 1 is Monday (ISO 8601)."""

    weekday: int = Field(ge=1, le=7)
    spans: tuple[Span, ...] = Field(min_length=1)


class Holiday(Record):
    """A public holiday (Law 2429); a half day (arife) is worked until the calendar's `half_day_ends`."""

    date: date
    name: Text
    name_en: Text
    half_day: bool = False


class Calendar(Record):
    """Office hours and holidays, in the municipality's own time zone."""

    years: tuple[int, ...] = Field(min_length=1, description="the years whose holidays are complete")
    half_day_ends: time
    office_hours: tuple[OfficeHours, ...] = Field(min_length=1)
    holidays: tuple[Holiday, ...]

    def spans(self, day: date) -> tuple[Span, ...]:
        """The office hours of a day in order; empty on days off. Outside `years` only weekends are known."""
        spans = self._spans_by_weekday.get(day.isoweekday(), ())
        holiday = self._holidays_by_date.get(day)
        if holiday is None:
            return spans
        if not holiday.half_day:
            return ()
        end = self.half_day_ends
        return tuple(Span(start=span.start, end=min(span.end, end)) for span in spans if span.start < end)

    def is_working_day(self, day: date) -> bool:
        """Whether the day counts as a working day; half days do."""
        return bool(self.spans(day))

    @cached_property
    def _holidays_by_date(self) -> dict[date, Holiday]:
        return {holiday.date: holiday for holiday in self.holidays}

    @cached_property
    def _spans_by_weekday(self) -> dict[int, tuple[Span, ...]]:
        return {hours.weekday: hours.spans for hours in self.office_hours}


# --- in which words: reply templates --------------------------------------------------------------------------


class ReplyEvent(StrEnum):
    """What a citizen is told."""

    RECEIPT = "receipt"
    JOINED = "joined"
    FORWARDED = "forwarded"
    CLOSED = "closed"
    REJECTED = "rejected"
    QUESTION = "question"
    EMERGENCY = "emergency"
    INFORMATION_ANSWERED = "information_answered"


@dataclass(frozen=True, slots=True)
class Slots:
    """What a template of an event must say (`required`: with a value, `expected`: value may be empty) and may say."""

    required: frozenset[str]
    expected: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    @property
    def allowed(self) -> frozenset[str]:
        """Every placeholder the event knows, with those of the municipality itself."""
        return self.required | self.expected | self.optional | COMMON_PLACEHOLDERS


COMMON_PLACEHOLDERS = frozenset({"municipality", "centre"})
SLOTS: Mapping[ReplyEvent, Slots] = {
    ReplyEvent.RECEIPT: Slots(required=frozenset({"number"})),
    ReplyEvent.JOINED: Slots(required=frozenset({"number"})),
    # Law 3071, article 5: who hands a petition on must tell the citizen to whom.
    ReplyEvent.FORWARDED: Slots(
        required=frozenset({"number", "institution"}), expected=frozenset({"institution_phone"})
    ),
    ReplyEvent.CLOSED: Slots(required=frozenset({"number", "outcome"}), expected=frozenset({"text"})),
    ReplyEvent.REJECTED: Slots(required=frozenset({"number"}), expected=frozenset({"text"})),
    ReplyEvent.QUESTION: Slots(required=frozenset({"number", "text"}), optional=frozenset({"department"})),
    ReplyEvent.EMERGENCY: Slots(required=frozenset({"advice_number"}), optional=frozenset({"number"})),
    ReplyEvent.INFORMATION_ANSWERED: Slots(required=frozenset({"text"}), optional=frozenset({"number"})),
}
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Template(Record):
    """The words of one event in one language; raise `version` whenever the text changes."""

    event: ReplyEvent
    language: Language
    version: PositiveInt
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEMPLATE_CHARACTERS_MAX)]

    @property
    def name(self) -> str:
        """How logs and notices call it, e.g. `receipt.tr`."""
        return f"{self.event}.{self.language}"

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces."""
        return frozenset(_PLACEHOLDER.findall(self.text))


class OutcomeWords(Record):
    """How an outcome is told to a citizen."""

    code: Outcome
    name: Text
    name_en: Text


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply ready to send, and the template it came from."""

    text: str
    template: str
    version: int


_MAIL_OR_LINK = re.compile(
    r"(?P<mail>(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,253})"
    r"|(?P<scheme>://)"
    r"|(?<![\w@])(?P<host>(?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?P<path>/?)",
    re.IGNORECASE,
)
# Endings that phones make clickable even without https:// or www.
_LINK_ENDINGS = frozenset(
    [
        *("app", "biz", "cf", "click", "club", "cn", "co", "com", "de", "dev", "edu", "eu", "fr", "ga", "gg", "gl"),
        *("gov", "in", "info", "io", "link", "live", "ly", "me", "ml", "net", "nl", "online", "org", "page", "ru"),
        *("shop", "site", "store", "tk", "to", "top", "tr", "ua", "uk", "us", "xyz"),
    ]
)


def neutralise(text: str) -> str:
    """The text made safe to stand inside our reply: no clickable link, no control characters, bounded length.

    `https://a.com/x` becomes `https[:]//a[.]com/x`. Mail addresses and phone numbers stay. Idempotent.
    """
    text = clean(text).strip()
    if len(text) > INSERTED_CHARACTERS_MAX:
        text = text[: INSERTED_CHARACTERS_MAX - 1] + "…"
    return _MAIL_OR_LINK.sub(_unlinked, text)


def _unlinked(found: re.Match[str]) -> str:
    if found["scheme"]:
        return "[:]//"
    host = found["host"]
    if host and (found["path"] or host.lower().startswith("www.") or _ending(host) in _LINK_ENDINGS):
        return host.replace(".", "[.]") + found["path"]
    return found[0]


def _ending(host: str) -> str:
    return host.rpartition(".")[2].lower()


# --- how it is counted: the bulletin --------------------------------------------------------------------------


class FactField(StrEnum):
    """What the bulletin may ask of a case."""

    CHANNEL = "channel"
    OWNER = "owner"
    OWNER_KIND = "owner_kind"
    NEIGHBOURHOOD = "neighbourhood"
    STATE = "state"
    OUTCOME = "outcome"


Fact: TypeAlias = Mapping[str, str | None]
"""What is known of one case under the names of `FactField`; a name left out counts as None."""


class Condition(Record):
    """`{field, in = [...]}`: the fact's value is one of these; `{field, known = true}`: it has a value at all."""

    field: FactField
    one_of: tuple[str, ...] | None = Field(None, alias="in", min_length=1)
    known: bool | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.one_of is None) == (self.known is None):
            raise ValueError("needs either `in = [...]` or `known = true`")
        return self

    def matches(self, fact: Fact) -> bool:
        """Pure: the same fact, the same answer."""
        value = fact.get(self.field)
        if self.known is not None:
            return (value is not None) is self.known
        return value in (self.one_of or ())


class Published(Record):
    """What the press printed for the same line, to check ours against."""

    cases: NonNegativeInt
    resolved: NonNegativeInt | None = None


class Labelled(Record):
    """A row of the bulletin: every condition in `when` must hold; none means every case."""

    code: Code
    label: Text
    label_en: Text
    when: tuple[Condition, ...] = ()
    published: Published | None = None
    note: str = ""
    note_en: str = ""

    def matches(self, fact: Fact) -> bool:
        """Whether every condition holds. Of a group: the earlier groups must be asked first."""
        return all(condition.matches(fact) for condition in self.when)


class Group(Labelled):
    """A part of the partition; `resolved` says what counts as resolved there."""

    resolved: tuple[Condition, ...] = Field(min_length=1)
    breakdown: FactField | None = None

    def is_resolved(self, fact: Fact) -> bool:
        """Whether a case of this group counts as resolved."""
        return all(condition.matches(fact) for condition in self.resolved)


class Line(Labelled):
    """A figure beside the groups: all cases that match, or of them those (un)resolved in their own group."""

    count: Literal["cases", "resolved", "unresolved"] = "cases"


class Note(Record):
    """A sentence under the bulletin."""

    text: Text
    text_en: Text


class Bulletin(Record):
    """The press bulletin as rules: groups in order, first match wins; lines are sums and never add to the groups."""

    title: Text
    title_en: Text
    source: Text
    groups: tuple[Group, ...] = Field(min_length=1)
    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()

    def group_of(self, fact: Fact) -> Group:
        """The one group a case is counted in; the last group takes what no other does."""
        return next(group for group in self.groups if group.matches(fact))

    def is_resolved(self, fact: Fact) -> bool:
        """Whether the case counts as resolved in its own group."""
        return self.group_of(fact).is_resolved(fact)

    def counts(self, line: Line, fact: Fact) -> bool:
        """Whether the case is one of those the line counts."""
        return line.matches(fact) and (line.count == "cases" or self.is_resolved(fact) is (line.count == "resolved"))


# --- all together ---------------------------------------------------------------------------------------------


class About(Record):
    """What stands in municipality.toml: names, places, languages, and the lines citizens reach us on."""

    code: Code
    name: Text
    name_en: Text
    centre: Text = Field(description="what the solution centre is called, e.g. İLKİM")
    centre_name: Text
    centre_name_en: Text
    district: Text
    province: Text
    timezone: Text
    default_language: Language
    languages: tuple[Language, ...] = Field(min_length=1)
    phones: tuple[Phone, ...] = ()
    accounts: tuple[Account, ...] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(f"there is no time zone {name}, write e.g. Europe/Istanbul") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone that days, office hours and reports are counted in."""
        return ZoneInfo(self.timezone)


class Municipality(About):
    """All that is a municipality's own, read by `load` and never changed. Look-ups raise KeyError."""

    departments: tuple[Department, ...]
    institutions: tuple[Institution, ...]
    topics: tuple[Topic, ...]
    levels: tuple[Level, ...]
    emergencies: tuple[Emergency, ...]
    neighbourhoods: tuple[Neighbourhood, ...]
    streets: tuple[Street, ...]
    areas: tuple[Area, ...]
    neighbours: tuple[Neighbour, ...]
    calendar: Calendar
    templates: tuple[Template, ...]
    outcomes: tuple[OutcomeWords, ...]
    bulletin: Bulletin

    def account(self, code: str) -> Account:
        """The account of that code."""
        return self._accounts[code]

    def owner(self, code: str) -> Owner:
        """The department, institution or solution centre of that code."""
        return self._owners[code]

    def topic(self, code: str) -> Topic:
        """The topic of that code."""
        return self._topics[code]

    def neighbourhood(self, code: str) -> Neighbourhood:
        """The neighbourhood of that official id."""
        return self._neighbourhoods[code]

    def institution_of(self, district: str) -> Institution | None:
        """The municipality of a neighbouring district; None: not among the institutions."""
        return next((body for body in self.institutions if body.district == district), None)

    @cached_property
    def solution_centre(self) -> Department:
        """The owner of the cases nobody knows."""
        return next(department for department in self.departments if department.kind is OwnerKind.CENTRE)

    def render(self, event: ReplyEvent | str, language: str, **values: str | None) -> Rendered:
        """The reply to `event`, in the default language where ours has not `language`.

        Values are plain text and never templates; `neutralise` makes them safe. `outcome` takes an outcome's
        code. A template line whose value is empty or None is left out. Raises ValueError when a required value
        is missing or a name is unknown to the event.
        """
        event = ReplyEvent(event)
        template = self._templates.get((event, language)) or self._templates[event, self.default_language]
        filled = self._filled(template, values)
        lines = (_fill(line, filled) for line in template.text.strip().split("\n"))
        text = "\n".join(line for line in lines if line is not None)
        return Rendered(re.sub(r"\n{3,}", "\n\n", text).strip(), template.name, template.version)

    def _filled(self, template: Template, values: Mapping[str, str | None]) -> dict[str, str]:
        slots = SLOTS[template.event]
        if unknown := values.keys() - slots.allowed:
            raise ValueError(f"{template.name} knows no {', '.join(sorted(unknown))}")
        own = {"municipality": self._name_in(template.language), "centre": self.centre}
        filled = own | {name: neutralise(value) for name, value in values.items() if value is not None}
        if missing := [name for name in sorted(slots.required) if not filled.get(name)]:
            raise ValueError(f"{template.name} needs a value for {', '.join(missing)}")
        if "outcome" in filled:
            words = self._outcomes[Outcome(filled["outcome"])]
            filled["outcome"] = words.name_en if template.language == "en" else words.name
        return filled

    def _name_in(self, language: str) -> str:
        return self.name_en if language == "en" else self.name

    @cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.code: account for account in self.accounts}

    @cached_property
    def _owners(self) -> dict[str, Owner]:
        owners: list[Owner] = [*self.departments, *self.institutions]
        return {owner.code: owner for owner in owners}

    @cached_property
    def _topics(self) -> dict[str, Topic]:
        return {topic.code: topic for topic in self.topics}

    @cached_property
    def _neighbourhoods(self) -> dict[str, Neighbourhood]:
        return {neighbourhood.code: neighbourhood for neighbourhood in self.neighbourhoods}

    @cached_property
    def _templates(self) -> dict[tuple[str, str], Template]:
        return {(template.event, template.language): template for template in self.templates}

    @cached_property
    def _outcomes(self) -> dict[Outcome, OutcomeWords]:
        return {words.code: words for words in self.outcomes}


def _fill(line: str, values: Mapping[str, str]) -> str | None:
    """The line with its values, in one pass so that a value is never read as a template; None: a value is empty."""
    names = _PLACEHOLDER.findall(line)
    if any(not values.get(name) for name in names):
        return None
    return _PLACEHOLDER.sub(lambda found: values[found[1]], line)


def load(folder: Path) -> Municipality:
    """The municipality whose data stands in `folder`. Raises MunicipalityError with every mistake found."""
    parts: dict[str, Any] = {}
    problems: list[Problem] = []
    for read in (_read_about, _read_owners, _read_topics, _read_places, _read_calendar, _read_words, _read_bulletin):
        try:
            parts |= read(folder)
        except MunicipalityError as error:
            problems += error.problems
    if problems:
        raise MunicipalityError(problems)
    municipality = Municipality(**parts)
    if problems := [problem for check in _CHECKS for problem in check(municipality)]:
        raise MunicipalityError(problems)
    return municipality


# --- reading the files ----------------------------------------------------------------------------------------


class _AboutFile(About):
    phones: tuple[Phone, ...] = Field((), alias="phone")
    accounts: tuple[Account, ...] = Field(alias="account", min_length=1)


class _DepartmentsFile(Record):
    department: tuple[Department, ...] = Field(min_length=1)


class _InstitutionsFile(Record):
    institution: tuple[Institution, ...]


class _TopicsFile(Record):
    topic: tuple[Topic, ...] = Field(min_length=1)


class _EmergencyRow(Named):
    number: PhoneNumber
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    unless: tuple[Phrase, ...] = ()


class _UrgencyFile(Record):
    level: tuple[Level, ...] = ()
    emergency: tuple[_EmergencyRow, ...]


class _CalendarFile(Calendar):
    office_hours: tuple[OfficeHours, ...] = Field(alias="office", min_length=1)
    holidays: tuple[Holiday, ...] = Field(alias="holiday")


class _TemplatesFile(Record):
    template: tuple[Template, ...]
    outcome: tuple[OutcomeWords, ...]


class _BulletinFile(Bulletin):
    groups: tuple[Group, ...] = Field(alias="group", min_length=1)
    lines: tuple[Line, ...] = Field((), alias="line")
    notes: tuple[Note, ...] = Field((), alias="note")


Parts: TypeAlias = dict[str, Any]
Model = TypeVar("Model", bound=Record)


def _read_about(folder: Path) -> Parts:
    return _fields(_toml(folder / "municipality.toml", _AboutFile))


def _read_owners(folder: Path) -> Parts:
    departments = _toml(folder / "departments.toml", _DepartmentsFile).department
    return {
        "departments": departments,
        "institutions": _toml(folder / "institutions.toml", _InstitutionsFile).institution,
    }


def _read_topics(folder: Path) -> Parts:
    urgency = _toml(folder / "urgency.toml", _UrgencyFile)
    topics = _toml(folder / "topics.toml", _TopicsFile).topic
    emergencies = tuple(Emergency(**_fields(row)) for row in urgency.emergency)
    return {"topics": topics, "levels": urgency.level, "emergencies": emergencies}


def _read_places(folder: Path) -> Parts:
    return {
        "neighbourhoods": _table(folder / "neighbourhoods.csv", Neighbourhood),
        "streets": _table(folder / "streets.csv", Street),
        "neighbours": _table(folder / "neighbours.csv", Neighbour),
        "areas": _areas(folder / "neighbourhoods.geojson"),
    }


def _read_calendar(folder: Path) -> Parts:
    return {"calendar": Calendar(**_fields(_toml(folder / "calendar.toml", _CalendarFile)))}


def _read_words(folder: Path) -> Parts:
    file = _toml(folder / "templates.toml", _TemplatesFile)
    return {"templates": file.template, "outcomes": file.outcome}


def _read_bulletin(folder: Path) -> Parts:
    return {"bulletin": Bulletin(**_fields(_toml(folder / "bulletin.toml", _BulletinFile)))}


def _fields(model: Record) -> Parts:
    return {name: getattr(model, name) for name in type(model).model_fields}


def _toml(path: Path, model: type[Model]) -> Model:
    try:
        content = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise _mistake(path.name, "the file", f"is no TOML: {error}", "Correct that line") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise MunicipalityError(_problem(path.name, content, detail) for detail in error.errors()) from error


def _table(path: Path, model: type[Model]) -> tuple[Model, ...]:
    reader = csv.DictReader(_text(path).splitlines(), strict=True)
    if reader.fieldnames != list(model.model_fields):
        raise _mistake(
            path.name,
            "line 1",
            f"the columns are {', '.join(reader.fieldnames or ['none'])}",
            f"Make them {', '.join(model.model_fields)}",
        )
    try:
        rows = list(reader)
        return TypeAdapter(tuple[model, ...]).validate_python(rows)  # type: ignore[valid-type]
    except csv.Error as error:
        raise _mistake(path.name, f"line {reader.line_num}", f"is no CSV: {error}", "Correct that line") from error
    except ValidationError as error:
        raise MunicipalityError(_problem(path.name, rows, detail) for detail in error.errors()) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        remedy = "Add it; municipality/ilkadim/README.md says what goes in"
        raise _mistake(path.name, "the file", f"is missing in {path.parent}", remedy) from error
    except UnicodeDecodeError as error:
        raise _mistake(path.name, "the file", f"is not UTF-8: {error}", "Save it as UTF-8") from error


def _mistake(file: str, entry: str, trouble: str, remedy: str) -> MunicipalityError:
    return MunicipalityError([Problem(file, entry, trouble, remedy)])


def _problem(file: str, content: object, detail: Any) -> Problem:
    """A pydantic error in the words of who keeps the file."""
    entry, field = _entry(content, detail["loc"])
    if detail["type"] == "extra_forbidden":
        return Problem(file, entry, f"field `{field}` is unknown", "Remove it or correct its spelling")
    if detail["type"] == "missing":
        return Problem(file, entry, f"field `{field}` is missing", "Add it")
    trouble = detail["msg"].removeprefix("Value error, ")
    return Problem(file, entry, f"{field}: {trouble}" if field else trouble, f"Correct it (it is {_shown(detail)})")


def _shown(detail: Any) -> str:
    text = repr(detail["input"])
    return text if len(text) <= 60 else text[:59] + "…"


def _entry(content: object, location: tuple[int | str, ...]) -> tuple[str, str]:
    """(the entry by its number and code, the field within it) of a pydantic error's location."""
    at = next((place for place, step in enumerate(location) if isinstance(step, int)), None)
    if at is None:
        return "the file", ".".join(map(str, location))
    for step in location[: at + 1]:
        content = content[step]  # type: ignore[index]
    kind = location[at - 1] if at else "row"
    return f"{kind} {int(location[at]) + 1}{_called(content)}", ".".join(map(str, location[at + 1 :]))


def _called(entry: object) -> str:
    if not isinstance(entry, dict):
        return ""
    name = next((entry[key] for key in ("code", "event", "name", "date", "weekday") if key in entry), None)
    return f" ({name})" if name is not None else ""


def _areas(path: Path) -> tuple[Area, ...]:
    try:
        content = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise _mistake(path.name, "the file", f"is no JSON: {error}", "Correct that line") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise _mistake(path.name, "the file", "has no `features`", "Save it as a GeoJSON FeatureCollection")
    areas: list[Area] = []
    problems: list[Problem] = []
    for number, feature in enumerate(features, 1):
        try:
            areas.append(_area(feature))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(_area_problem(path.name, number, feature, error))
    if problems:
        raise MunicipalityError(problems)
    return tuple(areas)


def _area(feature: Any) -> Area:
    geometry = feature["geometry"]
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"is a {geometry['type']}, not a Polygon or MultiPolygon")
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    if not all(polygons):
        raise ValueError("has a polygon without a ring")
    return Area(str(feature["properties"]["code"]), tuple(tuple(map(_ring, polygon)) for polygon in polygons))


def _ring(points: Any) -> Ring:
    ring = tuple((float(longitude), float(latitude)) for longitude, latitude, *_ in points)
    if len(ring) < 4:
        raise ValueError(f"has a ring of {len(ring)} points, at least four are needed")
    if ring[0] != ring[-1]:
        raise ValueError(f"has an unclosed ring: it starts at {ring[0]} and ends at {ring[-1]}")
    if not all(-180 <= longitude <= 180 and -90 <= latitude <= 90 for longitude, latitude in ring):
        raise ValueError("has points off the globe")
    return ring


def _area_problem(file: str, number: int, feature: Any, error: Exception) -> Problem:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    entry = f"feature {number}{_called(properties)}"
    trouble = f"has no {error}" if isinstance(error, KeyError) else str(error)
    return Problem(file, entry, trouble, "Export the polygon again: closed rings of [longitude, latitude]")


# --- checks across files --------------------------------------------------------------------------------------


def _check_codes(municipality: Municipality) -> Iterator[Problem]:
    owners = [*municipality.departments, *municipality.institutions]
    for file, codes in (
        ("municipality.toml", [account.code for account in municipality.accounts]),
        ("departments.toml and institutions.toml", [owner.code for owner in owners]),
        ("topics.toml", [topic.code for topic in municipality.topics]),
        ("urgency.toml", [level.code for level in municipality.levels]),
        ("urgency.toml", [emergency.code for emergency in municipality.emergencies]),
        ("neighbourhoods.csv", [neighbourhood.code for neighbourhood in municipality.neighbourhoods]),
        ("neighbourhoods.geojson", [area.code for area in municipality.areas]),
        ("streets.csv", [street.code for street in municipality.streets]),
        ("calendar.toml", [str(holiday.date) for holiday in municipality.calendar.holidays]),
        ("calendar.toml", [f"weekday {hours.weekday}" for hours in municipality.calendar.office_hours]),
        ("templates.toml", [template.name for template in municipality.templates]),
        ("templates.toml", [words.code for words in municipality.outcomes]),
        ("bulletin.toml", [group.code for group in municipality.bulletin.groups]),
        ("bulletin.toml", [line.code for line in municipality.bulletin.lines]),
    ):
        for code, times in Counter(codes).items():
            if times > 1:
                yield Problem(file, code, f"stands there {times} times", "Keep one, or give each its own code")


def _check_languages(municipality: Municipality) -> Iterator[Problem]:
    if municipality.default_language not in municipality.languages:
        trouble = f"{municipality.default_language} is not among languages"
        yield Problem("municipality.toml", "default_language", trouble, "Add it to languages")


def _check_centre(municipality: Municipality) -> Iterator[Problem]:
    centres = [department.code for department in municipality.departments if department.kind is OwnerKind.CENTRE]
    if len(centres) != 1:
        trouble = f"has {len(centres)} departments of kind centre"
        yield Problem("departments.toml", ", ".join(centres) or "the file", trouble, "Give exactly one `kind = centre`")


def _check_topics(municipality: Municipality) -> Iterator[Problem]:
    known = {owner.code for owner in (*municipality.departments, *municipality.institutions)}
    for topic in municipality.topics:
        if topic.owner not in known:
            remedy = "Add it to departments.toml or institutions.toml, or correct the code"
            yield Problem("topics.toml", topic.code, f"the owner {topic.owner} is unknown", remedy)


def _check_urgency(municipality: Municipality) -> Iterator[Problem]:
    phones = {institution.phone for institution in municipality.institutions}
    for emergency in municipality.emergencies:
        if emergency.number not in phones:
            trouble = f"no institution has the advice number {emergency.number}"
            yield Problem("urgency.toml", emergency.code, trouble, "Add the phone to institutions.toml or correct it")


def _check_places(municipality: Municipality) -> Iterator[Problem]:
    known = {neighbourhood.code: neighbourhood for neighbourhood in municipality.neighbourhoods}
    for street in municipality.streets:
        if street.neighbourhood not in known:
            trouble = f"{street.name} lies in the unknown neighbourhood {street.neighbourhood}"
            yield Problem("streets.csv", street.code, trouble, "Add it to neighbourhoods.csv, or correct the code")
    for area in municipality.areas:
        if area.code not in known:
            remedy = "Add it to neighbourhoods.csv, or remove the polygon"
            yield Problem("neighbourhoods.geojson", area.code, "is no known neighbourhood", remedy)
        elif not _surrounds(area, known[area.code]):
            trouble = f"does not surround the point of {known[area.code].name} in neighbourhoods.csv"
            remedy = "Correct the one that is wrong; GeoJSON wants [longitude, latitude]"
            yield Problem("neighbourhoods.geojson", area.code, trouble, remedy)
    for code in sorted(known.keys() - {area.code for area in municipality.areas}):
        trouble = f"{known[code].name} has no polygon"
        yield Problem("neighbourhoods.csv", code, trouble, "Add it to neighbourhoods.geojson")


def _surrounds(area: Area, neighbourhood: Neighbourhood) -> bool:
    """Whether the point lies in the bounding box: enough to tell swapped axes, quick enough for every start."""
    longitudes = [longitude for polygon in area.polygons for longitude, _ in polygon[0]]
    latitudes = [latitude for polygon in area.polygons for _, latitude in polygon[0]]
    return min(longitudes) <= neighbourhood.longitude <= max(longitudes) and min(
        latitudes
    ) <= neighbourhood.latitude <= max(latitudes)


def _check_place_names(municipality: Municipality) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for neighbourhood in municipality.neighbourhoods:
        for name in {fold(name) for name in (neighbourhood.name, *neighbourhood.aliases)}:
            if name in owners:
                trouble = f'the name or alias "{name}" belongs to {owners[name]} as well'
                yield Problem("neighbourhoods.csv", neighbourhood.code, trouble, "Keep it with one of them")
            owners[name] = neighbourhood.name


def _check_neighbours(municipality: Municipality) -> Iterator[Problem]:
    known = {institution.district for institution in municipality.institutions}
    for district in sorted({neighbour.district for neighbour in municipality.neighbours} - known):
        remedy = f'Add the municipality with district = "{district}" to institutions.toml'
        yield Problem("neighbours.csv", district, "no institution stands for this district", remedy)


def _check_calendar(municipality: Municipality) -> Iterator[Problem]:
    calendar = municipality.calendar
    for holiday in calendar.holidays:
        if holiday.date.year not in calendar.years:
            remedy = "Add the year to `years` once all its holidays stand there"
            yield Problem("calendar.toml", str(holiday.date), "is outside `years`", remedy)
    for year in sorted(set(calendar.years) - {holiday.date.year for holiday in calendar.holidays}):
        yield Problem("calendar.toml", str(year), "has no holiday", "Add its holidays, or take it from `years`")
    for hours in calendar.office_hours:
        if any(before.end > after.start for before, after in zip(hours.spans, hours.spans[1:], strict=False)):
            remedy = "Write the spans in order, each starting after the one before ends"
            yield Problem("calendar.toml", f"weekday {hours.weekday}", "the spans overlap", remedy)


def _check_templates(municipality: Municipality) -> Iterator[Problem]:
    present = {(template.event, template.language) for template in municipality.templates}
    for event in ReplyEvent:
        for language in municipality.languages:
            if (event, language) not in present:
                trouble = f"the language {language} is missing"
                remedy = f'Add a [[template]] with event = "{event}", language = "{language}"'
                yield Problem("templates.toml", event, trouble, remedy)
    for template in municipality.templates:
        yield from _check_template(template)
    for outcome in sorted(set(Outcome) - {words.code for words in municipality.outcomes}):
        remedy = f'Add an [[outcome]] with code = "{outcome}"'
        yield Problem("templates.toml", outcome, "has no words for citizens", remedy)


def _check_template(template: Template) -> Iterator[Problem]:
    slots = SLOTS[template.event]
    for name in sorted(template.placeholders - slots.allowed):
        trouble = f"the placeholder {{{name}}} is unknown to this event"
        yield Problem("templates.toml", template.name, trouble, f"Use one of: {', '.join(sorted(slots.allowed))}")
    for name in sorted((slots.required | slots.expected) - template.placeholders):
        trouble = f"does not say {{{name}}}"
        yield Problem("templates.toml", template.name, trouble, "The citizen must be told: put it in")
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template.text)):
        remedy = "Write placeholders as {name}: small letters, both braces"
        yield Problem("templates.toml", template.name, "has a stray brace", remedy)


def _check_bulletin(municipality: Municipality) -> Iterator[Problem]:
    *first, last = municipality.bulletin.groups
    if last.when:
        trouble = "is the last group and has conditions, so some cases would be counted nowhere"
        yield Problem("bulletin.toml", last.code, trouble, "End with a group without `when`")
    for group in first:
        if not group.when:
            trouble = "takes every case, so the groups after it stay empty"
            yield Problem("bulletin.toml", group.code, trouble, "Give it a `when`, or move it to the end")
    known = _known_values(municipality)
    for row in (*municipality.bulletin.groups, *municipality.bulletin.lines):
        resolved = row.resolved if isinstance(row, Group) else ()
        for condition in (*row.when, *resolved):
            for value in sorted(set(condition.one_of or ()) - known[condition.field]):
                trouble = f"no {condition.field} is called {value}"
                yield Problem("bulletin.toml", row.code, trouble, _choices(known[condition.field]))


def _known_values(municipality: Municipality) -> Mapping[FactField, set[str]]:
    return {
        FactField.CHANNEL: set(Channel),
        FactField.OWNER: {owner.code for owner in (*municipality.departments, *municipality.institutions)},
        FactField.OWNER_KIND: set(OwnerKind),
        FactField.NEIGHBOURHOOD: {neighbourhood.code for neighbourhood in municipality.neighbourhoods},
        FactField.STATE: set(CaseState),
        FactField.OUTCOME: set(Outcome),
    }


def _choices(values: set[str]) -> str:
    few = sorted(values)[:12]
    return f"Use one of: {', '.join(few)}{' …' if len(values) > len(few) else ''}"


_CHECKS = (
    _check_codes,
    _check_languages,
    _check_centre,
    _check_topics,
    _check_urgency,
    _check_places,
    _check_place_names,
    _check_neighbours,
    _check_calendar,
    _check_templates,
    _check_bulletin,
)
