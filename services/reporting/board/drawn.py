"""The charts of a dashboard: what is counted, told as values and words of `charts`, and drawn for phone and desk."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from services.reporting import charts
from services.reporting.board.reading import Satisfaction, Whole
from services.reporting.charts import FULL, HALF, PHONE, Artist, Bar, Cell, Chart, Colour, Point, Shares
from services.reporting.domain.asking import Axis
from services.reporting.domain.board import AGE_ENDS_DAYS, Line
from services.reporting.labels import Labels
from shared.municipality import Municipality
from shared.pages import Catalogue, Formats

BARS_MAX: Final = 8
HOURS_OF_DAY: Final = 24
DATES: Final = {"tr": "%d.%m", "en": "%-d.%-m."}
DATES_OF_YEARS: Final = {"tr": "%m.%Y", "en": "%-m/%Y"}
YEAR_DAYS: Final = 366
Make = Callable[[int], Chart]


@dataclass(frozen=True, slots=True)
class Words:
    """How one reader is spoken to."""

    language: str
    catalogue: Catalogue
    formats: Formats
    labels: Labels

    def say(self, key: str, **values: object) -> str:
        """A message of the dashboard."""
        return self.catalogue.say(self.language, f"board.{key}", **values)

    def value(self, axis: Axis, value: str) -> str:
        """What a value of an axis is called."""
        return self.labels.value(axis, value, self.language)


class Drawn:
    """Draws every chart of a view, each for a phone and for a desk."""

    def __init__(self, artist: Artist, place: Municipality) -> None:
        self._artist = artist
        self._place = place

    async def draw(self, whole: Whole, words: Words) -> dict[str, Markup]:
        """The charts by name; one without anything to show is left out."""
        makes = {name: (make, wide) for name, make, wide in self._charts(whole, words)}
        drawn = await asyncio.gather(*(self._both(make, wide) for make, wide in makes.values()))
        return dict(zip(makes, drawn, strict=True))

    async def _both(self, make: Make, wide: int) -> Markup:
        """Both widths; the stylesheet shows the one that fits."""
        phone, desk = await asyncio.gather(self._artist.draw(make(PHONE)), self._artist.draw(make(wide)))
        return Markup('<div class="drawing"><div class="on-phone">{}</div><div class="on-desk">{}</div></div>').format(
            charts.on_page(phone), charts.on_page(desk)
        )

    def _charts(self, whole: Whole, words: Words) -> list[tuple[str, Make, int]]:
        departments = whole.owners(self._place, institutions=False)
        institutions = whole.owners(self._place, institutions=True)
        by_name: dict[str, tuple[Axis, Sequence[Line]]] = {
            "channel": (Axis.CHANNEL, whole.tables[Axis.CHANNEL]),
            "department": (Axis.OWNER, departments),
            "institution": (Axis.OWNER, institutions),
            "topic": (Axis.TOPIC, whole.tables[Axis.TOPIC]),
            "state": (Axis.STATE, whole.tables[Axis.STATE]),
            "kind": (Axis.KIND, whole.tables[Axis.KIND]),
            "outcome": (Axis.OUTCOME, whole.tables[Axis.OUTCOME]),
        }
        found: list[tuple[str, Make, int]] = [
            (name, _bars(name, axis, lines, words), HALF) for name, (axis, lines) in by_name.items() if lines
        ]
        if whole.course.marks:
            found.append(("trend", _trend(whole, words), FULL))
        if whole.counts.due:
            found.append(("on_time", _on_time(whole, words), HALF))
        if whole.counts.open:
            found.append(("ages", _ages(whole, words), HALF))
        if whole.counts.cases:
            found.append(("hours", _hours(whole, words), FULL))
        if whole.surveys:
            found.append(("surveys", _surveys(whole.surveys, words), HALF))
        return found


def age_name(at: int, words: Words) -> str:
    """What a group of ages is called, e.g. "4–7 gün"."""
    end, first = AGE_ENDS_DAYS[at], (AGE_ENDS_DAYS[at - 1] or 0) + 1 if at else 0
    if end is None:
        return words.say("age_over", days=first - 1)
    return words.say("age_between", first=first, last=end)


def _common(name: str, words: Words, told: str) -> dict[str, Any]:
    return {"title": words.say(f"by_{name}"), "words": told, "language": words.language}


def _bars(name: str, axis: Axis, lines: Sequence[Line], words: Words) -> Make:
    shown = sorted(lines, key=lambda line: -line.counts.cases)[:BARS_MAX]
    number = words.formats.number
    rows = [
        Bar(
            words.value(axis, line.value),
            line.counts.cases,
            line.counts.closed,
            number(line.counts.cases),
            line.before,
        )
        for line in shown
    ]
    told = "; ".join(f"{row.label}: {row.beside}" for row in rows)
    return lambda width: charts.bars(rows, width=width, **_common(name, words, told))


def _trend(whole: Whole, words: Words) -> Make:
    marks = whole.course.marks
    points = [Point(mark.day, mark.counts.cases if mark.counts else None, mark.before) for mark in marks]
    last = marks[-1].day
    dates = DATES_OF_YEARS if (last - marks[0].day).days > YEAR_DAYS else DATES
    told = words.say("trend_told", first=words.formats.day(marks[0].day), last=words.formats.day(last))
    now, before = words.say("this_period"), words.say("period_before")
    return lambda width: charts.trend(
        points, now, before, dates=dates[words.language], width=width, **_common("day", words, told)
    )


def _on_time(whole: Whole, words: Words) -> Make:
    percent, shown = words.formats.percent, [line for line in whole.tables[Axis.URGENCY] if line.counts.due]
    rows = []
    for line in shown:
        counts = line.counts
        ended = counts.on_time + counts.late
        beside = words.say("share_on_time", share=percent(counts.on_time / ended)) if ended else "—"
        label = words.value(Axis.URGENCY, line.value)
        rows.append(Shares(label, (counts.on_time, counts.late, counts.due - ended), beside))
    series = [
        (words.say("on_time"), Colour.ACCENT),
        (words.say("too_late"), Colour.DANGER),
        (words.say("still_open"), Colour.GREY),
    ]
    told = "; ".join(f"{row.label}: {row.beside}" for row in rows)
    return lambda width: charts.shares(rows, series, width=width, **_common("on_time", words, told))


def _ages(whole: Whole, words: Words) -> Make:
    number = words.formats.number
    rows = [Bar(age_name(at, words), count, 0, number(count)) for at, count in enumerate(whole.ages)]
    told = "; ".join(f"{row.label}: {row.beside}" for row in rows)
    return lambda width: charts.bars(rows, width=width, **_common("ages", words, told))


def _hours(whole: Whole, words: Words) -> Make:
    cells = [Cell(at // HOURS_OF_DAY, at % HOURS_OF_DAY, cases) for at, cases in enumerate(whole.hours)]
    busiest = max(range(len(whole.hours)), key=lambda at: whole.hours[at])
    told = words.say(
        "hours_told",
        hour=words.value(Axis.HOUR, str(busiest)),
        count=words.formats.number(whole.hours[busiest]),
    )
    weekdays = [words.catalogue.say(words.language, f"board.weekday_{at}") for at in range(7)]
    return lambda width: charts.heat(cells, weekdays, width=width, **_common("hours", words, told))


def _surveys(surveys: Sequence[Satisfaction], words: Words) -> Make:
    percent = words.formats.percent
    rows = [
        Shares(
            words.value(Axis.OWNER, row.owner),
            (row.solved, row.not_solved),
            words.say("share_solved", share=percent(row.solved / (row.solved + row.not_solved))),
        )
        for row in surveys[:BARS_MAX]
        if row.solved + row.not_solved
    ]
    series = [(words.say("solved"), Colour.ACCENT), (words.say("not_solved"), Colour.GREY)]
    told = "; ".join(f"{row.label}: {row.beside}" for row in rows)
    return lambda width: charts.shares(rows, series, width=width, **_common("surveys", words, told))
