"""The tracking page: a number and its code show where a case stands; there one adds, asks, and says "not solved"."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid4, uuid5

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from services.intake import store
from services.intake.channels import BothAway
from services.intake.domain import find_numbers
from services.intake.pages.entry import page_id_of, text_faults
from services.intake.pages.photos import PHOTOS_MAX, Photos, Refusals
from services.intake.pages.seals import KeptPhoto, Seals
from services.intake.pages.timeline import timeline
from services.intake.store import CaseFile
from services.intake.web import Beside, Form, FormMessage
from shared.contracts import Outcome
from shared.contracts.channel import TEXT_MAX
from shared.files import answer_with_file, gone, not_yet
from shared.messaging import Service
from shared.municipality.conversation import SurveyRules
from shared.objects import ObjectStore
from shared.pages import Pages
from shared.pages.posted import Posted, read_posted
from shared.problems import RETRY_AFTER_SECONDS, Problem
from shared.tokens import CaseTokens
from shared.tries import WINDOW_SECONDS, Tries, client_of

# The address is the secret: it goes to no other page and no search engine.
HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
TYPED_MAX: Final = 40
_ASKED_AFTER: Final = frozenset({Outcome.SOLVED, Outcome.ANSWERED})
# What was just said on a page below.
DONE: Final = frozenset({"survey", "withdraw"})


@dataclass(frozen=True, slots=True)
class Addition:
    """What the citizen adds to a case; `not_solved`: the wish that a closed one be looked at again."""

    page_id: UUID = field(default_factory=uuid4)
    text: str = ""
    not_solved: bool = False
    photos: tuple[KeptPhoto, ...] = ()

    @property
    def submission_id(self) -> UUID:
        """The same for a double press."""
        return uuid5(self.page_id, "\0".join((self.text, *(str(photo.file_id) for photo in self.photos))))


@dataclass(frozen=True, slots=True)
class Troubles:
    """What stands in the way of adding."""

    fields: Mapping[str, str] = field(default_factory=dict)
    refused: Refusals = ()
    is_away: bool = False


class TrackingPages:
    """A wrong code, a number nobody has and one that is on its way get the very same answer."""

    def __init__(
        self,
        service: Service,
        form: Form,
        pages: Pages,
        tokens: CaseTokens,
        photos: Photos,
        seals: Seals,
        objects: ObjectStore,
    ) -> None:
        self._service = service
        self._form = form
        self._pages = pages
        self._tokens = tokens
        self._photos = photos
        self._seals = seals
        self._objects = objects
        self._tries = Tries()

    @property
    def pool(self) -> asyncpg.Pool:
        """Where cases are read from; only once the service has started."""
        return self._service.pool

    def mount(self, web: FastAPI) -> None:
        """Add the pages."""
        web.add_route("/takip", self.ask, methods=["GET"], include_in_schema=False)
        web.add_route("/takip", self.open, methods=["POST"], include_in_schema=False)
        web.add_route("/takip/{number}/{code}", self.show, methods=["GET"], include_in_schema=False)
        web.add_route("/takip/{number}/{code}", self.add, methods=["POST"], include_in_schema=False)
        web.add_route("/takip/{number}/{code}/dosya/{file_id}", self.file, methods=["GET"], include_in_schema=False)

    async def ask(self, request: Request) -> Response:
        """The two fields."""
        return self._asking(request, request.query_params.get("no", "")[:TYPED_MAX])

    async def open(self, request: Request) -> Response:
        """Lead to the case's page, or show the two fields again."""
        try:
            posted = await read_posted(request)
        except Problem as problem:
            return self._asking(request, "", "track.wrong", status=problem.status)
        typed, code = posted.first("number")[:TYPED_MAX], posted.first("code")[:TYPED_MAX]
        number = self._opened(request, typed, code)
        if not number:
            return self.refused(request, typed)
        return RedirectResponse(f"/takip/{number}/{self._tokens.code(number)}", 303, headers=HEADERS)

    async def show(self, request: Request) -> Response:
        """Where the case stands."""
        case = await self.case_of(request)
        return await self._showing(request, case) if case else self.refused(request)

    async def add(self, request: Request) -> Response:
        """Make safe what the citizen adds, and lead back to the case."""
        case = await self.case_of(request)
        if case is None:
            return self.refused(request)
        try:
            addition, troubles = await self._read(request, case)
        except Problem as problem:
            wrong = "form.photos_too_large" if problem.status == 413 else "form.text_missing"
            troubles = Troubles({"photo" if problem.status == 413 else "text": wrong})
            return await self._showing(request, case, Addition(), troubles, status=problem.status)
        if troubles.is_away:
            return await self._showing(request, case, addition, troubles, status=503)
        if troubles.fields or troubles.refused:
            return await self._showing(request, case, addition, troubles, status=422)
        try:
            emergency = await self._form.submit(self._message(request, addition), _beside(addition, case))
        except BothAway:
            return await self._showing(request, case, addition, Troubles(is_away=True), status=503)
        await self._photos.were_sent(addition.photos)
        danger = f"&acil={emergency}" if emergency else ""
        return RedirectResponse(f"{request.url.path}?eklendi=1{danger}", 303, headers=HEADERS)

    async def file(self, request: Request) -> Response:
        """A file that the citizen sent with this case."""
        case = await self.case_of(request)
        if case is None:
            return self.refused(request)
        files = await store.own_files_of_case(self._service.pool, case.id)
        found = next((file for file in files if str(file.id) == request.path_params["file_id"]), None)
        match found.state if found else "":
            case "kept" if found:
                return await answer_with_file(self._objects, found.id, request)
            case "pending":
                return not_yet()
            case _:
                return gone()

    def _opened(self, request: Request, typed: str, code: str) -> str | None:
        """The number, if the code is its own and neither it nor this client was wrong too often."""
        found = next(iter(find_numbers(typed)), None)
        keys = (f"number {found or typed}", f"client {client_of(request)}")
        now = time.monotonic()
        if self._tries.are_spent(keys, now):
            request.state.is_spent = True
            return None
        if found and self._tokens.is_code(found, code):
            return found
        self._tries.count(keys, now)
        return None

    async def case_of(self, request: Request) -> CaseFile | None:
        """The case whose number and code stand in the address; None: refused, see `refused`."""
        number = self._opened(request, request.path_params["number"], request.path_params["code"])
        return await store.case_by_number(self._service.pool, number) if number else None

    async def _read(self, request: Request, case: CaseFile) -> tuple[Addition, Troubles]:
        """What was posted, its photos kept; and what is wrong with it. Raises Problem."""
        posted = await read_posted(request)
        addition = self._addition(posted, case)
        try:
            photos, refused = await self._photos.keep(
                addition.page_id, addition.photos, posted.uploads, client_of(request)
            )
        except OSError:
            return addition, Troubles(is_away=True)
        addition = replace(addition, photos=photos)
        says_enough = addition.not_solved or bool(photos)
        wrong = {} if says_enough and len(addition.text) <= TEXT_MAX else text_faults(addition.text)
        return addition, Troubles(wrong, refused)

    def _addition(self, posted: Posted, case: CaseFile) -> Addition:
        page_id = page_id_of(posted.first("submission_id"))
        dropped = frozenset(posted.all("drop"))
        photos = [self._seals.open_photo(token, page_id) for token in posted.all("photo") if token not in dropped]
        not_solved = posted.first("wish") == "not_solved" and not case.is_open
        ours = tuple(photo for photo in photos if photo)[:PHOTOS_MAX]
        return Addition(page_id, posted.first("text"), not_solved, ours)

    def _message(self, request: Request, addition: Addition) -> FormMessage:
        """A photo or a wish alone gets words, since whoever deals with it reads words."""
        language = self._pages.language(request)
        without = "track.not_solved_text" if addition.not_solved else "track.photo_text"
        text = addition.text or self._pages.say(request, without)
        spoken: Literal["tr", "en"] = "en" if language == "en" else "tr"
        return FormMessage(submission_id=addition.submission_id, text=text, language=spoken)

    async def _showing(
        self,
        request: Request,
        case: CaseFile,
        addition: Addition | None = None,
        troubles: Troubles | None = None,
        *,
        status: int = 200,
    ) -> Response:
        pool = self._service.pool
        steps, added = await store.steps_of(pool, case.id), await store.additions_of(pool, case.id)
        after = await store.aftermath(pool, case.id)
        done, now = request.query_params.get("tamam"), datetime.now(UTC)
        addition = addition or Addition()
        headers = HEADERS | ({"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {})
        values = {
            "case": case,
            "lines": timeline(case, steps, added),
            "files": await store.own_files_of_case(pool, case.id),
            "owner_name": lambda code: self._owner_name(request, code),
            "now": now,
            "done": done if done in DONE else None,
            "is_survey_open": done != "survey"
            and is_survey_open(case, after.solved is not None, self._pages.place.conversation.survey, now),
            "follower": after.followed_by,
            "follower_code": self._tokens.code(after.followed_by) if after.followed_by else None,
            "addition": addition,
            "photos": [(self._seals.photo(photo), photo) for photo in addition.photos],
            "troubles": troubles or Troubles(),
            "is_added": "eklendi" in request.query_params,
            "emergency_number": self._emergency_number(request),
            "text_max": TEXT_MAX,
            "photos_max": PHOTOS_MAX,
            "code": self._tokens.code(case.number),
        }
        return self._pages.render(request, "tracking.html", status=status, headers=headers, **values)

    def _emergency_number(self, request: Request) -> str | None:
        """The number to call that the last addition led to."""
        asked = request.query_params.get("acil")
        return asked if asked in {emergency.number for emergency in self._pages.place.emergencies} else None

    def _owner_name(self, request: Request, code: str) -> str:
        """The owner's name; the code itself for one that the municipality no longer has."""
        try:
            return self._pages.place.owner(code).name_in(self._pages.language(request))
        except KeyError:
            return code

    def refused(self, request: Request, typed: str = "") -> Response:
        """The same answer, whatever was wrong."""
        if getattr(request.state, "is_spent", False):
            headers = {"Retry-After": str(int(WINDOW_SECONDS))}
            return self._asking(request, typed, "track.spent", status=429, headers=headers)
        return self._asking(request, typed, "track.wrong", status=404)

    def _asking(
        self,
        request: Request,
        typed: str = "",
        wrong: str = "",
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return self._pages.render(
            request, "track.html", status=status, headers=HEADERS | (headers or {}), typed=typed, wrong=wrong
        )


def is_survey_open(case: CaseFile, answered: bool, rules: SurveyRules, now: datetime) -> bool:
    """Whether the citizen may say on the page that the case is solved, or not: once, and in time."""
    if answered or not rules.enabled or case.outcome not in _ASKED_AFTER or case.closed_at is None:
        return False
    return now - case.closed_at <= timedelta(hours=rules.delay_hours, days=rules.valid_days)


def _beside(addition: Addition, case: CaseFile) -> Beside:
    return Beside(
        attachments=tuple(photo.attachment for photo in addition.photos),
        about_case=case.id,
        kind="not_solved" if addition.not_solved else "text",
        is_anonymous=True,
    )
