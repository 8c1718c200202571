"""The work list and triage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.desk.domain import StepKind
from services.desk.domain.identity import Identity
from services.desk.handlers import NoSuchItem, Work
from services.desk.pages.choosing import as_of_now, choices, did_words
from services.desk.pages.frame import Frame, Option
from services.desk.store import files as file_store
from services.desk.store import work as work_store
from services.desk.store.work import Load
from services.desk.web import ITEMS_MAX, SignIn

PAGE_ITEMS: Final = 100
QUEUE_ITEMS: Final = 30
_WORD_OF: Final = {StepKind.DECIDED: "decide", StepKind.GATHERED: "gather"}


@dataclass(frozen=True, slots=True)
class DoneBefore:
    """What became of an item, in words."""

    assignment_id: UUID
    words: str


def add_work_pages(routes: APIRouter, frame: Frame, work: Work, sign_in: SignIn) -> None:
    """`/` and `/triage`."""
    desk = WorkPages(frame, work)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/")
    async def work_list(request: Request, by: Person, owner: str = "", after: UUID | None = None) -> Response:
        return await desk.work_list(request, by, owner, after)

    @routes.get("/triage")
    async def triage(
        request: Request, by: Person, after: UUID | None = None, at: UUID | None = None, done: UUID | None = None
    ) -> Response:
        return await desk.triage(request, by, after, at, done)


class WorkPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, work: Work) -> None:
        self._frame = frame
        self._work = work

    async def work_list(self, request: Request, by: Identity, owner: str, after: UUID | None) -> Response:
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
            by=by.name,
        )

    async def triage(
        self, request: Request, by: Identity, after: UUID | None, at: UUID | None, done: UUID | None
    ) -> Response:
        """One item to decide with its proposals, and the queue beside it; `done` is what was decided just before.

        Shown is `at`, or the first behind `after`.
        """
        try:
            items = await self._work.triage(ITEMS_MAX, after)
        except NoSuchItem:
            return RedirectResponse("/triage", 303)
        now = datetime.now(UTC)
        # What a colleague holds is theirs: it stays in the work list.
        free = [item for item in items if item.holder(now) in (None, by.name)]
        item = next((item for item in free if item.assignment_id == at), free[0] if free else None)
        item = await as_of_now(self._work, item) if item else None
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
            **(choices(self._frame, self._work.place, request, item, beside=len(item.proposals)) if item else {}),
        )

    def _owners_with_work(self, request: Request, loads: Mapping[str, Load]) -> list[Option]:
        names = self._frame.names(request)
        return [
            Option(owner, f"{names.owner(owner)} ({loads[owner].open if owner in loads else 0})")
            for owner in self._work.owners
        ]

    async def _done_before(self, request: Request, done: UUID | None) -> DoneBefore | None:
        """What became of the item that was decided just before."""
        if done is None:
            return None
        try:
            item, steps = await self._work.story(done)
        except NoSuchItem:
            return None
        last = next((step for step in reversed(steps) if step.kind in _WORD_OF and step.detail), None)
        return DoneBefore(done, did_words(self._frame, request, item, _WORD_OF[last.kind], steps)) if last else None
