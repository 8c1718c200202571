"""Triage: what waits for a decision, one at a time."""

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
from services.desk.pages.frame import Frame
from services.desk.store import files as file_store
from services.desk.store import work as work_store
from services.desk.web import ITEMS_MAX, SignIn

QUEUE_ITEMS: Final = 30
_WORD_OF: Final = {StepKind.DECIDED: "decide", StepKind.GATHERED: "gather"}


@dataclass(frozen=True, slots=True)
class DoneBefore:
    """What became of an item, in words."""

    assignment_id: UUID
    words: str


def add_work_pages(routes: APIRouter, frame: Frame, work: Work, sign_in: SignIn) -> None:
    """`/triage`."""
    desk = WorkPages(frame, work)
    Person = Annotated[Identity, Depends(sign_in)]

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
