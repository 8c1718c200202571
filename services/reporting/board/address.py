"""What the address of a page asks for, and addresses that ask for a little more or less."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.board import Period, period_of

UNKNOWN: Final = "-"  # how an address writes the value "not known"
FILTERS: Final = tuple(axis for axis in Axis if not axis.is_time)
VALUE_LETTERS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class View:
    """A period, and the values that cases must have to be counted; `asked` is how the address writes it."""

    period: Period
    where: tuple[tuple[Axis, str], ...]
    asked: tuple[tuple[str, str], ...]

    def question(self, *by: Axis, period: Period | None = None) -> Question:
        """Of these cases, told apart by these axes; `period` another one than its own."""
        days = period or self.period
        return Question(days.first, days.last, by, dict(self.where))

    def on(self, day: date, *by: Axis) -> Question:
        """The same of one day."""
        return Question(day, day, by, dict(self.where))

    def ever(self, *by: Axis) -> Question:
        """The same of all days."""
        return Question(None, None, by, dict(self.where))

    def link(self, path: str, /, **changed: str | None) -> str:
        """An address below `path` with this view and some parameters changed; None takes one away."""
        parameters = {name: value for name, value in self.asked if name not in changed}
        parameters |= {name: value for name, value in changed.items() if value is not None}
        return f"{path}?{urlencode(parameters)}" if parameters else path


def view_of(query: Mapping[str, str], today: date) -> View:
    """The view an address asks for; what it cannot mean is left out."""
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    if first and last and first > last:
        first, last = last, first
    period = period_of(query.get("donem", ""), first, last, today)
    where = tuple((axis, _value(query[axis])) for axis in FILTERS if query.get(axis))
    days = {"from": first, "to": last} if first or last else {}
    asked = [(name, day.isoformat()) for name, day in days.items() if day]
    if not asked and period.code != "son30":
        asked.append(("donem", period.code))
    return View(period, where, (*asked, *((axis.value, written(value)) for axis, value in where)))


def written(value: str) -> str:
    """How an address writes a value of an axis."""
    return value or UNKNOWN


def _value(asked: str) -> str:
    return "" if asked == UNKNOWN else asked[:VALUE_LETTERS_MAX]


def _day(asked: str) -> date | None:
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return None
