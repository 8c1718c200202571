"""What messages and people do at the desk: one short function per message or action."""

from dataclasses import dataclass

from services.desk.handlers.alerts import Alerts, NoSuchAlert
from services.desk.handlers.calls import Caller, Calls, NoSuchCall
from services.desk.handlers.cases import Cases, Whole
from services.desk.handlers.entries import Entries, NoSuchEntry, WrongEntry
from services.desk.handlers.listing import WorkList
from services.desk.handlers.notes import Notes
from services.desk.handlers.photos import FinishedPhotos
from services.desk.handlers.searching import Search
from services.desk.handlers.splits import Splits
from services.desk.handlers.tasks import NoSuchTask, TaskRefused, Tasks, UnknownChoice
from services.desk.handlers.work import NoSuchItem, Refused, Unknown, Work, take_in

__all__ = [
    "Alerts",
    "Caller",
    "Calls",
    "Cases",
    "Desk",
    "Entries",
    "FinishedPhotos",
    "NoSuchAlert",
    "NoSuchCall",
    "NoSuchEntry",
    "NoSuchItem",
    "NoSuchTask",
    "Notes",
    "Refused",
    "Search",
    "Splits",
    "TaskRefused",
    "Tasks",
    "Unknown",
    "UnknownChoice",
    "Whole",
    "Work",
    "WorkList",
    "WrongEntry",
    "take_in",
]


@dataclass(frozen=True)
class Desk:
    """All that people do at the desk."""

    work: Work
    tasks: Tasks
    entries: Entries
    calls: Calls
    alerts: Alerts
    cases: Cases
    photos: FinishedPhotos
    notes: Notes
    splits: Splits
    search: Search
