"""The work list as an API."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from services.desk.domain import (
    Action,
    Ask,
    Close,
    Decide,
    Gather,
    Item,
    Release,
    Return,
    Separate,
    State,
    Step,
    StepKind,
    Take,
    Verdict,
)
from services.desk.domain.identity import Identity
from services.desk.handlers import NoSuchItem, Refused, Unknown, Work, WorkList
from services.desk.store import work as work_store
from services.desk.web.access import SignIn, same_origin
from shared.contracts import CaseKind, Lane, Place, Proposal, SimilarCase, Why
from shared.municipality import Municipality
from shared.names import Names
from shared.problems import problem

ITEMS_MAX: Final = 200

REFUSALS: Final[Mapping[Verdict, str]] = {
    Verdict.DONE: "The item is done already, with another ending.",
    Verdict.HELD: "A colleague holds the item; take it over first.",
    Verdict.NOT_OVER: "A colleague holds the item; it comes back when their claim runs out.",
    Verdict.STALE: "The item changed since the revision you saw; read it again.",
    Verdict.ASKED: "The citizen has not answered the last question yet.",
    Verdict.NOT_TRIAGE: "Only the solution centre decides whose a case is; return it instead.",
    Verdict.NO_RETURN: "The solution centre has nobody to return to; decide, ask or close instead.",
    Verdict.ITSELF: "A case is not the same problem as itself.",
    Verdict.ALONE: "No other case tells of this problem.",
}


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProposalOut(_Out):
    """A possible owner, and how sure the router is (0 to 1)."""

    owner: str
    owner_name: str
    topic: str | None
    topic_name: str | None
    confidence: float


class NoteOut(_Out):
    """What the citizen wrote again."""

    at: datetime
    text: str


class ItemOut(_Out):
    """One item of the work list."""

    assignment_id: UUID
    case_id: UUID
    number: str
    owner: str
    owner_name: str
    lane: Lane
    topic: str | None
    topic_name: str | None
    text: str
    place: Place
    neighbourhood: str | None
    neighbourhood_name: str | None
    language: str
    opened_at: datetime
    due_at: datetime | None
    returns: int
    returned_because: str | None
    attachments: int
    state: State
    taken_by: str | None
    held_until: datetime | None
    revision: int
    question: str | None
    done_at: datetime | None
    proposals: tuple[ProposalOut, ...]
    reasons: tuple[str, ...]
    kind: CaseKind | None
    urgency: str | None
    hides_identity: bool
    secondary: tuple[ProposalOut, ...]
    similar: tuple[SimilarCase, ...]
    reports: int
    why: Why | None
    notes: tuple[NoteOut, ...]


class ItemsOut(_Out):
    """Some items in order; `next` goes into `after` for those behind them, None: there are no more."""

    items: tuple[ItemOut, ...]
    next: UUID | None


class StepOut(_Out):
    """One line of an item's story."""

    at: datetime
    kind: StepKind
    by: str
    detail: str | None
    text: str


class StoryOut(_Out):
    """An item and what happened to it, in order of time."""

    item: ItemOut
    steps: tuple[StepOut, ...]


Limit = Annotated[int, Query(ge=1, le=ITEMS_MAX)]
Seen = Annotated[int | None, Query(description="the item's revision you act in view of; an older one is refused")]
After = Annotated[UUID | None, Query(description="assignment_id of the last item you have")]


def add_routes(web: FastAPI, work: Work, sign_in: SignIn) -> None:
    """Everything the desk answers as an API."""
    for kind in (NoSuchItem, Refused, Unknown):
        web.add_exception_handler(kind, _refused)
    web.include_router(_triage_api(work, sign_in))
    web.include_router(_work_api(work, sign_in))


def _triage_api(work: Work, sign_in: SignIn) -> APIRouter:
    routes = APIRouter(prefix="/api/triage", tags=["triage"], dependencies=[Depends(sign_in), Depends(same_origin)])

    @routes.get("")
    async def triage(limit: Limit = 50, after: After = None) -> ItemsOut:
        return await _items_out(work, await work.triage(limit + 1, after), limit)

    @routes.post("/{assignment_id}/decide")
    async def decide(
        assignment_id: UUID, action: Decide, by: Annotated[Identity, Depends(sign_in)], revision: Seen = None
    ) -> ItemOut:
        return await _acted(work, assignment_id, action, by, revision)

    return routes


def _work_api(work: Work, sign_in: SignIn) -> APIRouter:
    routes = APIRouter(prefix="/api/work", tags=["work"], dependencies=[Depends(sign_in), Depends(same_origin)])
    Person = Annotated[Identity, Depends(sign_in)]
    listed = WorkList(work)

    @routes.get("")
    async def soonest(by: Person, owner: str | None = None, limit: Limit = 50, after: After = None) -> ItemsOut:
        return await _items_out(work, await listed.items(listed.wanted(by, owner), limit + 1, after), limit)

    @routes.get("/{assignment_id}")
    async def story(by: Person, assignment_id: UUID) -> StoryOut:
        item, steps = await work.story(assignment_id)
        if not by.sees(item.owner):
            raise NoSuchItem(assignment_id)
        return StoryOut(item=item_out(item, work.place, steps), steps=tuple(map(_step_out, steps)))

    @routes.post("/{assignment_id}/take")
    async def take(assignment_id: UUID, by: Person, action: Take | None = None) -> ItemOut:
        return await _acted(work, assignment_id, action or Take(), by)

    @routes.post("/{assignment_id}/release")
    async def release(assignment_id: UUID, by: Person) -> ItemOut:
        return await _acted(work, assignment_id, Release(), by)

    @routes.post("/{assignment_id}/return")
    async def give_back(assignment_id: UUID, action: Return, by: Person, revision: Seen = None) -> ItemOut:
        return await _acted(work, assignment_id, action, by, revision)

    @routes.post("/{assignment_id}/ask")
    async def ask(assignment_id: UUID, action: Ask, by: Person, revision: Seen = None) -> ItemOut:
        return await _acted(work, assignment_id, action, by, revision)

    @routes.post("/{assignment_id}/close")
    async def close(assignment_id: UUID, action: Close, by: Person, revision: Seen = None) -> ItemOut:
        return await _acted(work, assignment_id, action, by, revision)

    @routes.post("/{assignment_id}/gather")
    async def gather(assignment_id: UUID, action: Gather, by: Person, revision: Seen = None) -> ItemOut:
        return await _acted(work, assignment_id, action, by, revision)

    @routes.post("/{assignment_id}/separate")
    async def separate(assignment_id: UUID, action: Separate, by: Person, revision: Seen = None) -> ItemOut:
        return await _acted(work, assignment_id, action, by, revision)

    return routes


async def _acted(work: Work, assignment_id: UUID, action: Action, by: Identity, seen: int | None = None) -> ItemOut:
    item = await work.act(assignment_id, action, by, seen)
    return item_out(item, work.place, await work_store.steps(work.service.pool, [assignment_id]))


async def _refused(_: Request, error: Exception) -> Response:
    match error:
        case NoSuchItem():
            return problem(404, "No such item", "Nothing was offered here under this assignment_id.")
        case Refused(verdict=verdict):
            return problem(409, "Not as it stands", REFUSALS[verdict])
        case Unknown(name=name, value=value):
            return problem(422, f"Unknown {name}", f"No {name} that can be named here is called {value}.")
        case _:
            raise error


async def _items_out(work: Work, items: Sequence[Item], limit: int) -> ItemsOut:
    """At most `limit` of the items; one more than that only tells that there are more."""
    shown = items[:limit]
    steps = await work_store.steps(work.service.pool, [item.assignment_id for item in shown])
    out = tuple(item_out(item, work.place, steps) for item in shown)
    return ItemsOut(items=out, next=shown[-1].assignment_id if len(items) > limit else None)


def item_out(item: Item, place: Municipality, steps: Iterable[Step]) -> ItemOut:
    """The item with names beside its codes, and the notes that `steps` (of any items) hold for it."""
    added = [step for step in steps if step.kind is StepKind.ADDED and step.assignment_id == item.assignment_id]
    names = Names(place)
    return ItemOut(
        assignment_id=item.assignment_id,
        case_id=item.case_id,
        number=item.number,
        owner=item.owner,
        owner_name=names.owner(item.owner),
        lane=item.lane,
        topic=item.topic,
        topic_name=names.topic(item.topic),
        text=item.text,
        place=item.place,
        neighbourhood=item.neighbourhood,
        neighbourhood_name=names.neighbourhood(item.neighbourhood),
        language=item.language,
        opened_at=item.opened_at,
        due_at=item.due_at,
        returns=item.returns,
        returned_because=item.returned_because,
        attachments=item.attachments,
        state=item.state,
        taken_by=item.taken_by,
        held_until=item.held_until,
        revision=item.revision,
        question=item.question,
        done_at=item.done_at,
        proposals=tuple(_proposal_out(row, names) for row in item.proposals),
        reasons=item.reasons,
        kind=item.kind,
        urgency=item.urgency,
        hides_identity=item.hides_identity,
        secondary=tuple(_proposal_out(row, names) for row in item.secondary),
        similar=item.similar,
        reports=item.reports,
        why=item.why,
        notes=tuple(NoteOut(at=step.at, text=step.text) for step in added),
    )


def _proposal_out(row: Proposal, names: Names) -> ProposalOut:
    return ProposalOut(
        owner=row.owner,
        owner_name=names.owner(row.owner),
        topic=row.topic,
        topic_name=names.topic(row.topic),
        confidence=row.confidence,
    )


def _step_out(step: Step) -> StepOut:
    return StepOut(at=step.at, kind=step.kind, by=step.by_whom, detail=step.detail, text=step.text)
