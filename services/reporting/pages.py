"""The pages of the figures: the town today, and the bulletin; each table with its CSV."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response

from services.reporting.bulletin_pages import BulletinPages, days_of
from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.asking import Row as Counted
from services.reporting.domain.trend import Day, Trend, trend
from services.reporting.figures import Figures
from services.reporting.labels import Labels
from shared.database import is_away
from shared.municipality import Municipality
from shared.pages import Pages
from shared.pages.sheets import csv_response
from shared.problems import RETRY_AFTER_SECONDS

TEMPLATES: Final = Path(__file__).parent / "templates"
AXES: Final = ("channel", "owner", "neighbourhood", "state", "topic", "outcome", "day")
SHOWN_AXES: Final = ("channel", "state", "owner", "neighbourhood")
ROWS_OPEN_MAX: Final = 12
# However many readers look, the database is asked for a period once in so long.
FRESH_SECONDS: Final = 1.0
PERIODS_KEPT_MAX: Final = 32
RECENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One value of an axis, with its name in the reader's language still to come."""

    value: str
    cases: int
    closed: int

    @property
    def open(self) -> int:
        """Not closed yet."""
        return self.cases - self.closed


@dataclass(frozen=True, slots=True)
class Count:
    """The figures of the tiles."""

    contacts: int
    cases: int
    closed: int

    @property
    def open(self) -> int:
        """Not closed yet."""
        return self.cases - self.closed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the figures page shows of one period, read together."""

    last_at: datetime | None
    today: Count
    period: Count
    tables: dict[str, tuple[Row, ...]]
    trend: Trend | None


@dataclass(frozen=True, slots=True)
class Period:
    """The days a page is about; None: open-ended."""

    code: str
    first: date | None
    last: date | None


class FigurePages:
    """Built on `Figures`; moves by a small script, and by reloading without it."""

    def __init__(self, figures: Figures, place: Municipality) -> None:
        self._figures = figures
        self._place = place
        self._pages = Pages(TEMPLATES, place)
        self._labels = Labels(place, self._pages.catalogue)
        self._kept: dict[tuple[Period, date], tuple[float, Snapshot]] = {}
        self._reading = asyncio.Lock()

    def mount(self, web: FastAPI) -> None:
        """Add the pages and their static files."""
        self._pages.mount(web)
        BulletinPages(self._figures, self._place, self._pages).mount(web)
        routes = APIRouter(include_in_schema=False)
        routes.add_api_route("/", self.figures, methods=["GET"])
        routes.add_api_route("/rakamlar", self.fragment, methods=["GET"])
        routes.add_api_route("/figures.csv", self.figures_csv, methods=["GET"])
        web.include_router(routes)

    async def figures(self, request: Request) -> Response:
        """How is the town today?"""
        return await self._show_figures(request, "figures.html", self._period(request))

    async def fragment(self, request: Request) -> Response:
        """The part of the page that moves; 304 while nothing has changed."""
        response = await self._show_figures(request, "figures_live.html", self._period(request))
        tag = f'"{hashlib.sha256(response.body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        return response

    async def figures_csv(self, request: Request, by: str = "channel") -> Response:
        """One axis as a table."""
        if by not in AXES:
            raise HTTPException(422, f"by is one of {', '.join(AXES)}")
        period = self._period(request)
        rows = _rows(await self._by(by, period.first, period.last))
        language = self._pages.language(request)
        table = [(row.value, self._label(by, row.value, language), row.cases, row.closed, row.open) for row in rows]
        head = (by, "name", "cases", "closed", "open")
        return csv_response(f"figures-{by}.csv", head, table, request.query_params.get("ayrac", ","))

    async def _show_figures(self, request: Request, template: str, period: Period) -> Response:
        try:
            snapshot = await self._snapshot(period)
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)
        language = self._pages.language(request)
        ends = {"from": period.first, "to": period.last}
        chosen = {name: day.isoformat() for name, day in ends.items() if day}
        values: dict[str, Any] = {
            "snapshot": snapshot,
            "period": period,
            "axes": SHOWN_AXES,
            "rows_open_max": ROWS_OPEN_MAX,
            "label": lambda axis, value: self._label(axis, value, language),
            "parameters": chosen if period.code == "secilen" else {"donem": period.code},
        }
        return self._pages.render(request, template, **values)

    async def _snapshot(self, period: Period) -> Snapshot:
        """The figures of a period, at most a second old; many readers at once ask the database once."""
        key = (period, self._today())
        async with self._reading:
            kept = self._kept.get(key)
            if kept and time.monotonic() - kept[0] < FRESH_SECONDS:
                return kept[1]
            snapshot = await self._read(period)
            if len(self._kept) >= PERIODS_KEPT_MAX:
                self._kept.clear()
            self._kept[key] = (time.monotonic(), snapshot)
            return snapshot

    async def _read(self, period: Period) -> Snapshot:
        today = self._today()
        tables = {axis: _rows(await self._by(axis, period.first, period.last)) for axis in SHOWN_AXES}
        of_today = _rows(await self._by("channel", today, today))
        days = _rows(await self._by("day", period.first, period.last))
        now = await self._figures.overview(today, today)
        ever = await self._figures.overview(period.first, period.last)
        return Snapshot(
            ever["last_at"],
            _count(now["contacts"], of_today),
            _count(ever["contacts"], tables["channel"]),
            tables,
            trend(Day(date.fromisoformat(day.value), day.cases, day.closed) for day in days),
        )

    async def _by(self, axis: str, first: date | None, last: date | None) -> list[Counted]:
        return await self._figures.ask(Question(first, last, (Axis(axis),)))

    def _period(self, request: Request) -> Period:
        first, last = days_of(request)
        today, code = self._today(), request.query_params.get("donem", "")
        if first or last:
            return Period("secilen", first, last)
        if code == "bugun":
            return Period(code, today, today)
        if code == "son30":
            return Period(code, today - timedelta(days=RECENT_DAYS - 1), today)
        return Period("tumu", None, None)

    def _today(self) -> date:
        return datetime.now(self._place.zone).date()

    def _label(self, axis: str, value: str, language: str) -> str:
        """What a value of an axis is called; a code the municipality does not know stays a code."""
        return self._labels.value(axis, value, language)

    def _away(self, request: Request) -> Response:
        title, words = (self._pages.say(request, f"page.{key}") for key in ("away", "away_words"))
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return self._pages.render(request, "message.html", status=503, headers=headers, title=title, words=words)


def _rows(found: Sequence[Counted]) -> tuple[Row, ...]:
    return tuple(Row(row.values[0], row.counts.cases, row.counts.closed) for row in found)


def _count(contacts: Sequence[dict[str, Any]], rows: Sequence[Row]) -> Count:
    return Count(
        sum(row["contacts"] for row in contacts), sum(row.cases for row in rows), sum(row.closed for row in rows)
    )
