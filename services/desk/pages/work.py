"""The work list, triage, and one item with its story and actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

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
from services.desk.pages.frame import Frame, Option, Sent, faults_of, options, typed_fields
from services.desk.store import files as file_store
from services.desk.store import work as work_store
from services.desk.store.work import Load
from services.desk.web import ITEMS_MAX, SignIn
from shared.contracts import Outcome, Proposal

PAGE_ITEMS: Final = 100
# What a person closes with. `forwarded` is said by the router when an institution has it.
OUTCOMES: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.FORWARDED)
ACTIONS: Final[Mapping[str, type[Action]]] = {
    "take": Take,
    "decide": Decide,
    "return": Return,
    "ask": Ask,
    "close": Close,
}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the reasons that speak for it."""

    proposal: Proposal
    reasons: Sequence[str]


def add_work_pages(routes: APIRouter, frame: Frame, work: Work, sign_in: SignIn) -> None:
    """`/`, `/triage` and `/work/…`."""
    desk = WorkPages(frame, work)
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
        return await desk.act(request, by, assignment_id, word, await typed_fields(request))


class WorkPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, work: Work) -> None:
        self._frame = frame
        self._work = work

    async def work_list(self, request: Request, by: str, owner: str, after: UUID | None) -> Response:
        """Open work, urgent first, soonest due first; the filter stands in the address."""
        owner = owner if owner in self._work.owners else ""
        try:
            items = await self._work.soonest(owner or None, PAGE_ITEMS + 1, after)
        except NoSuchItem:
            return RedirectResponse("/", 303)
        loads = await work_store.loads(self._work.service.pool)
        shown = [load for load in loads.values() if owner in ("", load.owner)]
        return await self._frame.render(
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
        steps = await work_store.steps(self._work.service.pool, [item.assignment_id]) if item else []
        return await self._frame.render(
            request,
            "triage.html",
            item=item,
            notes=[step for step in steps if step.kind is StepKind.ADDED],
            files=await file_store.files_of(self._work.service.pool, item.case_id) if item else [],
            after=after,
            done=await self._decided(done),
            **(self._choices(request, item) if item else {}),
        )

    async def item(self, request: Request, by: str, assignment_id: UUID, sent: Sent | None = None) -> Response:
        """One item: what the citizen wrote, its story, and what can be done with it."""
        try:
            item, _ = await self._work.story(assignment_id)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        sent = sent or Sent()
        items = await work_store.of_case(self._work.service.pool, item.case_id)
        steps = await work_store.steps(self._work.service.pool, [other.assignment_id for other in items])
        return await self._frame.render(
            request,
            "item.html",
            status=sent.status,
            item=item,
            steps=steps,
            files=await file_store.files_of(self._work.service.pool, item.case_id),
            items={other.assignment_id: other for other in items},
            by=by,
            sent=sent,
            did=self._did(request, item, steps),
            outcomes=self._outcomes(request),
            is_held=item.taken_by not in (None, by) and item.state is not State.DONE,
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
            return await self.item(request, by, assignment_id, Sent(typed, faults_of(error), status=422))
        except Unknown as error:
            return await self.item(request, by, assignment_id, Sent(typed, {error.name: "wrong.unknown"}, status=422))
        except Refused as error:
            return await self.item(request, by, assignment_id, Sent(typed, {}, f"refused.{error.verdict}", 409))
        except NoSuchItem:
            return await self.item(request, by, assignment_id)
        return RedirectResponse(_onward(request, assignment_id, word), 303)

    def _choices(self, request: Request, item: Item) -> dict[str, Any]:
        """What a decision can be made of: proposals with their reasons, and the lists behind them."""
        language = self._frame.language(request)
        place = self._work.place
        return {
            "proposed": self._proposed(request, item),
            "reasons": self._general_reasons(request, item),
            "owners": [
                *options((row.code, row.name_in(language)) for row in place.departments if row.code != item.owner),
                *options((row.code, row.name_in(language)) for row in place.institutions),
            ],
            "topics": options((row.code, row.name_in(language)) for row in place.topics),
            "neighbourhoods": options((row.code, row.name) for row in place.neighbourhoods),
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
        names, formats = self._frame.names(request), self._frame.formats(request)
        words = {
            "owner": names.owner,
            "topic": names.topic,
            "share": lambda share: formats.percent(float(share), 0),
        }
        return in_words(reason, lambda key, **values: self._frame.say(request, key, **values), words)

    def _outcomes(self, request: Request) -> list[Option]:
        return [Option(outcome, self._frame.name(request, "outcome", outcome)) for outcome in OUTCOMES]

    def _owners_with_work(self, request: Request, loads: Mapping[str, Load]) -> list[Option]:
        names = self._frame.names(request)
        return [
            Option(owner, f"{names.owner(owner)} ({loads[owner].open if owner in loads else 0})")
            for owner in self._work.owners
        ]

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
        names = self._frame.names(request)
        decided = next((step.detail for step in reversed(steps) if step.kind is StepKind.DECIDED and step.detail), "")
        return self._frame.say(request, f"did.{word}", number=item.number, owner=names.owner(decided))


def _onward(request: Request, assignment_id: UUID, word: str) -> str:
    """Where a person goes after an action: to the next decision when they came from triage, else back to the item."""
    if request.query_params.get("from") == "triage":
        after = request.query_params.get("after")
        return f"/triage?{urlencode({'done': assignment_id, **({'after': after} if after else {})})}"
    return f"/work/{assignment_id}?{urlencode({'did': word})}"
