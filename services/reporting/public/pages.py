"""The page everybody may see, and the dictionary to read."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response

from services.reporting.domain.open_summary import Ground, Known, Summary, summarise
from services.reporting.public import tables
from services.reporting.public.files import CACHED, DATA, OpenFiles, is_known
from services.reporting.public.opening import Opening
from shared.database import is_away
from shared.municipality import Municipality
from shared.pages import Pages
from shared.pages.town_map import Shade, ShadedMaps
from shared.problems import RETRY_AFTER_SECONDS

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
NOTEWORTHY: Final = 0.05  # a smaller change is called about the same


class OpenPages:
    """`/acik-veri` and what belongs to it; works without scripts and without cookies."""

    def __init__(self, opening: Opening, place: Municipality) -> None:
        self._opening = opening
        self._place = place
        self._pages = Pages(TEMPLATES, place)
        self._map = ShadedMaps(place)
        self._files = OpenFiles(opening, place)
        self._topics = {group.code: group for group in place.topic_groups}

    def mount(self, web: FastAPI) -> None:
        """Add the pages and the files; the static files are those of the figures."""
        routes = APIRouter(include_in_schema=False)
        routes.add_api_route(DATA, self.page, methods=["GET", "HEAD"])
        routes.add_api_route(f"{DATA}/sozluk", self.dictionary, methods=["GET", "HEAD"])
        web.include_router(routes)
        web.include_router(self._files.routes())

    async def page(self, request: Request) -> Response:
        """How many cases, where, and how many done on time?"""
        try:
            months = await self._opening.months()
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)
        language = self._pages.language(request)
        inhabitants = {row.code: row.population for row in self._place.neighbourhoods}
        summary = summarise(months, _month(request), inhabitants)
        values: dict[str, Any] = {
            "summary": summary,
            "published": [month.month for month in reversed(months)],
            "rules": self._place.open_data,
            "map": self._drawn(request, summary) if summary else "",
            "change": _change(summary),
            "topic": lambda code: self._topic(request, code),
            "neighbourhood": lambda code: self._place.neighbourhood(code).name,
            "month_name": lambda month: self._month_name(language, month),
        }
        return self._cached(request, self._pages.render(request, "open_data.html", **values))

    async def dictionary(self, request: Request) -> Response:
        """What does each column mean?"""
        return self._cached(request, self._pages.render(request, "open_dictionary.html", columns=tables.COLUMNS))

    def _drawn(self, request: Request, summary: Summary) -> str:
        shades = {ground.code: self._shade(request, ground) for ground in summary.neighbourhoods}
        return self._map.draw(shades, self._pages.say(request, "open.map_label"))

    def _shade(self, request: Request, ground: Ground) -> Shade:
        name = self._place.neighbourhood(ground.code).name
        if not ground.known.cases and not ground.known.is_whole:
            return Shade(None, self._pages.say(request, "open.map_hidden", name=name))
        count = self._count(request, ground.known)
        if ground.shade is None or ground.per_thousand is None:
            return Shade(0, self._pages.say(request, "open.map_plain", name=name, count=count))
        rate = self._pages.formats(self._pages.language(request)).about(ground.per_thousand)
        title = self._pages.say(request, "open.map_one", name=name, count=count, rate=rate)
        return Shade(ground.shade, title)

    def _count(self, request: Request, known: Known) -> str:
        number = self._pages.formats(self._pages.language(request)).number(known.cases)
        return number if known.is_whole else self._pages.say(request, "open.at_least", count=number)

    def _topic(self, request: Request, code: str) -> str:
        group = self._topics.get(code)
        return group.name_in(self._pages.language(request)) if group else self._pages.say(request, "page.unknown")

    def _month_name(self, language: str, month: date) -> str:
        return f"{self._pages.catalogue.name(language, 'month', str(month.month))} {month.year}"

    def _cached(self, request: Request, response: Response) -> Response:
        """The page for everybody's caches; one that remembers a language is the reader's own."""
        tag = f'"{hashlib.sha256(response.body).hexdigest()[:16]}"'
        is_own = "set-cookie" in response.headers
        response.headers["ETag"] = tag
        response.headers["Cache-Control"] = "private, no-cache" if is_own else CACHED
        if is_known(request, tag) and not is_own:
            kept = ("etag", "cache-control", "vary", "content-language")
            return Response(status_code=304, headers={name: response.headers[name] for name in kept})
        return response

    def _away(self, request: Request) -> Response:
        title, words = (self._pages.say(request, f"page.{key}") for key in ("away", "away_words"))
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return self._pages.render(request, "message.html", status=503, headers=headers, title=title, words=words)


def _month(request: Request) -> date | None:
    """The month asked for by `ay=2026-10`; None for anything else."""
    try:
        return date.fromisoformat(f"{request.query_params.get('ay', '')}-01")
    except ValueError:
        return None


def _change(summary: Summary | None) -> Mapping[str, Any] | None:
    """How the last month differs from the one before, for the title of the trend; None: it cannot be said."""
    if summary is None or len(summary.trend) < 2:
        return None
    before, last = summary.trend[-2:]
    if not before.cases or last.cases is None:
        return None
    share = last.cases / before.cases - 1
    word = "same" if abs(share) < NOTEWORTHY else "more" if share > 0 else "fewer"
    return {"word": word, "share": abs(share), "month": last.month, "cases": last.cases}
