"""The open data as files: made once for every set of published months, cacheable, and open to pages of others."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.reporting.domain.opened import OpenMonth
from services.reporting.public import tables
from services.reporting.public.opening import Opening
from shared.municipality import Municipality
from shared.pages.sheets import csv_response

CACHED: Final = "public, max-age=3600"
DATA: Final = "/acik-veri"
JSON_TYPE: Final = "application/json"
Make = Callable[[Sequence[OpenMonth]], bytes]


class OpenFiles:
    """Every file under `/acik-veri`."""

    def __init__(self, opening: Opening, place: Municipality) -> None:
        self._opening = opening
        self._place = place
        self._made: dict[str, tuple[tuple[date, ...], bytes]] = {}

    def routes(self) -> APIRouter:
        """The addresses of the files."""
        routes = APIRouter(prefix=DATA, tags=["open data"])
        routes.add_api_route("/talepler.csv", self.cases_csv, methods=["GET", "HEAD"], response_class=Response)
        routes.add_api_route("/talepler.json", self.cases_json, methods=["GET", "HEAD"], response_class=Response)
        routes.add_api_route("/mahalleler.geojson", self.ground, methods=["GET", "HEAD"], response_class=Response)
        routes.add_api_route("/sozluk.json", self.dictionary, methods=["GET", "HEAD"], response_class=Response)
        return routes

    async def cases_csv(self, request: Request, ayrac: str = ",") -> Response:
        """Published counts of cases as CSV; `ayrac=;` for a Turkish Excel."""
        separator = ";" if ayrac == ";" else ","
        body = await self._file(f"csv{separator}", lambda months: self._csv(months, separator))
        return answer(request, body, "text/csv; charset=utf-8", "talepler.csv")

    async def cases_json(self, request: Request) -> Response:
        """The same counts as JSON."""
        return answer(request, await self._file("json", self._json), JSON_TYPE, "talepler.json")

    async def ground(self, request: Request) -> Response:
        """The neighbourhoods with their counts as GeoJSON."""
        body = await self._file("geojson", lambda months: _written(tables.collection(months, self._place)))
        return answer(request, body, "application/geo+json", "mahalleler.geojson")

    async def dictionary(self, request: Request) -> Response:
        """What every column of the counts means."""
        columns = [column.model_dump() for column in tables.COLUMNS]
        return answer(request, _written({"files": ["talepler.csv", "talepler.json"], "columns": columns}), JSON_TYPE)

    async def _file(self, name: str, make: Make) -> bytes:
        months = await self._opening.months()
        key = tuple(month.month for month in months)
        made = self._made.get(name)
        if made is None or made[0] != key:
            made = self._made[name] = (key, make(months))
        return made[1]

    def _csv(self, months: Sequence[OpenMonth], separator: str) -> bytes:
        head = [column.name for column in tables.COLUMNS]
        return bytes(csv_response("talepler.csv", head, tables.rows(months, self._place), separator).body)

    def _json(self, months: Sequence[OpenMonth]) -> bytes:
        rules = self._place.open_data
        return _written(
            {
                "publisher": self._place.name,
                "licence": {"name": rules.licence, "name_en": rules.licence_en, "url": str(rules.licence_url)},
                "dictionary": f"{DATA}/sozluk.json",
                "hidden_below": {f"{month.month:%Y-%m}": month.least for month in months},
                "lines": list(tables.lines(months, self._place)),
            }
        )


def answer(request: Request, body: bytes, kind: str, name: str = "", cached: str = CACHED) -> Response:
    """A file with its tag, or 304 for who has it already."""
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        "Cache-Control": cached,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag",
        "X-Content-Type-Options": "nosniff",
    }
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(body, media_type=kind, headers=headers)


def is_known(request: Request, tag: str) -> bool:
    """Whether the reader holds this version (RFC 9110, If-None-Match; weak tags compare alike)."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in held.split(","))


def _written(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
