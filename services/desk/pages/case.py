"""One case: what was written, what happened to it since, and what can be done with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from pydantic import ValidationError

from services.desk.domain import Action, Ask, Close, Decide, Gather, Item, Release, Return, Separate, Step, Take
from services.desk.domain.identity import Identity, Permission
from services.desk.domain.notes import NOTE_LETTERS_MAX
from services.desk.domain.story import LineKind, story
from services.desk.handlers import Cases, Desk, FinishedPhotos, NoSuchItem, Notes, Refused, Splits, Unknown
from services.desk.handlers.cases import NotAllowed, earlier_of_person, may_see_people
from services.desk.pages.choosing import as_of_now, choices, did_words
from services.desk.pages.export import as_csv, as_json
from services.desk.pages.frame import Frame, Option, Sent, faults_of, typed_fields
from services.desk.pages.standard import Ready, ready_texts
from services.desk.store import files as file_store
from services.desk.store import incidents as incident_store
from services.desk.store import story as story_store
from services.desk.web import SignIn
from shared.contracts import Outcome
from shared.contracts.inside import KnownPerson, ToldEarlier
from shared.municipality.standard_texts import TextUse
from shared.pages.posted import Upload, read_posted
from shared.pages.town_map import PlaceMaps
from shared.text import clean

log = structlog.get_logger()

REPORTS_SHOWN: Final = 200
# What a person closes with. `forwarded` is said by the router when an institution has it.
OUTCOMES: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.FORWARDED)
DONE_HERE: Final = frozenset({"photo", "note", "split"})  # what is done beside the item's own actions
ACTIONS: Final[Mapping[str, type[Action]]] = {
    "take": Take,
    "release": Release,
    "decide": Decide,
    "return": Return,
    "ask": Ask,
    "close": Close,
    "gather": Gather,
    "separate": Separate,
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another case of the same citizen or place. `assignment_id`: its page, None: none that the reader may see."""

    case: ToldEarlier
    assignment_id: UUID | None


@dataclass(frozen=True, slots=True)
class People:
    """Who told of a case, when somebody looked. `known` None: intake was not reached."""

    looked: bool = False
    known: tuple[KnownPerson, ...] | None = None


NOBODY_LOOKED: Final = People()


def add_case_pages(routes: APIRouter, frame: Frame, at_desk: Desk, sign_in: SignIn) -> None:
    """`/work/…`."""
    desk = CasePages(frame, at_desk)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/work/{assignment_id}")
    async def item(request: Request, by: Person, assignment_id: UUID) -> Response:
        return await desk.item(request, by, assignment_id)

    @routes.get("/case/{case_id}")
    async def latest(request: Request, by: Person, case_id: UUID) -> Response:
        return await desk.latest(request, by, case_id)

    @routes.post("/work/{assignment_id}/people")
    async def people(request: Request, by: Person, assignment_id: UUID) -> Response:
        return await desk.people(request, by, assignment_id)

    @routes.post("/work/{assignment_id}/finished-photo")
    async def finished_photo(request: Request, by: Person, assignment_id: UUID) -> Response:
        return await desk.finished_photo(request, by, assignment_id, (await read_posted(request)).uploads)

    @routes.post("/work/{assignment_id}/note")
    async def note(request: Request, by: Person, assignment_id: UUID) -> Response:
        return await desk.note(request, by, assignment_id, await typed_fields(request))

    @routes.post("/work/{assignment_id}/split")
    async def split(request: Request, by: Person, assignment_id: UUID) -> Response:
        return await desk.split(request, by, assignment_id, await typed_fields(request))

    @routes.get("/work/{assignment_id}/export.{form}")
    async def export(request: Request, by: Person, assignment_id: UUID, form: Literal["json", "csv"]) -> Response:
        return await desk.export(request, by, assignment_id, form)

    @routes.post("/work/{assignment_id}/{word}")
    async def act(request: Request, by: Person, assignment_id: UUID, word: str) -> Response:
        return await desk.act(request, by, assignment_id, word, await typed_fields(request))


class CasePages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, desk: Desk) -> None:
        self._frame = frame
        self._work = desk.work
        self._cases: Cases = desk.cases
        self._photos: FinishedPhotos = desk.photos
        self._notes: Notes = desk.notes
        self._splits: Splits = desk.splits
        self._maps = PlaceMaps(desk.work.place)

    async def latest(self, request: Request, by: Identity, case_id: UUID) -> Response:
        """On to the latest item of a case, for who comes from a figure; what is not theirs to see is not found."""
        page = (await story_store.pages_of(self._work.service.pool, [case_id])).get(case_id)
        if page is None or not by.sees(page.owner):
            return self._frame.not_found(request, "desk.not_found_words")
        return RedirectResponse(f"/work/{page.assignment_id}", 303)

    async def item(
        self,
        request: Request,
        by: Identity,
        assignment_id: UUID,
        sent: Sent | None = None,
        people: People = NOBODY_LOOKED,
    ) -> Response:
        """One item: what the citizen wrote, its story, and what can be done with it."""
        try:
            item = await self._item(assignment_id, by)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        sent = sent or Sent()
        item = await as_of_now(self._work, item)
        whole = await self._cases.whole(item, await self._notes.of_case(item.case_id, by))
        pool = self._work.service.pool
        return await self._frame.render(
            request,
            "item.html",
            status=sent.status,
            item=item,
            lines=story(whole.told),
            LineKind=LineKind,
            intake=whole.intake,
            version=whole.version,
            earlier=await self._seen(by, earlier_of_person(item, whole.intake, by)),
            nearby=await self._seen(by, whole.intake.of_place if whole.intake else ()),
            files=[file for file in await file_store.files_of(pool, item.case_id) if not file.is_finished],
            map=self._map(request, item),
            people=people,
            may_see_people=may_see_people(item, by),
            by=by.name,
            sent=sent,
            did=self._did(request, item, whole.told.steps),
            outcomes=self._outcomes(request),
            is_held=item.holder(datetime.now(UTC)) not in (None, by.name),
            may_take_over=by.may(Permission.OVERSEE),
            reports=await incident_store.reports_of(pool, [item.assignment_id], REPORTS_SHOWN),
            related=await incident_store.related(pool, item.case_id),
            closings=self._texts(request, item, TextUse.CLOSE),
            questions=self._texts(request, item, TextUse.ASK),
            prefilled=self._prefilled(request, item),
            mentionable=[(row.code, row.name) for row in self._work.place.departments],
            may_export=by.may(Permission.EXPORT),
            **choices(self._frame, self._work.place, request, item),
        )

    async def people(self, request: Request, by: Identity, assignment_id: UUID) -> Response:
        """The item with who told of it; the look is kept before anything is shown."""
        try:
            item = await self._item(assignment_id, by)
            found = await self._cases.people(item, by)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        except NotAllowed:
            return await self.item(request, by, assignment_id, Sent(refused="refused.not_allowed", status=403))
        return await self.item(request, by, assignment_id, people=People(True, found))

    async def finished_photo(
        self, request: Request, by: Identity, assignment_id: UUID, uploads: Sequence[Upload]
    ) -> Response:
        """Keep photos of the finished work; what is no photo is refused beside the field, the others are kept."""
        try:
            item = await self._item(assignment_id, by)
            refusals = await self._photos.keep(item, uploads, by)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        except NotAllowed:
            return await self.item(request, by, assignment_id, Sent(refused="refused.not_allowed", status=403))
        except OSError:
            return await self.item(request, by, assignment_id, Sent(refused="refused.photos_away", status=503))
        if refusals or not uploads:
            wrong = {"photo": f"photo_refused.{refusals[0]}" if refusals else "wrong.missing"}
            return await self.item(request, by, assignment_id, Sent({"photo": ""}, wrong, status=422))
        return RedirectResponse(_back(request) or f"/work/{assignment_id}?did=photo#story", 303)

    async def note(self, request: Request, by: Identity, assignment_id: UUID, typed: Mapping[str, str]) -> Response:
        """Keep a note for colleagues."""
        text = clean(typed.get("note", "")).strip()
        if not text or len(text) > NOTE_LETTERS_MAX:
            wrong = {"note": "wrong.long" if text else "wrong.missing"}
            return await self.item(request, by, assignment_id, Sent(typed, wrong, status=422))
        try:
            await self._notes.write(await self._item(assignment_id, by), text, by)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        return RedirectResponse(f"/work/{assignment_id}?did=note#story", 303)

    async def split(self, request: Request, by: Identity, assignment_id: UUID, typed: Mapping[str, str]) -> Response:
        """Have a further case opened for another owner."""
        owner, topic = typed.get("split_owner", ""), typed.get("split_topic") or None
        about = clean(typed.get("about", "")).strip()[:NOTE_LETTERS_MAX]
        try:
            await self._splits.split(assignment_id, owner, topic, about, by)
        except Unknown as error:
            return await self.item(request, by, assignment_id, _unknown(typed, error.name))
        except Refused as error:
            return await self.item(request, by, assignment_id, Sent(typed, {}, f"refused.{error.verdict}", 409))
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        return RedirectResponse(f"/work/{assignment_id}?did=split#story", 303)

    async def export(self, request: Request, by: Identity, assignment_id: UUID, form: str) -> Response:
        """The case to take along, for who may."""
        if not by.may(Permission.EXPORT):
            return await self.item(request, by, assignment_id, Sent(refused="refused.not_allowed", status=403))
        try:
            item = await self._item(assignment_id, by)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        lines = story((await self._cases.whole(item)).told)
        log.info("case_exported", case_id=str(item.case_id), form=form)
        if form == "json":
            return as_json(item, lines, self._frame.names(request))
        return as_csv(self._frame, request, item, lines)

    async def _item(self, assignment_id: UUID, by: Identity) -> Item:
        """The item, for who may see it. Raises NoSuchItem."""
        item, _ = await self._work.story(assignment_id)
        if not by.sees(item.owner):
            raise NoSuchItem(assignment_id)
        return item

    def _map(self, request: Request, item: Item) -> Markup:
        """Where it is, drawn from the municipality's own ground; "" where nobody knows."""
        name = self._frame.names(request).neighbourhood(item.neighbourhood) or item.place.neighbourhood or ""
        label = self._frame.say(request, "case.map", place=", ".join(filter(None, (item.place.street, name))))
        drawn = self._maps.draw(item.place.latitude, item.place.longitude, item.neighbourhood, label)
        return Markup(drawn)  # noqa: S704 - made of our own grounds, its words are escaped there

    async def _seen(self, by: Identity, cases: Sequence[ToldEarlier]) -> list[Earlier]:
        """Other cases, each with its page here where this identity may see it."""
        pages = await story_store.pages_of(self._work.service.pool, [case.case_id for case in cases])
        return [
            Earlier(case, page.assignment_id if page and by.sees(page.owner) else None)
            for case in cases
            for page in [pages.get(case.case_id)]
        ]

    async def act(
        self, request: Request, by: Identity, assignment_id: UUID, word: str, typed: Mapping[str, str]
    ) -> Response:
        """Do what a form says and show the item, or the next one to decide. What was refused keeps what was typed."""
        if word not in ACTIONS:
            return await self.item(request, by, assignment_id, Sent(status=404))
        said = {name: value for name, value in typed.items() if value.strip()}
        seen, version = said.pop("revision", ""), said.pop("version", "")
        try:
            if version.isdecimal() and await self._has_changed(assignment_id, by, int(version)):
                return await self.item(request, by, assignment_id, Sent(typed, {}, "refused.changed", 409))
            said = await self._meant(request, word, said)
            action = ACTIONS[word].model_validate(said)
            await self._work.act(assignment_id, action, by, int(seen) if seen.isdecimal() else None)
        except ValidationError as error:
            return await self.item(request, by, assignment_id, Sent(typed, faults_of(error), status=422))
        except Unknown as error:
            return await self.item(request, by, assignment_id, _unknown(typed, error.name))
        except Refused as error:
            return await self.item(request, by, assignment_id, Sent(typed, {}, f"refused.{error.verdict}", 409))
        except NoSuchItem:
            return await self.item(request, by, assignment_id)
        return RedirectResponse(_onward(request, assignment_id, word), 303)

    async def _has_changed(self, assignment_id: UUID, by: Identity, version: int) -> bool:
        """Whether others changed what is to be done since the page was opened. Raises NoSuchItem."""
        item = await self._item(assignment_id, by)
        return bool(await story_store.changes_since(self._work.service.pool, item, version))

    async def _meant(self, request: Request, word: str, said: Mapping[str, str]) -> dict[str, str]:
        """What a press stands for: whose it is said to be, with the reason; a case by its number. Raises Unknown."""
        match word:
            case "return" if "to" in said:
                owner = self._frame.names(request).owner(said["to"])
                reason = said.get("reason") or self._frame.say(request, "case.not_ours", owner=owner)
                return {"reason": reason, "proposal": said["to"]}
            case "gather" if "number" in said:
                into = await incident_store.open_case(self._work.service.pool, said["number"])
                if into is None:
                    raise Unknown("number", said["number"])
                return {"into": str(into)}
            case _:
                return dict(said)

    def _texts(self, request: Request, item: Item, use: TextUse) -> list[Ready]:
        return ready_texts(self._frame, self._work.place, request, item, use)

    def _prefilled(self, request: Request, item: Item) -> Ready | None:
        """The text that was chosen without scripts."""
        code = request.query_params.get("text", "")
        texts = [*self._texts(request, item, TextUse.CLOSE), *self._texts(request, item, TextUse.ASK)]
        return next((row for row in texts if row.code == code), None)

    def _outcomes(self, request: Request) -> list[Option]:
        return [Option(outcome, self._frame.name(request, "outcome", outcome)) for outcome in OUTCOMES]

    def _did(self, request: Request, item: Item, steps: Sequence[Step]) -> str:
        """What the person did a moment ago, in words; "" for nothing."""
        word = request.query_params.get("did", "")
        if request.method == "GET" and word in DONE_HERE:
            return self._frame.say(request, f"did.{word}")
        return did_words(self._frame, request, item, word, steps) if request.method == "GET" and word in ACTIONS else ""


def _unknown(typed: Mapping[str, str], name: str) -> Sent:
    """What was typed, with what is not known said beside its field."""
    match name:
        case "case":
            return Sent(typed, {name: "wrong.unknown"}, "refused.no_case", 422)
        case "slot":
            return Sent(typed, {"answer" if "answer" in typed else "question": "wrong.slot"}, status=422)
        case "number":
            return Sent(typed, {name: "wrong.number"}, status=422)
        case _:
            return Sent(typed, {name: "wrong.unknown"}, status=422)


def _onward(request: Request, assignment_id: UUID, word: str) -> str:
    """Where a person goes after an action: to the next decision or the list they came from, else back to the item."""
    if back := _back(request):
        return back
    if request.query_params.get("from") == "triage":
        after = request.query_params.get("after")
        return f"/triage?{urlencode({'done': assignment_id, **({'after': after} if after else {})})}"
    return f"/work/{assignment_id}?{urlencode({'did': word})}"


def _back(request: Request) -> str:
    """The list somebody came from, as the address says; "" for none, and for anywhere else."""
    back = request.query_params.get("back", "")
    return back if back in ("/", "/field") or back.startswith(("/?", "/field?")) else ""
