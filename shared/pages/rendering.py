"""Renders a page in the reader's language, with the headers that keep it to itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension

from shared.municipality import Municipality
from shared.pages.assets import Assets
from shared.pages.catalogue import LANGUAGES, Catalogue
from shared.pages.formats import Formats

HOUSE: Final = Path(__file__).parent
COOKIE: Final = "dil"
COOKIE_SECONDS: Final = 365 * 24 * 3600
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie",
}


class Pages:
    """The pages of one service: its folder of templates over the house's own.

    Beside the templates may stand `messages.toml` (the service's words) and a folder `static`. Every template
    knows `t(key, **values)`, `name(family, code)`, `static(file)`, `place` (the municipality), `here(**changed)`
    (this address with other parameters) and the filters number, percent, day, clock, moment, until, standing, ago,
    span, phone.
    """

    def __init__(
        self,
        service_templates: Path,
        place: Municipality,
        extensions: Sequence[type[Extension]] = (),
        *,
        under: str = "",
    ) -> None:
        """`extensions`: of Jinja, for what every template of this service does alike; `under`: the path in front of
        its static files, for a service that shares a host with another."""
        self.place = place
        self._extensions = extensions
        words = [HOUSE / "messages.toml", service_templates / "messages.toml"]
        self.catalogue = Catalogue(*(file for file in words if file.exists()))
        self._under = under
        self.assets = Assets([HOUSE / "static", service_templates / "static"], under)
        self._loader = FileSystemLoader([service_templates, HOUSE / "templates"])
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def mount(self, web: FastAPI) -> None:
        """Serve the static files of these pages."""
        web.add_route(f"{self._under}/static/{{digest}}/{{name:path}}", self.assets.serve, include_in_schema=False)

    def language(self, request: Request) -> str:
        """What `?dil=` asks for, else what was chosen before, else Turkish."""
        asked = (request.query_params.get("dil"), request.cookies.get(COOKIE))
        return next((language for language in asked if language in LANGUAGES), LANGUAGES[0])

    def formats(self, language: str) -> Formats:
        """How a language writes numbers and dates, in the municipality's own time."""
        return Formats(language, self.place.zone)

    def say(self, request: Request, key: str, **values: object) -> str:
        """A message in the reader's language."""
        return self.catalogue.say(self.language(request), key, **values)

    def render(
        self, request: Request, name: str, /, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
    ) -> HTMLResponse:
        """The page, and the choice of language remembered."""
        language = self.language(request)
        template = self._environments[language].get_template(name)
        body = template.render(request=request, here=lambda **changed: here(request, **changed), **values)
        response = HTMLResponse(body, status, HEADERS | {"Content-Language": language} | (headers or {}))
        if request.query_params.get("dil") == language:
            response.set_cookie(COOKIE, language, COOKIE_SECONDS, httponly=True, samesite="lax")
        return response

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=self._loader,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            auto_reload=False,
            extensions=self._extensions,
        )
        formats = self.formats(language)
        environment.filters.update(
            number=formats.number,
            percent=formats.percent,
            about=formats.about,
            day=formats.day,
            clock=formats.clock,
            moment=formats.moment,
            until=formats.until,
            standing=formats.standing,
            ago=formats.ago,
            span=formats.span,
            phone=formats.phone,
            machine=formats.machine,
            lower_first=formats.lower_first,
        )
        environment.globals.update(
            t=lambda key, **values: self.catalogue.say(language, key, **values),
            name=lambda family, code: self.catalogue.name(language, family, code),
            static=self.assets.url,
            place=self.place,
            language=language,
            other_language=next(other for other in LANGUAGES if other != language),
        )
        return environment


def here(request: Request, **changed: object) -> str:
    """This page's address with some parameters changed; None takes one away."""
    parameters = {key: value for key, value in request.query_params.items() if key not in changed}
    parameters |= {key: str(value) for key, value in changed.items() if value is not None}
    return f"{request.url.path}?{urlencode(parameters)}" if parameters else request.url.path
