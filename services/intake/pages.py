"""The citizen's pages at the edge: the form, and the page where the number and the replies stand."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4, uuid5

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from services.intake.channels import BothAway
from services.intake.domain import lane_of
from services.intake.web import FORM_BYTES_MAX, Form, FormMessage, Status, read_body
from shared.contracts import Place
from shared.contracts.channel import TEXT_MAX
from shared.database import is_away
from shared.municipality import Municipality
from shared.pages import LANGUAGES, Pages
from shared.problems import RETRY_AFTER_SECONDS, Problem
from shared.text import clean, sort_key
from shared.urgency import EmergencyWords

TEMPLATES: Final = Path(__file__).parent / "templates"
FIELDS_MAX: Final = 20
TEXT_MIN: Final = 3
SHORT_MAX: Final = 200
ALARM_BYTES_MAX: Final = 16 * 1024
# The number normally comes within a second; a page that is asked for earlier waits so long, in growing steps.
WAIT_STEPS_SECONDS: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.4, 0.4)
WAITING_PAGES_MAX: Final = 100
REFRESH_SECONDS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """What a citizen typed, as it came; shown again when something is wrong."""

    page_id: UUID
    text: str = ""
    neighbourhood: str = ""
    street: str = ""
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def submission_id(self) -> UUID:
        """A double press of one page is one contact; another text sent from the same page (back, then again) is not.

        Derived from the page's own id of 122 random bits, so that nobody guesses it.
        """
        words = (self.text, self.neighbourhood, self.street, self.name, str(self.latitude), str(self.longitude))
        return uuid5(self.page_id, "\0".join(words))

    def message(self, language: Literal["tr", "en"]) -> FormMessage:
        """The contact this entry becomes, once `faults` finds none."""
        place = Place(
            latitude=self.latitude,
            longitude=self.longitude,
            neighbourhood=self.neighbourhood or None,
            street=self.street or None,
        )
        return FormMessage(
            submission_id=self.submission_id, text=self.text, name=self.name or None, place=place, language=language
        )


def read_entry(body: bytes) -> Entry:
    """The entry in a posted form. Raises Problem when the body is no form at all."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Problem(400, "Malformed form", "The body is not the form of this page.") from error
    given = {key: clean(value).strip() for key, value in pairs}
    entry = Entry(
        _page_id(given.get("submission_id", "")),
        text=given.get("text", ""),
        neighbourhood=given.get("neighbourhood", ""),
        street=given.get("street", ""),
        name=given.get("name", ""),
    )
    latitude, longitude = _degrees(given, "latitude", 90), _degrees(given, "longitude", 180)
    known = latitude is not None and longitude is not None
    return replace(entry, latitude=latitude, longitude=longitude) if known else entry


def faults(entry: Entry) -> dict[str, str]:
    """What is wrong, as the message to show beside each field."""
    short = {"neighbourhood": entry.neighbourhood, "street": entry.street, "name": entry.name}
    found = {field: "form.too_long" for field, value in short.items() if len(value) > SHORT_MAX}
    if len(entry.text) < TEXT_MIN:
        found["text"] = "form.text_missing"
    elif len(entry.text) > TEXT_MAX:
        found["text"] = "form.text_too_long"
    return found


class FormPages:
    """Built on `Form`; nothing here needs a script."""

    def __init__(self, form: Form, place: Municipality) -> None:
        self._form = form
        self._pages = Pages(TEMPLATES, place)
        self._words = EmergencyWords(place.emergencies)
        self._emergency_numbers = frozenset(emergency.number for emergency in place.emergencies)
        self._neighbourhoods = sorted((row.name for row in place.neighbourhoods), key=sort_key)
        self._waiting = 0

    def mount(self, web: FastAPI) -> None:
        """Add the pages and their static files."""
        self._pages.mount(web)
        web.add_route("/", self.empty, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru", self.home, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru", self.submit, methods=["POST"], include_in_schema=False)
        web.add_route("/basvuru/acil", self.alarm, methods=["POST"], include_in_schema=False)
        web.add_route("/basvuru/{submission_id}", self.status, methods=["GET"], include_in_schema=False)

    async def empty(self, request: Request) -> Response:
        """The form, with an id of its own."""
        return self._show(request, Entry(uuid4()))

    async def home(self, request: Request) -> Response:
        """Whoever reloads the address the form was sent to stands before the form again."""
        return RedirectResponse("/", 303)

    async def submit(self, request: Request) -> Response:
        """Make the message safe and lead to its number; else the form again with what was typed."""
        try:
            entry = read_entry(await read_body(request, FORM_BYTES_MAX))
        except Problem as problem:
            wrong = {"text": "form.text_too_long"} if problem.status == 413 else {"text": "form.text_missing"}
            return self._show(request, Entry(uuid4()), wrong, status=problem.status)
        wrong = faults(entry)
        if wrong:
            return self._show(request, entry, wrong, status=422)
        language = self._pages.language(request)
        try:
            emergency_number = await self._form.submit(entry.message("en" if language == "en" else "tr"))
        except BothAway:
            return self._show(request, entry, away=True, status=503)
        parameters = {"yeni": "1"} | ({"acil": emergency_number} if emergency_number else {})
        if "dil" in request.query_params and language != LANGUAGES[0]:
            parameters["dil"] = language
        return RedirectResponse(f"/basvuru/{entry.submission_id}?{urlencode(parameters)}", 303)

    async def alarm(self, request: Request) -> Response:
        """The warning for a text that tells of danger, while it is being typed; 204 for all others. Keeps nothing."""
        try:
            text = (await read_body(request, ALARM_BYTES_MAX)).decode("utf-8", "replace")
        except Problem as problem:
            return Response(status_code=problem.status)
        _, number = lane_of(text, self._words)
        return self._pages.render(request, "alarm.html", number=number) if number else Response(status_code=204)

    async def status(self, request: Request) -> Response:
        """The number, what happens next and the replies; while it is on its way, the page that renews itself."""
        try:
            submission_id = UUID(request.path_params["submission_id"])
        except ValueError:
            return self._not_found(request)
        found = await self._wait_for(submission_id)
        asked = request.query_params
        emergency = asked.get("acil") if asked.get("acil") in self._emergency_numbers else None
        if found is None:
            return self._on_its_way(request, submission_id, emergency)
        return self._pages.render(request, "status.html", found=found, emergency_number=emergency)

    async def _wait_for(self, submission_id: UUID) -> Status | None:
        """Ask for up to two seconds, once only when many pages wait already. None while the database is away."""
        patient = self._waiting < WAITING_PAGES_MAX
        self._waiting += 1
        try:
            for seconds in (*WAIT_STEPS_SECONDS, None) if patient else (None,):
                found = await self._form.status(submission_id)
                if found or seconds is None:
                    return found
                await asyncio.sleep(seconds)
        except Exception as error:
            if not is_away(error):
                raise
        finally:
            self._waiting -= 1
        return None

    def _on_its_way(self, request: Request, submission_id: UUID, emergency: str | None) -> Response:
        """Renewed by a header rather than a meta element, more seldom each time: no script, no needless questions."""
        asked = request.query_params
        tries = min(int(asked["deneme"]), 10) if asked.get("deneme", "").isdecimal() else 0
        parameters = {key: value for key, value in asked.items() if key in ("yeni", "acil", "dil")}
        address = f"/basvuru/{submission_id}?{urlencode({**parameters, 'deneme': tries + 1})}"
        seconds = min(2 * 2**tries, REFRESH_SECONDS_MAX)
        headers = {"Refresh": f"{seconds};url={address}"}
        values = {"is_sent": "yeni" in asked, "emergency_number": emergency, "again": address}
        return self._pages.render(request, "waiting.html", status=202, headers=headers, **values)

    def _show(
        self,
        request: Request,
        entry: Entry,
        wrong: Mapping[str, str] | None = None,
        *,
        away: bool = False,
        status: int = 200,
    ) -> Response:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
        values = {
            "entry": entry,
            "wrong": wrong or {},
            "is_away": away,
            "neighbourhoods": self._neighbourhoods,
            "text_max": TEXT_MAX,
            "short_max": SHORT_MAX,
            # Only a text that was sent is looked at here; while it is being typed, the script asks `alarm`.
            "emergency_number": lane_of(entry.text, self._words)[1] if entry.text else None,
        }
        return self._pages.render(request, "form.html", status=status, headers=headers, **values)

    def _not_found(self, request: Request) -> Response:
        title, words = (self._pages.say(request, f"page.{key}") for key in ("not_found", "not_found_words"))
        return self._pages.render(request, "message.html", status=404, title=title, words=words)


def _page_id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        return uuid4()


def _degrees(given: Mapping[str, str], key: str, most: float) -> float | None:
    """Degrees as the browser wrote them; anything else counts as not told."""
    try:
        value = float(given.get(key, ""))
    except ValueError:
        return None
    return value if -most <= value <= most else None
