"""A report of a period laid out in one language: main figures beside those before, tables that sum, charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from services.reporting.charts import HALF, Bar, Chart, Point, bars, trend
from services.reporting.domain.asking import Axis, Counts, Row, Spread
from services.reporting.labels import Labels
from services.reporting.scheduled.gathering import Gathered
from shared.municipality import Municipality, ScheduledReport
from shared.pages.catalogue import Catalogue
from shared.pages.formats import HOUR_SECONDS, Formats

ROWS_MAX: Final = 12  # what is left stands together in a row of its own
BARS_MAX: Final = 8
DAY_MARKS: Final = {"tr": "%d.%m", "en": "%-d %b"}
COUNTED: Final = ("cases", "closed", "open", "late")


@dataclass(frozen=True, slots=True)
class Tile:
    """A main figure, and words beside it."""

    label: str
    figure: str
    beside: str


@dataclass(frozen=True, slots=True)
class TableOfCounts:
    """The cases by one axis; `rows` are a label and its numbers, and sum to `total`."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportPaper:
    """A whole report, ready to be set. `charts` are SVG, each with its title and what it says in words."""

    language: str
    title: str
    subject: str
    municipality: str
    centre: str
    days: str
    drawn_at: str
    tiles: tuple[Tile, ...]
    tables: tuple[TableOfCounts, ...]
    words: Mapping[str, str]


class ReportSetting:
    """Sets the reports of one language."""

    def __init__(self, place: Municipality, catalogue: Catalogue, language: str) -> None:
        self._place = place
        self._language = language
        self._labels = Labels(place, catalogue)
        self._formats = Formats(language, place.zone)

    def paper(self, report: ScheduledReport, gathered: Gathered, drawn_at: datetime) -> ReportPaper:
        """The report in words and numbers."""
        days = self._days(gathered)
        title = report.name_in(self._language)
        english = self._language == "en"
        return ReportPaper(
            self._language,
            title
            if gathered.scope is None
            else f"{title} · {self._labels.value('owner', gathered.scope, self._language)}",
            f"{title}, {days}",
            self._place.name_en if english else self._place.name,
            self._place.centre_name_en if english else self._place.centre_name,
            self._say("report.opened", days=days),
            self._say("bulletin.drawn_at", moment=self._formats.moment(drawn_at)),
            self._tiles(gathered),
            tuple(self._table(axis, rows, gathered.counts) for axis, rows in gathered.by.items() if rows),
            {"page_of": self._say("bulletin.page_of"), "footer": self._say("report.footer")},
        )

    def charts(self, gathered: Gathered) -> list[Chart]:
        """A trend of more than a day, and the largest parts of the first axis."""
        made = []
        if gathered.period.first < gathered.period.last:
            made.append(self._trend(gathered))
        axis, rows = next(iter(gathered.by.items()))
        if rows:
            made.append(self._bars(axis, rows))
        return made

    def _tiles(self, gathered: Gathered) -> tuple[Tile, ...]:
        counts, before = gathered.counts, gathered.before
        ended = counts.on_time + counts.late
        return (
            Tile(self._column("cases"), self._number(counts.cases), self._before(before.cases)),
            Tile(self._column("closed"), self._number(counts.closed), self._share(counts.closed, counts.cases)),
            Tile(self._column("open"), self._number(counts.open), ""),
            Tile(
                self._say("report.on_time"),
                self._percent(counts.on_time, ended),
                self._say("report.of", count=self._number(ended)),
            ),
            self._time("report.answer_time", gathered.answer),
            self._time("report.closing_time", gathered.closing),
            Tile(
                self._say("report.late_now"),
                self._number(gathered.overdue.target),
                self._say("report.late_by_law", count=self._number(gathered.overdue.legal)),
            ),
            Tile(
                self._column("returned"),
                self._number(counts.returned),
                self._say("report.reopened", count=self._number(counts.reopened)),
            ),
        )

    def _time(self, key: str, spread: Spread | None) -> Tile:
        if spread is None:
            return Tile(self._say(key), "—", "")
        beside = self._say("report.nine_in_ten", span=self._formats.span(spread.p90_hours * HOUR_SECONDS))
        return Tile(self._say(key), self._formats.span(spread.median_hours * HOUR_SECONDS), beside)

    def _table(self, axis: Axis, rows: Sequence[Row], total: Counts) -> TableOfCounts:
        shown, left = rows[:ROWS_MAX], rows[ROWS_MAX:]
        lines = [(self._labels.value(axis, row.values[0], self._language), *self._counted(row.counts)) for row in shown]
        if left:
            rest = sum((row.counts for row in left), Counts())
            lines.append((self._say("report.others", count=self._number(len(left))), *self._counted(rest)))
        return TableOfCounts(
            self._labels.axis(axis, self._language),
            tuple(self._column(name) for name in COUNTED),
            tuple(lines),
            (self._say("figures.total"), *self._counted(total)),
        )

    def _trend(self, gathered: Gathered) -> Chart:
        counted = {date.fromisoformat(row.values[0]): row.counts.cases for row in gathered.days}
        length = (gathered.period.last - gathered.period.first).days + 1
        days = [gathered.period.first + timedelta(days=day) for day in range(length)]
        points = [Point(day, counted.get(day, 0)) for day in days]
        words = "; ".join(f"{self._formats.day(point.day)}: {self._number(point.cases or 0)}" for point in points)
        return trend(
            points,
            self._column("cases"),
            "",
            title=self._say("report.by_day"),
            words=words,
            language=self._language,
            width=HALF,
            dates=DAY_MARKS[self._language],
        )

    def _bars(self, axis: Axis, rows: Sequence[Row]) -> Chart:
        made = [
            Bar(
                self._labels.value(axis, row.values[0], self._language),
                row.counts.cases,
                row.counts.closed,
                self._number(row.counts.cases),
            )
            for row in rows[:BARS_MAX]
        ]
        title = self._say("report.largest", axis=self._formats.lower_first(self._labels.axis(axis, self._language)))
        words = "; ".join(f"{bar.label}: {bar.beside}" for bar in made)
        return bars(made, title=title, words=words, language=self._language, width=HALF)

    def _counted(self, counts: Counts) -> tuple[str, ...]:
        return tuple(self._number(getattr(counts, name)) for name in COUNTED)

    def _days(self, gathered: Gathered) -> str:
        first, last = gathered.period.first, gathered.period.last
        return self._formats.day(first) if first == last else f"{self._formats.day(first)} – {self._formats.day(last)}"

    def _before(self, cases: int) -> str:
        return self._say("report.before", count=self._number(cases))

    def _share(self, part: int, whole: int) -> str:
        return self._say("figures.closed_share", share=self._percent(part, whole)) if whole else ""

    def _percent(self, part: int, whole: int) -> str:
        return self._formats.percent(part / whole) if whole else "—"

    def _column(self, name: str) -> str:
        return self._labels.column(name, self._language)

    def _number(self, value: int) -> str:
        return self._formats.number(value)

    def _say(self, key: str, /, **values: object) -> str:
        return self._labels.say(key, self._language, **values)
