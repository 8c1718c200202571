"""The bulletin as a page, as PDF, as plain text and as a table, all of one laying-out."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Final, Protocol

from fastapi import APIRouter, FastAPI, Request, Response

from services.reporting.domain.bulletin import GROUPS, Figure, Printed
from services.reporting.labels import Labels
from services.reporting.papers import Paper, as_pdf, lay_out, plain_text
from shared.database import is_away
from shared.municipality import Municipality
from shared.pages import Pages
from shared.pages.sheets import csv_response
from shared.problems import RETRY_AFTER_SECONDS

NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Row = tuple[object, ...]


class Bulletins(Protocol):
    """Whoever counts the cases of a bulletin."""

    async def bulletin(self, first: date | None, last: date | None) -> Printed:
        """The bulletin of the cases opened between two days (None: open-ended)."""
        ...


class BulletinPages:
    """Every form of the bulletin, in the reader's language."""

    def __init__(self, figures: Bulletins, place: Municipality, pages: Pages) -> None:
        self._figures = figures
        self._place = place
        self._pages = pages
        self._labels = Labels(place, pages.catalogue)

    def mount(self, web: FastAPI) -> None:
        """Add the routes."""
        routes = APIRouter(include_in_schema=False)
        routes.add_api_route("/bulten", self.page, methods=["GET"])
        routes.add_api_route("/bulten.csv", self.table, methods=["GET"])
        routes.add_api_route("/bulten.pdf", self.pdf, methods=["GET"])
        routes.add_api_route("/bulten.txt", self.text, methods=["GET"])
        web.include_router(routes)

    async def page(self, request: Request) -> Response:
        """What do we tell the press?"""
        first, last = days_of(request)
        try:
            paper = await self._paper(request, datetime.now(UTC))
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)
        published = (self._place.bulletin.published_from, self._place.bulletin.published_to)
        return self._pages.render(
            request, "bulletin.html", paper=paper, first=first, last=last, published_days=published
        )

    async def pdf(self, request: Request) -> Response:
        """The bulletin to print and to send."""
        now = datetime.now(UTC)
        body = await as_pdf("bulletin.typ", asdict(await self._paper(request, now)), now)
        return Response(body, media_type="application/pdf", headers=self._headers(request, "pdf"))

    async def text(self, request: Request) -> Response:
        """The bulletin as plain text."""
        words = plain_text(await self._paper(request, datetime.now(UTC)))
        return Response(words, media_type="text/plain", headers=self._headers(request, "txt"))

    async def table(self, request: Request) -> Response:
        """The bulletin with all its parts, one line each."""
        printed = await self._figures.bulletin(*days_of(request))
        head = ("kind", "group", "code", "name", "cases", "resolved")
        rows = self._rows(printed, self._pages.language(request))
        return csv_response("bulten.csv", head, rows, request.query_params.get("ayrac", ","))

    async def _paper(self, request: Request, drawn_at: datetime) -> Paper:
        days = days_of(request)
        printed = await self._figures.bulletin(*days)
        return lay_out(printed, self._place, self._pages.catalogue, self._pages.language(request), days, drawn_at)

    def _rows(self, printed: Printed, language: str) -> list[Row]:
        """Groups, then lines, each with its parts; only rows of kind `group` add up to all cases."""
        rows: list[Row] = []
        for figure in printed.groups:
            rows += [self._row("group", figure, language), *self._parts("part", figure, language)]
        for figure in printed.lines:
            rows += [self._row("line", figure, language), *self._parts("line_part", figure, language)]
        return rows

    def _row(self, kind: str, figure: Figure, language: str) -> Row:
        label = figure.label_en if language == "en" else figure.label
        return (kind, figure.code, "", label, figure.cases, _or_empty(figure.resolved))

    def _parts(self, kind: str, figure: Figure, language: str) -> list[Row]:
        rows: list[Row] = []
        for part in figure.parts:
            name = part.label_en if language == "en" else part.label
            if figure.breakdown != GROUPS:
                name = self._labels.value(figure.breakdown, part.code, language)
            rows.append((kind, figure.code, part.code, name, part.cases, _or_empty(part.resolved)))
        return rows

    def _headers(self, request: Request, ending: str) -> dict[str, str]:
        days = "".join(f"-{day.isoformat()}" for day in days_of(request) if day)
        return NO_STORE | {
            "Content-Disposition": f'inline; filename="bulten{days}.{ending}"',
            "Content-Language": self._pages.language(request),
        }

    def _away(self, request: Request) -> Response:
        title, words = (self._pages.say(request, f"page.{key}") for key in ("away", "away_words"))
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return self._pages.render(request, "message.html", status=503, headers=headers, title=title, words=words)


def days_of(request: Request) -> tuple[date | None, date | None]:
    """The days asked for by `from` and `to`; what is empty or no day leaves its end open."""
    first, last = (_day(request.query_params.get(name, "")) for name in ("from", "to"))
    return first, last


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _or_empty(count: int | None) -> object:
    return "" if count is None else count
