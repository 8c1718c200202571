"""The work list, triage, and one item with its story and actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    Gather,
    Item,
    Return,
    Separate,
    State,
    Step,
    StepKind,
    Take,
)
from services.desk.handlers import NoSuchItem, Refused, Unknown, Work
from services.desk.pages.frame import Frame, Option, Sent, faults_of, options, typed_fields
from services.desk.pages.why import grounds, proposed
from services.desk.store import files as file_store
from services.desk.store import incidents as incident_store
from services.desk.store import work as work_store
from services.desk.store.work import Load
from services.desk.web import ITEMS_MAX, SignIn
from shared.contracts import Outcome

PAGE_ITEMS: Final = 100
QUEUE_ITEMS: Final = 30
REPORTS_SHOWN: Final = 200
# What a person closes with. `forwarded` is said by the router when an institution has it.
OUTCOMES: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.FORWARDED)
_WORD_OF: Final = {StepKind.DECIDED: "decide", StepKind.GATHERED: "gather"}
ACTIONS: Final[Mapping[str, type[Action]]] = {
    "take": Take,
    "decide": Decide,
    "return": Return,
    "ask": Ask,
    "close": Close,
    "gather": Gather,
    "separate": Separate,
}


@dataclass(frozen=True, slots=True)
class DoneBefore:
    """What became of an item, in words."""

    assignment_id: UUID
    words: str


def add_work_pages(routes: APIRouter, frame: Frame, work: Work, sign_in: SignIn) -> None:
    """`/`, `/triage` and `/work/…`."""
    desk = WorkPages(frame, work)
    Person = Annotated[str, Depends(sign_in)]

    @routes.get("/")
    async def work_list(request: Request, by: Person, owner: str = "", after: UUID | None = None) -> Response:
        return await desk.work_list(request, by, owner, after)

    @routes.get("/triage")
    async def triage(
        request: Request, by: Person, after: UUID | None = None, at: UUID | None = None, done: UUID | None = None
    ) -> Response:
        return await desk.triage(request, by, after, at, done)

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

    async def triage(
        self, request: Request, by: str, after: UUID | None, at: UUID | None, done: UUID | None
    ) -> Response:
        """One item to decide with its proposals, and the queue beside it; `done` is what was decided just before.

        Shown is `at`, or the first behind `after`.
        """
        try:
            items = await self._work.triage(ITEMS_MAX, after)
        except NoSuchItem:
            return RedirectResponse("/triage", 303)
        # What a colleague holds is theirs: it stays in the work list.
        free = [item for item in items if item.taken_by in (None, by)]
        item = next((item for item in free if item.assignment_id == at), free[0] if free else None)
        item = await self._as_of_now(item) if item else None
        steps = await work_store.steps(self._work.service.pool, [item.assignment_id]) if item else []
        return await self._frame.render(
            request,
            "triage.html",
            item=item,
            queue=free[:QUEUE_ITEMS],
            notes=[step for step in steps if step.kind is StepKind.ADDED],
            files=await file_store.files_of(self._work.service.pool, item.case_id) if item else [],
            after=after,
            done=await self._done_before(request, done),
            **(self._choices(request, item, beside=len(item.proposals)) if item else {}),
        )

    async def item(self, request: Request, by: str, assignment_id: UUID, sent: Sent | None = None) -> Response:
        """One item: what the citizen wrote, its story, and what can be done with it."""
        try:
            item, _ = await self._work.story(assignment_id)
        except NoSuchItem:
            return self._frame.not_found(request, "desk.not_found_words")
        sent = sent or Sent()
        item = await self._as_of_now(item)
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
            reports=await incident_store.reports_of(self._work.service.pool, [item.assignment_id], REPORTS_SHOWN),
            related=await incident_store.related(self._work.service.pool, item.case_id),
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
            sent = Sent(typed, {error.name: "wrong.unknown"}, "refused.no_case" if error.name == "case" else "", 422)
            return await self.item(request, by, assignment_id, sent)
        except Refused as error:
            return await self.item(request, by, assignment_id, Sent(typed, {}, f"refused.{error.verdict}", 409))
        except NoSuchItem:
            return await self.item(request, by, assignment_id)
        return RedirectResponse(_onward(request, assignment_id, word), 303)

    def _choices(self, request: Request, item: Item, beside: int = 0) -> dict[str, Any]:
        """What a decision can be made of: proposals, why, and the lists behind them.

        `beside`: so many proposals are shown with their own reasons.
        """
        language = self._frame.language(request)
        place = self._work.place
        return {
            "proposed": proposed(item.why, item.proposals, item.text, place, language),
            "why": grounds(item.why, item.text, place, language, item.reasons, beside),
            "owners": [
                *options((row.code, row.name_in(language)) for row in place.departments if row.code != item.owner),
                *options((row.code, row.name_in(language)) for row in place.institutions),
            ],
            "topics": options((row.code, row.name_in(language)) for row in place.topics),
            "neighbourhoods": options((row.code, row.name) for row in place.neighbourhoods),
        }

    def _outcomes(self, request: Request) -> list[Option]:
        return [Option(outcome, self._frame.name(request, "outcome", outcome)) for outcome in OUTCOMES]

    def _owners_with_work(self, request: Request, loads: Mapping[str, Load]) -> list[Option]:
        names = self._frame.names(request)
        return [
            Option(owner, f"{names.owner(owner)} ({loads[owner].open if owner in loads else 0})")
            for owner in self._work.owners
        ]

    async def _as_of_now(self, item: Item) -> Item:
        """Without the similar cases that were closed since it was offered."""
        if not item.similar:
            return item
        closed = await incident_store.closed_among(self._work.service.pool, [row.case_id for row in item.similar])
        return replace(item, similar=tuple(row for row in item.similar if row.case_id not in closed))

    async def _done_before(self, request: Request, done: UUID | None) -> DoneBefore | None:
        """What became of the item that was decided just before."""
        if done is None:
            return None
        try:
            item, steps = await self._work.story(done)
        except NoSuchItem:
            return None
        last = next((step for step in reversed(steps) if step.kind in _WORD_OF and step.detail), None)
        return DoneBefore(done, self._words(request, item, _WORD_OF[last.kind], steps)) if last else None

    def _did(self, request: Request, item: Item, steps: Sequence[Step]) -> str:
        """What the person did a moment ago, in words; "" for nothing."""
        word = request.query_params.get("did", "")
        return self._words(request, item, word, steps) if request.method == "GET" and word in ACTIONS else ""

    def _words(self, request: Request, item: Item, word: str, steps: Sequence[Step]) -> str:
        details = {step.kind: step.detail or "" for step in steps}
        owner = self._frame.names(request).owner(details.get(StepKind.DECIDED, ""))
        other = details.get(StepKind.GATHERED, "")
        return self._frame.say(request, f"did.{word}", number=item.number, owner=owner, other=other)


def _onward(request: Request, assignment_id: UUID, word: str) -> str:
    """Where a person goes after an action: to the next decision when they came from triage, else back to the item."""
    if request.query_params.get("from") == "triage":
        after = request.query_params.get("after")
        return f"/triage?{urlencode({'done': assignment_id, **({'after': after} if after else {})})}"
    return f"/work/{assignment_id}?{urlencode({'did': word})}"
