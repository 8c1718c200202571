"""Loads a municipality from its folder: which files there are, and what each brings."""

from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import structlog
from pydantic import Field

from shared.contracts.channel import Code
from shared.municipality.about import About, Account, Phone
from shared.municipality.answers import StandardAnswer
from shared.municipality.base import Named, PhoneNumber, Record
from shared.municipality.bulletin import Bulletin, Group, Line, Note
from shared.municipality.calendar import Calendar, Holiday, OfficeHours
from shared.municipality.checks import mistakes_across_files
from shared.municipality.conversation import Conversation
from shared.municipality.delivery import DeliveryRules, EventRule, Ladder, Provider
from shared.municipality.duty import Duty, Shift
from shared.municipality.escalation import Escalation, EscalationStep
from shared.municipality.files import read_areas, read_folder, read_table, read_toml, with_line
from shared.municipality.incidents import IncidentGroup, Incidents
from shared.municipality.kinds import Kinds
from shared.municipality.mistakes import PROBLEMS_SHOWN_MAX, MunicipalityError, Problem
from shared.municipality.municipality import Municipality
from shared.municipality.opendata import OpenData
from shared.municipality.owners import Department, Institution
from shared.municipality.places import CoastPoint, Landmark, Neighbour, Neighbourhood, Street
from shared.municipality.replies import OutcomeWords, Template
from shared.municipality.reports import ScheduledReport
from shared.municipality.roles import Access
from shared.municipality.rules import RoadKeeper, Rule
from shared.municipality.standard_texts import StandardText
from shared.municipality.topics import Level, Phrase, TopicGroup
from shared.urgency import AlarmRules, Emergency

log = structlog.get_logger()

Parts: TypeAlias = dict[str, Any]
# What places are found by, beside their names: without it a service can still do everything else.
GROUND_FILES: Final = frozenset(
    {"streets.csv", "neighbours.csv", "landmarks.csv", "coast.csv", "neighbourhoods.geojson"}
)
MINUTES_MAX: Final = 24 * 60


def load(folder: Path) -> Municipality:
    """The municipality whose data stands in `folder`. Raises MunicipalityError with every mistake found."""
    parts: Parts = {}
    problems: list[Problem] = []
    for read in _READERS:
        try:
            parts |= read(folder)
        except MunicipalityError as error:
            problems += error.problems
    if problems:
        raise MunicipalityError(problems)
    municipality = Municipality(**parts)
    if problems := list(mistakes_across_files(municipality)):
        raise MunicipalityError(with_line(folder, problem) for problem in problems)
    return municipality


def load_for_service(folder: Path) -> Municipality:
    """As `load`; but broken files of the ground stop no service.

    Then there is no ground: `without_ground` says why, and whoever locates finds nothing. Every other mistake raises.
    """
    try:
        return load(folder)
    except MunicipalityError as error:
        if not {problem.file for problem in error.problems} <= GROUND_FILES:
            raise
        log.error("places_unusable", problems=[str(problem) for problem in error.problems[:PROBLEMS_SHOWN_MAX]])
        return _load_without_ground(folder, str(error.problems[0]))


def _load_without_ground(folder: Path, trouble: str) -> Municipality:
    parts: Parts = {"without_ground": trouble} | dict.fromkeys(("streets", "areas", "neighbours"), ())
    for read in (*_READERS, _read_neighbourhoods):
        if read is not _read_places:
            parts |= read(folder)
    municipality = Municipality(**parts)
    if problems := list(mistakes_across_files(municipality)):
        raise MunicipalityError(with_line(folder, problem) for problem in problems)
    return municipality


def _read_about(folder: Path) -> Parts:
    return _fields(read_toml(folder / "municipality.toml", _AboutFile))


def _read_owners(folder: Path) -> Parts:
    departments = read_toml(folder / "departments.toml", _DepartmentsFile).department
    return {
        "departments": departments,
        "institutions": read_toml(folder / "institutions.toml", _InstitutionsFile).institution,
    }


def _read_topics(folder: Path) -> Parts:
    urgency = read_toml(folder / "urgency.toml", _UrgencyFile)
    groups = read_folder(folder / "topics", TopicGroup)
    emergencies = tuple(Emergency(**_fields(row)) for row in urgency.emergency)
    alarm = AlarmRules(**_fields(urgency.alarm))
    return {"topic_groups": groups, "levels": urgency.level, "emergencies": emergencies, "alarm": alarm}


def _read_incidents(folder: Path) -> Parts:
    return {"incidents": Incidents(**_fields(read_toml(folder / "incidents.toml", _IncidentsFile)))}


def _read_kinds(folder: Path) -> Parts:
    return {"kinds": read_toml(folder / "kinds.toml", Kinds)}


def _read_places(folder: Path) -> Parts:
    return _read_neighbourhoods(folder) | {
        "streets": read_table(folder / "streets.csv", Street),
        "neighbours": read_table(folder / "neighbours.csv", Neighbour),
        "landmarks": read_table(folder / "landmarks.csv", Landmark),
        "coast": read_table(folder / "coast.csv", CoastPoint),
        "areas": read_areas(folder / "neighbourhoods.geojson"),
    }


def _read_neighbourhoods(folder: Path) -> Parts:
    return {"neighbourhoods": read_table(folder / "neighbourhoods.csv", Neighbourhood)}


def _read_calendar(folder: Path) -> Parts:
    return {"calendar": Calendar(**_fields(read_toml(folder / "calendar.toml", _CalendarFile)))}


def _read_words(folder: Path) -> Parts:
    file = read_toml(folder / "templates.toml", _TemplatesFile)
    return {"templates": file.template, "outcomes": file.outcome}


def _read_bulletin(folder: Path) -> Parts:
    return {"bulletin": Bulletin(**_fields(read_toml(folder / "bulletin.toml", _BulletinFile)))}


def _read_open_data(folder: Path) -> Parts:
    return {"open_data": read_toml(folder / "opendata.toml", OpenData)}


def _read_answers(folder: Path) -> Parts:
    texts = read_toml(folder / "standard_texts.toml", _StandardTextsFile).text
    return {
        "standard_answers": read_toml(folder / "answers.toml", _AnswersFile).answer,
        "standard_texts": texts,
    }


def _read_delivery(folder: Path) -> Parts:
    return {"delivery": DeliveryRules(**_fields(read_toml(folder / "delivery.toml", _DeliveryFile)))}


def _read_conversation(folder: Path) -> Parts:
    return {"conversation": read_toml(folder / "conversation.toml", Conversation)}


def _read_escalation(folder: Path) -> Parts:
    return {"escalation": Escalation(**_fields(read_toml(folder / "escalation.toml", _EscalationFile)))}


def _read_duty(folder: Path) -> Parts:
    return {"duty": Duty(**_fields(read_toml(folder / "duty.toml", _DutyFile)))}


def _read_roles(folder: Path) -> Parts:
    return {"access": read_toml(folder / "roles.toml", Access)}


def _read_reports(folder: Path) -> Parts:
    return {"reports": read_toml(folder / "reports.toml", _ReportsFile).report}


def _read_rules(folder: Path) -> Parts:
    return {
        "rules": read_toml(folder / "rules.toml", _RulesFile).rule,
        "road_keepers": read_table(folder / "road_keepers.csv", RoadKeeper),
    }


_READERS = (
    *(_read_about, _read_owners, _read_topics, _read_kinds, _read_places, _read_calendar, _read_words, _read_bulletin),
    *(_read_answers, _read_delivery, _read_conversation, _read_rules, _read_incidents, _read_escalation, _read_duty),
    *(_read_roles, _read_reports),
    _read_open_data,
)


def _fields(model: Record) -> Parts:
    return {name: getattr(model, name) for name in type(model).model_fields}


class _AboutFile(About):
    phones: tuple[Phone, ...] = Field((), alias="phone")
    accounts: tuple[Account, ...] = Field(alias="account", min_length=1)


class _DepartmentsFile(Record):
    department: tuple[Department, ...] = Field(min_length=1)


class _InstitutionsFile(Record):
    institution: tuple[Institution, ...]


class _EmergencyRow(Named):
    number: PhoneNumber
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    maybe: tuple[Phrase, ...] = ()
    unless: tuple[Phrase, ...] = ()


class _AlarmRow(Record):
    by_model: Code
    remind_minutes: Annotated[int, Field(ge=1, le=MINUTES_MAX)]
    calm: tuple[Phrase, ...] = ()


class _UrgencyFile(Record):
    alarm: _AlarmRow
    level: tuple[Level, ...] = Field(min_length=2)
    emergency: tuple[_EmergencyRow, ...]


class _IncidentsFile(Incidents):
    groups: tuple[IncidentGroup, ...] = Field((), alias="group")


class _EscalationFile(Escalation):
    steps: tuple[EscalationStep, ...] = Field(alias="step")


class _DutyFile(Duty):
    shifts: tuple[Shift, ...] = Field((), alias="shift")


class _CalendarFile(Calendar):
    office_hours: tuple[OfficeHours, ...] = Field(alias="office", min_length=1)
    holidays: tuple[Holiday, ...] = Field(alias="holiday")


class _AnswersFile(Record):
    answer: tuple[StandardAnswer, ...]


class _StandardTextsFile(Record):
    text: tuple[StandardText, ...]


class _ReportsFile(Record):
    report: tuple[ScheduledReport, ...] = ()


class _RulesFile(Record):
    rule: tuple[Rule, ...] = ()


class _TemplatesFile(Record):
    template: tuple[Template, ...]
    outcome: tuple[OutcomeWords, ...]


class _DeliveryFile(DeliveryRules):
    ladders: tuple[Ladder, ...] = Field(alias="ladder", min_length=1)
    events: tuple[EventRule, ...] = Field(alias="event", min_length=1)
    providers: tuple[Provider, ...] = Field((), alias="provider")


class _BulletinFile(Bulletin):
    groups: tuple[Group, ...] = Field(alias="group", min_length=1)
    lines: tuple[Line, ...] = Field((), alias="line")
    notes: tuple[Note, ...] = Field((), alias="note")
