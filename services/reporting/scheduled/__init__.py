"""Reports by mail when a day, a week or a month is over: gathered, laid out, sent once to each address."""

from services.reporting.scheduled.gathering import Gathered, gather
from services.reporting.scheduled.sender import Reports

__all__ = ["Gathered", "Reports", "gather"]
