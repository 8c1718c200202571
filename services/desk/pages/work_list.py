"""The work list and the field crew's: filters kept in the address, and word of what changed since."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.desk.domain import Due, Wanted, Whose
from services.desk.domain.identity import Identity
from services.desk.handlers import NoSuchItem, Work, WorkList
from services.desk.pages.frame import Frame, Option, options
from services.desk.web import SignIn
from shared.contracts import CaseKind
from shared.municipality import Municipality

PAGE_ITEMS: Final = 100
FIELD_ITEMS: Final = 40


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" is anything. A word that nobody knows counts as none."""

    owner: str = ""
    whose: str = ""
    due: str = ""
    urgent: str = ""
    returned: str = ""
    asked: str = ""
    neighbourhood: str = ""
    topic: str = ""
    kind: str = ""

    def wanted(self, all_they_see: Wanted) -> Wanted:
        """Of all that somebody sees, what is asked for."""
        return replace(
            all_they_see,
            whose=Whose(self.whose or Whose.ALL),
            due=Due(self.due or Due.ANY),
            is_urgent=bool(self.urgent),
            is_returned=bool(self.returned),
            is_asked=bool(self.asked),
            neighbourhood=self.neighbourhood or None,
            topic=self.topic or None,
            kind=CaseKind(self.kind) if self.kind else None,
        )

    @property
    def is_any(self) -> bool:
        """Whether anything beside the owner is asked for."""
        return self != Filters(self.owner)


def filters_of(query: Mapping[str, str], place: Municipality, owners: Collection[str]) -> Filters:
    """What stands in the address, without what is unknown here or not theirs to see."""
    known: dict[str, Collection[str]] = {
        "owner": owners,
        "whose": (Whose.MINE, Whose.FREE),
        "due": (Due.LATE, Due.TODAY),
        "urgent": ("1",),
        "returned": ("1",),
        "asked": ("1",),
        "neighbourhood": {row.code for row in place.neighbourhoods},
        "topic": {row.code for row in place.topics},
        "kind": tuple(CaseKind),
    }
    return Filters(**{name: query[name] for name, values in known.items() if query.get(name) in values})


def add_work_list_pages(routes: APIRouter, frame: Frame, work: Work, sign_in: SignIn) -> None:
    """`/`, `/field` and `/work-changes`."""
    desk = WorkListPages(frame, WorkList(work))
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/")
    async def work_list(request: Request, by: Person, after: UUID | None = None) -> Response:
        return await desk.work_list(request, by, after)

    @routes.get("/work-changes")
    async def changes(request: Request, by: Person) -> Response:
        return await desk.changes(request, by)

    @routes.get("/field")
    async def field(request: Request, by: Person) -> Response:
        return await desk.field(request, by)


class WorkListPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, listed: WorkList) -> None:
        self._frame = frame
        self._listed = listed

    async def work_list(self, request: Request, by: Identity, after: UUID | None) -> Response:
        """Open work, the gravest first, then the soonest due."""
        owners = self._listed.seen(by)
        filters = filters_of(request.query_params, self._listed.work.place, owners)
        seen = self._listed.wanted(by, filters.owner or None)
        try:
            items = await self._listed.page(filters.wanted(seen), PAGE_ITEMS + 1, after)
        except NoSuchItem:
            return RedirectResponse("/", 303)
        return await self._frame.render(
            request,
            "work.html",
            items=items[:PAGE_ITEMS],
            next=items[PAGE_ITEMS - 1].assignment_id if len(items) > PAGE_ITEMS else None,
            is_first=after is None,
            filters=filters,
            totals=await self._listed.counts(seen),
            query=request.url.query,
            by=by.name,
            **await self._choices(request, owners),
        )

    async def changes(self, request: Request, by: Identity) -> Response:
        """What the first page of this address shows now: the revision of each item by its id."""
        filters = filters_of(request.query_params, self._listed.work.place, self._listed.seen(by))
        wanted = filters.wanted(self._listed.wanted(by, filters.owner or None))
        shown = await self._listed.revisions(wanted, PAGE_ITEMS)
        body = json.dumps({str(assignment_id): revision for assignment_id, revision in shown.items()})
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Cache-Control": "no-store"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def field(self, request: Request, by: Identity) -> Response:
        """For a crew outside: what they hold, then what is free, as cards for a thumb."""
        seen = self._listed.wanted(by)
        mine = await self._listed.page(replace(seen, whose=Whose.MINE), FIELD_ITEMS)
        free = await self._listed.page(replace(seen, whose=Whose.FREE), FIELD_ITEMS)
        return await self._frame.render(request, "field.html", mine=mine, free=free, by=by.name)

    async def _choices(self, request: Request, owners: list[str]) -> dict[str, Any]:
        """What can be chosen in the selects."""
        names, place = self._frame.names(request), self._listed.work.place
        counts = await self._listed.open_counts(owners)
        counted = {owner: self._frame.counted(request, count) for owner, count in counts.items()}
        language = self._frame.language(request)
        return {
            "owners": [Option(owner, f"{names.owner(owner)} ({counted[owner]})") for owner in owners],
            "neighbourhoods": options((row.code, row.name) for row in place.neighbourhoods),
            "topics": options((row.code, row.name_in(language)) for row in place.topics),
            "kinds": [Option(kind, self._frame.name(request, "case_kind", kind)) for kind in CaseKind],
        }
