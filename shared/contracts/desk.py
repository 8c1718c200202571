"""What the desk is told besides work on cases: tasks for a person, and calls as they come in."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import Lane, Message, Moment, Part
from shared.contracts.channel import Channel, Code, Decided, Place, Short
from shared.contracts.decisions import Proposal

TaskSource = Literal["intake", "notifier", "router"]


class TaskKind(StrEnum):
    """What a person at the solution centre is asked to do (görev)."""

    CALL_BACK = "call_back"  # somebody called and nobody answered
    CALL = "call"  # a reply that only a voice can bring
    LETTER = "letter"  # a reply on paper, or typed into another authority's system (CİMER)
    UNDELIVERED = "undelivered"  # a reply that reached nobody
    HELD = "held"  # a message that looks like spam or abuse, or comes from a blocked sender
    PARKED = "parked"  # a message that could not be read, or was too large
    ALERT = "alert"  # danger to life and limb: look at it at once
    SPLIT = "split"  # one message that concerns several owners: who else gets a case of it
    REOPEN = "reopen"  # a citizen says that a closed case is not solved: release reopens it
    UNRECEIPTED = "unreceipted"  # an owner does not say that it has its assignments
    OVERDUE = "overdue"  # a case is late, and the steps before did not help
    WROTE = "wrote"  # an institution wrote about a case that is not with it any more


class TaskDecision(StrEnum):
    """How a person settles a task."""

    DONE = "done"  # called, written, told
    RELEASE = "release"  # a held or parked message goes on as any other
    DISCARD = "discard"
    BLOCK = "block"  # discard, and hold what this sender writes for some time
    RETRY = "retry"  # send the reply once more


class TaskRequested(Message):
    """Something needs a person. Its `id` is the task. Carries an address only where the person must use it."""

    type: Literal["task.requested.v1"] = "task.requested.v1"
    kind: TaskKind
    source: TaskSource = Field(description="who asks, and is told how it was settled")
    lane: Lane = "routine"
    channel: Channel
    account: Code = "main"
    case_id: UUID | None = None
    contact_id: UUID | None = None
    person_id: UUID | None = None
    number: str | None = None
    address: Short | None = None
    name: Short | None = None
    reason: Code = Field(description="why, as a code the desk has words for, e.g. `spam`, `too_large`, `no_answer`")
    detail: str = Field("", description="more on the reason; no citizen data")
    text: str = Field("", description="what to tell the citizen, or the beginning of what they wrote, masked")
    place: Place = Place()
    emergency_number: str | None = Field(None, description="what the citizen was told to call")
    proposals: tuple[Proposal, ...] = Field((), description="of a split: whom the message concerns besides its owner")


class TaskSettled(Message):
    """A person settled a task; told to who asked. The first settlement counts."""

    type: Literal["task.settled.v1"] = "task.settled.v1"
    task_id: UUID
    source: TaskSource
    decision: TaskDecision
    by: Annotated[str, StringConstraints(max_length=100)]
    note: Annotated[str, StringConstraints(max_length=4000)] = ""
    kind: TaskKind | None = None
    case_id: UUID | None = None
    contact_id: UUID | None = None
    chosen: tuple[Decided, ...] = Field((), max_length=10, description="of a split: one further case for each")
    text: str = Field("", description="of a split: what the further cases are about, as it was asked, masked")


class CallState(StrEnum):
    """Where a phone call stands."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    MISSED = "missed"


class EarlierCase(Part):
    """A case of the same caller, over whatever channel it came."""

    case_id: UUID
    number: str
    channel: Channel
    opened_at: Moment
    is_open: bool


class CallReported(Message):
    """A call at one of our lines, as the exchange tells it; the desk opens the caller's history while it rings.

    Comes several times for one `call_id`, maybe out of order: `missed` and `ended` are final.
    """

    type: Literal["call.reported.v1"] = "call.reported.v1"
    call_id: Short
    provider: Code
    account: Code = "main"
    state: CallState
    extension: Short | None = Field(None, description="the operator's own line that rings or answered")
    address: Short | None = Field(None, description="the caller's number in E.164; None: withheld")
    person_id: UUID | None = None
    name: Short | None = None
    history: tuple[EarlierCase, ...] = Field((), max_length=20, description="newest first")
