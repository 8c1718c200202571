"""The form: entered, looked over with what was understood of it, sent. Nothing here needs a script."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from services.intake.channels import BothAway
from services.intake.domain import lane_of
from services.intake.pages.entry import SHORT_MAX, Entry, faults, read_entry
from services.intake.pages.photos import PHOTOS_MAX, Photos, Refusals
from services.intake.pages.places import Found, Places
from services.intake.pages.seals import Seals
from services.intake.pages.similar import SimilarCases
from services.intake.web import Form, read_body
from shared.contracts.channel import TEXT_MAX
from shared.pages import LANGUAGES, Pages
from shared.pages.posted import read_posted
from shared.problems import RETRY_AFTER_SECONDS, Problem
from shared.tries import client_of
from shared.urgency import Alarms

ALARM_BYTES_MAX: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Troubles:
    """What stands in the way of sending: by field the message to show, and the files that were refused with why."""

    fields: Mapping[str, str] = field(default_factory=dict)
    refused: Refusals = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.refused)


class FormPages:
    """Built on `Form`, which makes safe what is sent."""

    def __init__(
        self,
        form: Form,
        pages: Pages,
        photos: Photos,
        seals: Seals,
        places: Places,
        similar: SimilarCases,
        alarms: Alarms,
    ) -> None:
        self._form = form
        self._pages = pages
        self._photos = photos
        self._seals = seals
        self._places = places
        self._similar = similar
        self._alarms = alarms

    def mount(self, web: FastAPI) -> None:
        """Add the pages."""
        web.add_route("/", self.empty, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru", self.home, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru", self.step, methods=["POST"], include_in_schema=False)
        web.add_route("/basvuru/acil", self.alarm, methods=["POST"], include_in_schema=False)
        web.add_route("/aydinlatma", self.privacy, methods=["GET"], include_in_schema=False)

    async def empty(self, request: Request) -> Response:
        """The form, with an id of its own."""
        return self._entering(request, Entry(uuid4()))

    async def home(self, request: Request) -> Response:
        """Whoever reloads the address the form was sent to stands before the form again."""
        return RedirectResponse("/", 303)

    async def privacy(self, request: Request) -> Response:
        """What becomes of personal data (KVKK, Law 6698, article 10)."""
        return self._pages.render(request, "privacy.html")

    async def step(self, request: Request) -> Response:
        """What the pressed button asks for: look it over, change it, or send it; nothing typed is ever lost."""
        try:
            posted = await read_posted(request)
        except Problem as problem:
            wrong = {"photo": "form.photos_too_large"} if problem.status == 413 else {"text": "form.text_missing"}
            return self._entering(request, Entry(uuid4()), Troubles(wrong), status=problem.status)
        entry = read_entry(posted, self._seals)
        try:
            photos, refused = await self._photos.keep(entry.page_id, entry.photos, posted.uploads, client_of(request))
            entry = replace(entry, photos=photos)
        except OSError:
            return self._entering(request, entry, away=True)
        if posted.first("step") == "edit":
            return self._entering(request, entry)
        troubles = Troubles(faults(entry, self._places.names), refused)
        if troubles:
            return self._entering(request, entry, troubles, status=422)
        if posted.first("step") == "send":
            return await self._send(request, entry.settled())
        return await self._looking_over(request, entry)

    async def alarm(self, request: Request) -> Response:
        """The warning for a text that tells of danger, while it is being typed; 204 for all others. Keeps nothing."""
        try:
            text = (await read_body(request, ALARM_BYTES_MAX)).decode("utf-8", "replace")
        except Problem as problem:
            return Response(status_code=problem.status)
        _, number = lane_of(text, self._alarms)
        return self._pages.render(request, "alarm.html", number=number) if number else Response(status_code=204)

    async def _send(self, request: Request, entry: Entry) -> Response:
        """Make the message safe and lead to its number."""
        language = self._pages.language(request)
        spoken: Literal["tr", "en"] = "en" if language == "en" else "tr"
        try:
            emergency_number = await self._form.submit(entry.message(spoken), entry.beside())
        except BothAway:
            return self._entering(request, entry, away=True)
        await self._photos.were_sent(entry.photos)
        parameters = {"yeni": "1"} | ({"acil": emergency_number} if emergency_number else {})
        if "dil" in request.query_params and language != LANGUAGES[0]:
            parameters["dil"] = language
        return RedirectResponse(f"/basvuru/{entry.submission_id}?{urlencode(parameters)}", 303)

    async def _looking_over(self, request: Request, entry: Entry) -> Response:
        """What was understood, to be corrected or sent: the place, and whether others told of the same."""
        entry = entry.settled()
        found = self._found(entry)
        photo_found = self._photo_found(entry)
        if not found.name and not found.is_outside and photo_found:
            entry, found = replace(entry, photo_place=True), photo_found
        place = replace(entry, neighbourhood=found.name or entry.neighbourhood, found=found.name)
        similar = await self._similar.like(place.settled(), found)
        sealed = [(self._seals.case(entry.page_id, row.case_id), row) for row in similar]
        return self._render(request, "check.html", place, found=found, photo_found=photo_found, similar=sealed)

    def _found(self, entry: Entry) -> Found:
        at = self._places.at(*entry.point) if entry.point else Found()
        return at if at.name or at.is_outside else self._places.of(entry.neighbourhood, entry.street, entry.text)

    def _photo_found(self, entry: Entry) -> Found | None:
        """The neighbourhood in which a photo was taken; a place outside ours is not offered."""
        point = next((photo.point for photo in entry.photos if photo.point), None)
        found = self._places.at(*point) if point else Found()
        return found if found.name else None

    def _entering(
        self, request: Request, entry: Entry, troubles: Troubles | None = None, *, away: bool = False, status: int = 200
    ) -> Response:
        status = 503 if away else status
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
        values = {"troubles": troubles or Troubles(), "is_away": away}
        return self._render(request, "form.html", entry, status=status, headers=headers, **values)

    def _render(
        self,
        request: Request,
        template: str,
        entry: Entry,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **values: object,
    ) -> Response:
        common = {
            "entry": entry,
            "photos": [(self._seals.photo(photo), photo) for photo in entry.photos],
            "neighbourhood_options": lambda chosen: self._options(request, chosen),
            "now": datetime.now(UTC),
            "text_max": TEXT_MAX,
            "short_max": SHORT_MAX,
            "photos_max": PHOTOS_MAX,
            # Only a text that was sent is looked at here; while it is being typed, the script asks `alarm`.
            "emergency_number": lane_of(entry.text, self._alarms)[1] if entry.text else None,
        }
        return self._pages.render(request, template, status=status, headers=headers, **common, **values)

    def _options(self, request: Request, chosen: str) -> list[tuple[str, str]]:
        """Every neighbourhood, the unsure first; what was sent and is none of ours stays to be seen."""
        unsure = ("", self._pages.say(request, "form.neighbourhood_unsure"))
        foreign = [(chosen, chosen)] if chosen and chosen not in self._places.names else []
        return [unsure, *foreign, *((name, name) for name in self._places.names)]
