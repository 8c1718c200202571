"""The desk's pages: the work list, triage, and one item with its story and actions. They work without JavaScript."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.desk import store
from services.desk.domain import (
    Action,
    Ask,
    Close,
    Decide,
    Item,
    Reason,
    Return,
    State,
    Step,
    StepKind,
    Take,
    in_words,
    read_reasons,
)
from services.desk.handlers import NoSuchItem, Refused, Unknown, Work
from services.desk.store import Load
from services.desk.web import ITEMS_MAX, Names, SignIn, same_origin
from shared.contracts import Outcome, Proposal
from shared.pages import Pages
from shared.text import sort_key

TEMPLATES: Final = Path(__file__).parent / "templates"
PAGE_ITEMS: Final = 100
SOON: Final = timedelta(hours=4)
# What a person closes with. `forwarded` is said by the router when an institution has it.
OUTCOMES: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.FORWARDED)
ACTIONS: Final[Mapping[str, type[Action]]] = {
    "take": Take,
    "decide": Decide,
    "return": Return,
    "ask": Ask,
    "close": Close,
}
# Why a field is wrong, by pydantic's word for it.
FAULTS: Final = {"missing": "wrong.missing", "string_too_short": "wrong.missing", "string_too_long": "wrong.long"}


class Option(NamedTuple):
    """One line of a select."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the reasons that speak for it."""

    proposal: Proposal
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form brought, and why it took no effect: a message for the page, or one for each wrong field."""

    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    status: int = 200


def add_pages(web: FastAPI, work: Work, pages: Pages, sign_in: SignIn) -> None:
    """Everything the desk answers to a browser."""
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(sign_in), Depends(same_origin)])
    desk = DeskPages(work, pages)
    Person = Annotated[str, Depends(sign_in)]

    @routes.get("/")
    async def work_list(request: Request, by: Person, owner: str = "", after: UUID | None = None) -> Response:
        return await desk.work_list(request, by, owner, after)

    @routes.get("/triage")
    async def triage(request: Request, by: Person, after: UUID | None = None, done: UUID | None = None) -> Response:
        return await desk.triage(request, by, after, done)

    @routes.get("/work/{assignment_id}")
    async def item(request: Request, by: Person, assignment_id: UUID) -> Response:
        return await desk.item(request, by, assignment_id)

    @routes.post("/work/{assignment_id}/{word}")
    async def act(request: Request, by: Person, assignment_id: UUID, word: str) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        return await desk.act(request, by, assignment_id, word, {k: v for k, v in form.items() if isinstance(v, str)})

    web.include_router(routes)
    pages.mount(web)


class DeskPages:
    """Reads what a page shows and renders it."""

    def __init__(self, work: Work, pages: Pages) -> None:
        self._work = work
        self._pages = pages

    async def work_list(self, request: Request, by: str, owner: str, after: UUID | None) -> Response:
        """Open work, urgent first, soonest due first; the filter stands in the address."""
        owner = owner if owner in self._work.owners else ""
        try:
            items = await self._work.soonest(owner or None, PAGE_ITEMS + 1, after)
        except NoSuchItem:
            return RedirectResponse("/", 303)
        loads = await store.loads(self._work.service.pool)
        shown = [load for load in loads.values() if owner in ("", load.owner)]
        return self._render(
            request,
            "work.html",
            items=items[:PAGE_ITEMS],
            next=items[PAGE_ITEMS - 1].assignment_id if len(items) > PAGE_ITEMS else None,
            owner=owner,
            owners=self._owners_with_work(request, loads),
            totals={
                "open": sum(load.open for load in shown),
                "urgent": sum(load.urgent for load in shown),
                "overdue": sum(load.overdue for load in shown),
                "taken": sum(load.taken for load in shown),
            },
            waiting=self._waiting(loads),
            by=by,
        )

    async def triage(self, request: Request, by: str, after: UUID | None, done: UUID | None) -> Response:
        """The next item to decide, with its proposals; `done` is what was decided just before."""
        try:
            items = await self._work.triage(ITEMS_MAX, after)
        except NoSuchItem:
            return RedirectResponse("/triage", 303)
        # What a colleague holds is theirs: it stays in the work list.
        item = next((item for item in items if item.taken_by in (None, by)), None)
        steps = await store.steps(self._work.service.pool, [item.assignment_id]) if item else []
        loads = await store.loads(self._work.service.pool)
        return self._render(
            request,
            "triage.html",
            item=item,
            notes=[step for step in steps if step.kind is StepKind.ADDED],
            after=after,
            done=await self._decided(done),
            waiting=self._waiting(loads),
            **(self._choices(request, item) if item else {}),
        )

    async def item(self, request: Request, by: str, assignment_id: UUID, sent: Sent | None = None) -> Response:
        """One item: what the citizen wrote, its story, and what can be done with it."""
        try:
            item, _ = await self._work.story(assignment_id)
        except NoSuchItem:
            title, words = self._pages.say(request, "page.not_found"), self._pages.say(request, "desk.not_found_words")
            return self._pages.render(request, "message.html", status=404, title=title, words=words)
        sent = sent or Sent()
        items = await store.of_case(self._work.service.pool, item.case_id)
        steps = await store.steps(self._work.service.pool, [other.assignment_id for other in items])
        return self._render(
            request,
            "item.html",
            status=sent.status,
            item=item,
            steps=steps,
            items={other.assignment_id: other for other in items},
            by=by,
            sent=sent,
            did=self._did(request, item, steps),
            outcomes=self._outcomes(request),
            is_held=item.taken_by not in (None, by) and item.state is not State.DONE,
            waiting=self._waiting(await store.loads(self._work.service.pool)),
            **self._choices(request, item),
        )

    async def act(
        self, request: Request, by: str, assignment_id: UUID, word: str, typed: Mapping[str, str]
    ) -> Response:
        """Do what a form says and show the item, or the next one to decide. What was refused keeps what was typed."""
        if word not in ACTIONS:
            return await self.item(request, by, assignment_id, Sent(status=404))
        said = {name: value for name, value in typed.items() if value.strip()}
        try:
            await self._work.act(assignment_id, ACTIONS[word].model_validate(said), by)
        except ValidationError as error:
            wrong = {str(fault["loc"][0]): FAULTS.get(fault["type"], "wrong.unknown") for fault in error.errors()}
            return await self.item(request, by, assignment_id, Sent(typed, wrong, status=422))
        except Unknown as error:
            return await self.item(request, by, assignment_id, Sent(typed, {error.name: "wrong.unknown"}, status=422))
        except Refused as error:
            return await self.item(request, by, assignment_id, Sent(typed, {}, f"refused.{error.verdict}", 409))
        except NoSuchItem:
            return await self.item(request, by, assignment_id)
        return RedirectResponse(_onward(request, assignment_id, word), 303)

    def _render(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        now = datetime.now(UTC)
        names = Names(self._work.place, self._pages.language(request))
        return self._pages.render(
            request, name, status=status, now=now, names=names, soon=SOON, State=State, StepKind=StepKind, **values
        )

    def _choices(self, request: Request, item: Item) -> dict[str, Any]:
        """What a decision can be made of: proposals with their reasons, and the lists behind them."""
        language = self._pages.language(request)
        place = self._work.place
        return {
            "proposed": self._proposed(request, item),
            "reasons": self._general_reasons(request, item),
            "owners": [
                *_options((row.code, row.name_in(language)) for row in place.departments if row.code != item.owner),
                *_options((row.code, row.name_in(language)) for row in place.institutions),
            ],
            "topics": _options((row.code, row.name_in(language)) for row in place.topics),
            "neighbourhoods": _options((row.code, row.name) for row in place.neighbourhoods),
        }

    def _proposed(self, request: Request, item: Item) -> list[Proposed]:
        reasons = read_reasons(item.reasons)
        return [
            Proposed(row, [self._told(request, why) for why in reasons if why.speaks_for(row.owner, row.topic)])
            for row in item.proposals
        ]

    def _general_reasons(self, request: Request, item: Item) -> list[str]:
        """The reasons that speak for none of the proposals."""
        return [
            self._told(request, why)
            for why in read_reasons(item.reasons)
            if not any(why.speaks_for(row.owner, row.topic) for row in item.proposals)
        ]

    def _told(self, request: Request, reason: Reason) -> str:
        language = self._pages.language(request)
        names, formats = Names(self._work.place, language), self._pages.formats(language)
        words = {
            "owner": names.owner,
            "topic": names.topic,
            "share": lambda share: formats.percent(float(share), 0),
        }
        return in_words(reason, lambda key, **values: self._pages.say(request, key, **values), words)

    def _outcomes(self, request: Request) -> list[Option]:
        language = self._pages.language(request)
        return [Option(outcome, self._pages.catalogue.name(language, "outcome", outcome)) for outcome in OUTCOMES]

    def _owners_with_work(self, request: Request, loads: Mapping[str, Load]) -> list[Option]:
        names = Names(self._work.place, self._pages.language(request))
        return [
            Option(owner, f"{names.owner(owner)} ({loads[owner].open if owner in loads else 0})")
            for owner in self._work.owners
        ]

    def _waiting(self, loads: Mapping[str, Load]) -> int:
        load = loads.get(self._work.place.solution_centre.code)
        return load.open if load else 0

    async def _decided(self, done: UUID | None) -> tuple[Item, str] | None:
        """The item that was decided just before, and to whom it went."""
        if done is None:
            return None
        try:
            item, steps = await self._work.story(done)
        except NoSuchItem:
            return None
        return next(((item, step.detail) for step in steps if step.kind is StepKind.DECIDED and step.detail), None)

    def _did(self, request: Request, item: Item, steps: Sequence[Step]) -> str:
        """What the person did a moment ago, in words; "" for nothing."""
        word = request.query_params.get("did", "")
        if request.method != "GET" or word not in ACTIONS:
            return ""
        names = Names(self._work.place, self._pages.language(request))
        decided = next((step.detail for step in reversed(steps) if step.kind is StepKind.DECIDED and step.detail), "")
        return self._pages.say(request, f"did.{word}", number=item.number, owner=names.owner(decided))


def _onward(request: Request, assignment_id: UUID, word: str) -> str:
    """Where a person goes after an action: to the next decision when they came from triage, else back to the item."""
    if request.query_params.get("from") == "triage":
        after = request.query_params.get("after")
        return f"/triage?{urlencode({'done': assignment_id, **({'after': after} if after else {})})}"
    return f"/work/{assignment_id}?{urlencode({'did': word})}"


def _options(rows: Iterable[tuple[str, str]]) -> list[Option]:
    return sorted((Option(*row) for row in rows), key=lambda option: sort_key(option.words))
