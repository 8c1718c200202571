"""What messages and people do at the desk: one short function per message or action."""

from services.desk.handlers.entries import Entries, NoSuchEntry, WrongEntry
from services.desk.handlers.tasks import NoSuchTask, TaskRefused, Tasks
from services.desk.handlers.work import NoSuchItem, Refused, Unknown, Work, take_in

__all__ = [
    "Entries",
    "NoSuchEntry",
    "NoSuchItem",
    "NoSuchTask",
    "Refused",
    "TaskRefused",
    "Tasks",
    "Unknown",
    "Work",
    "WrongEntry",
    "take_in",
]
