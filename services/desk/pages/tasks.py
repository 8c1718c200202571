"""The tasks: what waits for a person, and one task with whom it is about and how it is settled."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.desk.domain import WANT_A_REASON, Settle, Task
from services.desk.domain.identity import Identity
from services.desk.handlers import NoSuchTask, TaskRefused, Tasks, UnknownChoice
from services.desk.pages.frame import Frame, Option, Sent, faults_of, options, typed_fields
from services.desk.store import tasks as task_store
from services.desk.web import SignIn
from shared.contracts import TaskDecision, TaskKind

PAGE_TASKS: Final = 100
# These are settled with the telephone in the hand: the number stands large.
CALLED: Final = frozenset({TaskKind.CALL, TaskKind.CALL_BACK})
# A ticked box of a split, e.g. chosen-2 = "saski|su-kesintisi".
CHOSEN: Final = "chosen-"


def add_task_pages(routes: APIRouter, frame: Frame, tasks: Tasks, sign_in: SignIn) -> None:
    """`/tasks` and `/tasks/…`."""
    desk = TaskPages(frame, tasks)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/tasks")
    async def waiting(request: Request, kind: str = "", after: UUID | None = None) -> Response:
        return await desk.waiting(request, kind, after)

    @routes.get("/tasks/{task_id}")
    async def task(request: Request, by: Person, task_id: UUID) -> Response:
        return await desk.task(request, by, task_id)

    @routes.post("/tasks/{task_id}/settle")
    async def settle(request: Request, by: Person, task_id: UUID) -> Response:
        return await desk.settle(request, by, task_id, await typed_fields(request))


class TaskPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, tasks: Tasks) -> None:
        self._frame = frame
        self._tasks = tasks

    async def waiting(self, request: Request, kind: str, after: UUID | None) -> Response:
        """What waits, urgent first, oldest first; the filter stands in the address. No address of anybody's."""
        chosen = TaskKind(kind) if kind in set(TaskKind) else None
        try:
            tasks = await self._tasks.waiting(chosen, PAGE_TASKS + 1, after)
        except NoSuchTask:
            return RedirectResponse("/tasks", 303)
        shown = tasks[:PAGE_TASKS]
        return await self._frame.render(
            request,
            "tasks.html",
            tasks=shown,
            next=shown[-1].id if len(tasks) > PAGE_TASKS else None,
            kind=kind if chosen else "",
            kinds=await self._kinds(request),
            done=await self._settled_before(request),
            items=await self._items(shown),
        )

    async def task(self, request: Request, by: Identity, task_id: UUID, sent: Sent | None = None) -> Response:
        """One task; that somebody saw the address is kept."""
        try:
            task, reached = await self._tasks.look(task_id, by)
        except NoSuchTask:
            return self._frame.not_found(request, "tasks.not_found_words")
        sent = sent or Sent()
        return await self._frame.render(
            request,
            "task.html",
            status=sent.status,
            task=task,
            reached=reached,
            is_call=task.kind in CALLED,
            want_a_reason=WANT_A_REASON,
            item=(await self._items([task])).get(task.case_id) if task.case_id else None,
            sent=sent,
            **(self._further(request, task) if task.kind is TaskKind.SPLIT else {}),
        )

    def _further(self, request: Request, task: Task) -> dict[str, Any]:
        """Who else can get a case of a message: the proposals by hand, everybody else by select."""
        language, place = self._frame.language(request), self._tasks.place
        known = {task.detail, place.solution_centre.code, *(row.owner for row in task.proposals)}
        everybody = (*place.departments, *place.institutions)
        return {
            "owners": options((row.code, row.name_in(language)) for row in everybody if row.code not in known),
            "topics": options((row.code, row.name_in(language)) for row in place.topics),
        }

    async def settle(self, request: Request, by: Identity, task_id: UUID, typed: Mapping[str, str]) -> Response:
        """Settle as the form says and show the list; what was refused keeps what was typed."""
        try:
            await self._tasks.settle(task_id, Settle.model_validate(_said(typed)), by.name)
        except ValidationError as error:
            return await self.task(request, by, task_id, Sent(typed, faults_of(error), status=422))
        except UnknownChoice:
            return await self.task(request, by, task_id, Sent(typed, {"owner": "wrong.unknown"}, status=422))
        except TaskRefused as error:
            return await self.task(request, by, task_id, _refusal(typed, error))
        except NoSuchTask:
            return self._frame.not_found(request, "tasks.not_found_words")
        return RedirectResponse(f"/tasks?{urlencode({'done': task_id})}", 303)

    async def _kinds(self, request: Request) -> list[Option]:
        counts = await self._tasks.counts()
        return [
            Option(kind, f"{self._frame.name(request, 'task_kind', kind)} ({counts[kind].all})")
            for kind in TaskKind
            if kind in counts
        ]

    async def _items(self, tasks: Sequence[Task]) -> Mapping[UUID, UUID]:
        """The item of the work list for each case that has one here."""
        return await task_store.items_of(self._tasks.service.pool, {task.case_id for task in tasks if task.case_id})

    async def _settled_before(self, request: Request) -> Task | None:
        """The task that was settled just before."""
        try:
            task = await self._tasks.find(UUID(request.query_params.get("done", "")))
        except (ValueError, NoSuchTask):
            return None
        return task if task.decision else None


def _said(typed: Mapping[str, str]) -> dict[str, Any]:
    """What a form says; where one owner is enough no ticked box counts."""
    said: dict[str, Any] = {name: typed[name] for name in ("decision", "note") if name in typed}
    if typed.get("decision") == TaskDecision.DISCARD:
        return said
    ticked = [value for name, value in typed.items() if name.startswith(CHOSEN)]
    if typed.get("owner"):
        ticked.append(f"{typed['owner']}|{typed.get('topic', '')}")
    chosen = [value.partition("|") for value in ticked]
    return said | {"chosen": [{"owner": owner, "topic": topic or None} for owner, _, topic in chosen]}


def _refusal(typed: Mapping[str, str], error: TaskRefused) -> Sent:
    match error.verdict:
        case "no_reason":
            return Sent(typed, {"note": "wrong.reason"}, status=422)
        case "not_a_way" | "nobody_chosen":
            return Sent(typed, {}, f"refused.{error.verdict}", 422)
        case _:
            return Sent(typed, {}, "refused.settled", 409)
