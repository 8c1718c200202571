"""What every page of the desk shows alike: the reader's words and names, and what waits, in the navigation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastapi import Request, Response
from pydantic import ValidationError

from services.desk.domain import COUNT_MAX, State, StepKind
from services.desk.domain.identity import Permission
from services.desk.domain.notes import names_of
from services.desk.handlers import Alerts, Tasks, Work
from services.desk.store import listing as listing_store
from services.desk.store import notes as note_store
from services.desk.web.access import FORM_TOKEN
from services.desk.web.rules import is_allowed
from shared.names import Names
from shared.pages import Formats, Pages
from shared.text import sort_key

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
SOON: Final = timedelta(hours=4)
FIELDS_MAX: Final = 40
EXTENSION_COOKIE: Final = "dahili"  # which telephone stands beside this browser
# Why a field is wrong, by pydantic's word for it.
FAULTS: Final = {"missing": "wrong.missing", "string_too_short": "wrong.missing", "string_too_long": "wrong.long"}


class Option(NamedTuple):
    """One line of a select."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form brought, and why it took no effect: a message for the page, or one for each wrong field."""

    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    status: int = 200


class Frame:
    """Renders the desk's pages."""

    def __init__(self, work: Work, tasks: Tasks, alerts: Alerts, pages: Pages, public_url: str = "") -> None:
        """`public_url`: where browsers reach the desk; empty: as the request says."""
        self._work = work
        self._tasks = tasks
        self._alerts = alerts
        self._pages = pages
        self._public_url = public_url

    def language(self, request: Request) -> str:
        """The reader's."""
        return self._pages.language(request)

    def names(self, request: Request) -> Names:
        """Names for codes, in the reader's language."""
        return Names(self._work.place, self.language(request))

    def formats(self, request: Request) -> Formats:
        """How the reader writes numbers and times."""
        return self._pages.formats(self.language(request))

    def formats_in(self, language: str) -> Formats:
        """How a citizen of that language writes them."""
        return self._pages.formats(language)

    def say(self, request: Request, key: str, **values: object) -> str:
        """A message in the reader's language."""
        return self._pages.say(request, key, **values)

    def name(self, request: Request, family: str, code: str) -> str:
        """The name of a code in the reader's language."""
        return self._pages.catalogue.name(self.language(request), family, code)

    def counted(self, request: Request, count: int) -> str:
        """A number that was counted up to a bound: beyond it "999+"."""
        written = self.formats(request).number(min(count, COUNT_MAX))
        return f"{written}+" if count > COUNT_MAX else written

    def public_url(self, request: Request) -> str:
        """Where browsers reach the desk, without a slash at its end."""
        return self._public_url or str(request.base_url).rstrip("/")

    async def render(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page with its navigation: what the person may open, and how much of it waits."""
        may, centre = request.state.identity.may, self._work.place.solution_centre.code
        waiting = (
            await listing_store.open_counts(self._work.service.pool, [centre])
            if may(Permission.TRIAGE)
            else {centre: 0}
        )
        tasks = (await self._tasks.counts()).values() if may(Permission.TASKS) else ()
        return self.render_part(
            request,
            template,
            status=status,
            waiting=waiting[centre],
            tasks_waiting=sum(count.all for count in tasks),
            tasks_urgent=sum(count.urgent for count in tasks),
            alerts=await self._alerts.waiting() if may(Permission.ALERTS) else [],
            mentions=await self._mentions(request),
            **values,
        )

    async def _mentions(self, request: Request) -> int:
        """How many notes were written to the reader that they did not see yet."""
        by = request.state.identity
        names = names_of(by, self._work.place.solution_centre.code)
        return await note_store.count_new(self._work.service.pool, names, by.name)

    def render_part(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A piece of a page, or a page that shows no navigation."""
        shown: dict[str, Any] = {
            "now": datetime.now(UTC),
            "names": self.names(request),
            "soon": SOON,
            "counted": partial(self.counted, request),
            "State": State,
            "StepKind": StepKind,
            "extension": extension_of(request),
            "allowed": partial(_allowed, request),
        }
        return self._pages.render(request, template, status=status, **(shown | values))

    def not_found(self, request: Request, words: str) -> Response:
        """A page that says that there is nothing at this address."""
        return self.message(request, "page.not_found", words, 404)

    def message(self, request: Request, title: str, words: str, status: int) -> Response:
        """A page that says one thing."""
        said = self.say(request, words)
        return self._pages.render(request, "message.html", status=status, title=self.say(request, title), words=said)


def _allowed(request: Request, path: str) -> bool:
    """Whether who is signed in may open this page."""
    identity = getattr(request.state, "identity", None)
    return identity is not None and is_allowed(identity, "GET", path)


def extension_of(request: Request) -> str | None:
    """The telephone beside this browser; None: nobody said so."""
    return request.cookies.get(EXTENSION_COOKIE, "")[:20] or None


async def typed_fields(request: Request) -> dict[str, str]:
    """What a form brought, without files."""
    form = await request.form(max_files=0, max_fields=FIELDS_MAX)
    return {name: value for name, value in form.items() if isinstance(value, str) and name != FORM_TOKEN}


def faults_of(error: ValidationError) -> dict[str, str]:
    """A message for each wrong field."""
    return {str(fault["loc"][0]): FAULTS.get(fault["type"], "wrong.unknown") for fault in error.errors()}


def options(rows: Iterable[tuple[str, str]]) -> list[Option]:
    """Lines of a select, as a Turkish reader sorts them."""
    return sorted((Option(*row) for row in rows), key=lambda option: sort_key(option.words))
