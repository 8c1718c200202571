"""Tasks for people as an API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.desk.domain import Reached, Settle, Task, TaskVerdict
from services.desk.domain.identity import Identity
from services.desk.handlers import NoSuchTask, TaskRefused, Tasks, UnknownChoice
from services.desk.web.access import SignIn, same_origin
from shared.contracts import Channel, Decided, Lane, Place, Proposal, TaskDecision, TaskKind
from shared.problems import problem

TASKS_MAX: Final = 200

REFUSALS: Final[Mapping[TaskVerdict, str]] = {
    TaskVerdict.SETTLED: "The task was settled before; the first settlement counts.",
    TaskVerdict.NOT_A_WAY: "A task of this kind is not settled so; see `ways`.",
    TaskVerdict.NO_REASON: "Say in `note` why.",
    TaskVerdict.NOBODY_CHOSEN: "`done` names in `chosen` who else gets a case, `discard` names nobody.",
}


class TaskOut(BaseModel):
    """One task. `ways`: how it can be settled, the usual way first."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: TaskKind
    lane: Lane
    channel: Channel
    account: str
    case_id: UUID | None
    number: str | None
    reason: str
    detail: str
    text: str
    requested_at: datetime
    ways: tuple[TaskDecision, ...]
    has_address: bool
    place: Place
    emergency_number: str | None
    proposals: tuple[Proposal, ...] = Field(description="of a split: who else the message may concern")
    chosen: tuple[Decided, ...] = Field(description="of a split: who else got a case of it")
    settled_at: datetime | None
    decision: TaskDecision | None
    settled_by: str | None
    note: str | None


class TaskWithAddress(TaskOut):
    """One task with whom it is about; that somebody asked for it is kept."""

    address: str | None
    name: str | None


class TasksOut(BaseModel):
    """Some tasks in order; `next` goes into `after` for those behind them, None: there are no more."""

    model_config = ConfigDict(frozen=True)

    tasks: tuple[TaskOut, ...]
    next: UUID | None = Field(description="id of the last task shown")


Limit = Annotated[int, Query(ge=1, le=TASKS_MAX)]
After = Annotated[UUID | None, Query(description="id of the last task you have")]


def add_task_routes(web: FastAPI, tasks: Tasks, sign_in: SignIn) -> None:
    """List, look and settle."""
    routes = APIRouter(prefix="/api/tasks", tags=["tasks"], dependencies=[Depends(sign_in), Depends(same_origin)])
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("")
    async def waiting(kind: TaskKind | None = None, limit: Limit = 50, after: After = None) -> TasksOut:
        found = await tasks.waiting(kind, limit + 1, after)
        shown = found[:limit]
        return TasksOut(tasks=tuple(map(_out, shown)), next=shown[-1].id if len(found) > limit else None)

    @routes.get("/{task_id}")
    async def look(task_id: UUID, by: Person) -> TaskWithAddress:
        return _with_address(*await tasks.look(task_id, by))

    @routes.post("/{task_id}/settle")
    async def settle(task_id: UUID, settling: Settle, by: Person) -> TaskOut:
        return _out(await tasks.settle(task_id, settling, by.name))

    web.add_exception_handler(NoSuchTask, _refused)
    web.add_exception_handler(TaskRefused, _refused)
    web.add_exception_handler(UnknownChoice, _refused)
    web.include_router(routes)


async def _refused(_: Request, error: Exception) -> Response:
    match error:
        case NoSuchTask():
            return problem(404, "No such task", "Nobody asked for a task of this id.")
        case TaskRefused(verdict=TaskVerdict.SETTLED):
            return problem(409, "Not as it stands", REFUSALS[TaskVerdict.SETTLED])
        case UnknownChoice(code=code):
            return problem(422, "Unknown choice", f"Nobody that could get a case of this is called {code}.")
        case TaskRefused(verdict=verdict):
            return problem(422, "Not like this", REFUSALS[verdict])
        case _:
            raise error


def _out(task: Task) -> TaskOut:
    return TaskOut.model_validate(task, from_attributes=True)


def _with_address(task: Task, reached: Reached) -> TaskWithAddress:
    return TaskWithAddress(**_out(task).model_dump(), address=reached.address, name=reached.name)
