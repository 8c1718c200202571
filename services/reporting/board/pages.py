"""The routes of the dashboard: the page, its part that moves, the stream that moves it, and each table as CSV."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from services.reporting.board.address import View, view_of, written
from services.reporting.board.cases import CaseList
from services.reporting.board.drawn import Drawn, Words, age_name
from services.reporting.board.live import Full, Pulse
from services.reporting.board.map import NeighbourhoodMap
from services.reporting.board.reading import Reader, Today, Whole
from services.reporting.charts import Artist
from services.reporting.domain.asking import Axis, Counts
from services.reporting.domain.board import change
from services.reporting.figures import Figures
from services.reporting.labels import Labels
from shared.contracts import CaseKind, CaseState, Channel, Outcome
from shared.database import is_away
from shared.municipality import Municipality
from shared.pages import Pages
from shared.pages.sheets import csv_response
from shared.problems import RETRY_AFTER_SECONDS

ROWS_OPEN_MAX: Final = 12
# What a form offers; every other axis is filtered by a link alone.
OFFERED: Final = (
    Axis.OWNER,
    Axis.CHANNEL,
    Axis.NEIGHBOURHOOD,
    Axis.TOPIC,
    Axis.URGENCY,
    Axis.STATE,
    Axis.OUTCOME,
    Axis.KIND,
)
AXES: Final = frozenset(axis.value for axis in Axis)
STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


class BoardPages:
    """Built on `Figures`; moves by a small script, and by reloading without it."""

    def __init__(
        self,
        figures: Figures,
        place: Municipality,
        pages: Pages,
        desk_url: str = "",
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`desk_url`: where browsers reach the desk; "": cases are not linked. `is_stopping`: streams end then."""
        self._figures = figures
        self._place = place
        self._pages = pages
        self._labels = Labels(place, pages.catalogue)
        self._reader = Reader(figures, place)
        self._artist = Artist()
        self._drawn = Drawn(self._artist, place)
        self._map = NeighbourhoodMap(place)
        self._pulse = Pulse(figures, is_stopping)
        self._cases = CaseList(figures, desk_url)

    def mount(self, web: FastAPI) -> None:
        """Add the routes."""
        routes = APIRouter(include_in_schema=False)
        routes.add_api_route("/", self.page, methods=["GET"])
        routes.add_api_route("/rakamlar", self.fragment, methods=["GET"])
        routes.add_api_route("/akis", self.stream, methods=["GET"])
        routes.add_api_route("/figures.csv", self.figures_csv, methods=["GET"])
        routes.add_api_route("/surveys.csv", self.surveys_csv, methods=["GET"])
        routes.add_api_route("/cases", self.cases, methods=["GET"])
        web.include_router(routes)

    async def close(self) -> None:
        """Let the drawing process go."""
        self._artist.close()

    async def page(self, request: Request) -> Response:
        """How is the town today?"""
        return await self._show(request, "figures.html")

    async def fragment(self, request: Request) -> Response:
        """The part of the page that moves; 304 while nothing has changed."""
        response = await self._show(request, "figures_live.html")
        tag = f'"{hashlib.sha256(response.body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        return response

    async def stream(self, request: Request) -> Response:
        """Server-sent events, one whenever something was counted."""
        try:
            events = self._pulse.listen(request.is_disconnected)
        except Full:
            return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)

    async def figures_csv(self, request: Request, by: str = "channel") -> Response:
        """One axis of a view as a table."""
        if by not in AXES:
            raise HTTPException(422, f"by is one of {', '.join(Axis)}")
        axis, view, language = Axis(by), self._view(request), self._pages.language(request)
        rows = await self._figures.ask(view.question(axis))
        counted = ("cases", "closed", "open", *(name for name in Counts.__slots__ if name not in ("cases", "closed")))
        table = [
            (
                row.values[0],
                self._labels.value(axis, row.values[0], language),
                *(getattr(row.counts, name) for name in counted),
            )
            for row in rows
        ]
        return csv_response(f"figures-{by}.csv", (by, "name", *counted), table, request.query_params.get("ayrac", ","))

    async def surveys_csv(self, request: Request) -> Response:
        """What citizens said of their cases, by who had them, as a table."""
        view, language = self._view(request), self._pages.language(request)
        rows = (await self._reader.whole(view, self._now().date())).surveys
        table = [
            (row.owner, self._labels.value(Axis.OWNER, row.owner, language), row.solved, row.not_solved) for row in rows
        ]
        head = ("owner", "name", "solved", "not_solved")
        return csv_response("surveys.csv", head, table, request.query_params.get("ayrac", ","))

    async def cases(self, request: Request) -> Response:
        """The cases behind a figure."""
        view = self._view(request)
        try:
            page = await self._cases.read(view, request.query_params, datetime.now(self._place.zone))
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)
        return self._pages.render(request, "cases.html", listed=page, **self._frame(request, view))

    async def _show(self, request: Request, template: str) -> Response:
        view, today = self._view(request), self._now().date()
        try:
            glance = await self._reader.today(view, today)
            whole = await self._reader.whole(view, today)
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)
        values = await self._values(request, view, glance, whole)
        return self._pages.render(request, template, **values)

    async def _values(self, request: Request, view: View, glance: Today, whole: Whole) -> dict[str, Any]:
        words = self._words(request)
        return {
            **self._frame(request, view),
            "glance": glance,
            "usual_cases": glance.usual.cases_by(self._now()),
            "whole": whole,
            "today": self._now().date(),
            "charts": await self._drawn.draw(whole, words),
            "map": self._map.draw(view, whole, words),
            "departments": whole.owners(self._place, institutions=False),
            "institutions": whole.owners(self._place, institutions=True),
            "change": change,
            "rate": lambda line: self._map.rate(line.value, line.counts.cases),
            "age_name": lambda at: age_name(at, words),
            "rows_open_max": ROWS_OPEN_MAX,
        }

    def _frame(self, request: Request, view: View) -> dict[str, Any]:
        """What every page of a view knows: its period and filters, and how to change them."""
        language = self._pages.language(request)
        return {
            "view": view,
            "period": view.period,
            "chosen": dict(view.where),
            "offered": self._offered(language),
            "label": lambda axis, value: self._labels.value(axis, value, language),
            "axis_name": lambda axis: self._labels.axis(axis, language),
            "link": view.link,
            "written": written,
        }

    def _offered(self, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
        """The axes of the form with their values and names."""
        codes: dict[Axis, list[str]] = {
            Axis.OWNER: [owner.code for owner in self._place.owners],
            Axis.CHANNEL: list(Channel),
            Axis.NEIGHBOURHOOD: [*(row.code for row in self._place.neighbourhoods), ""],
            Axis.TOPIC: [*(topic.code for topic in self._place.topics), ""],
            Axis.URGENCY: [level.code for level in self._place.levels],
            Axis.STATE: list(CaseState),
            Axis.OUTCOME: list(Outcome),
            Axis.KIND: list(CaseKind),
        }
        return [
            (axis, [(written(code), self._labels.value(axis, code, language)) for code in codes[axis]])
            for axis in OFFERED
        ]

    def _words(self, request: Request) -> Words:
        language = self._pages.language(request)
        return Words(language, self._pages.catalogue, self._pages.formats(language), self._labels)

    def _view(self, request: Request) -> View:
        return view_of(request.query_params, self._now().date())

    def _now(self) -> datetime:
        return datetime.now(self._place.zone)

    def _away(self, request: Request) -> Response:
        title, words = (self._pages.say(request, f"page.{key}") for key in ("away", "away_words"))
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return self._pages.render(request, "message.html", status=503, headers=headers, title=title, words=words)
