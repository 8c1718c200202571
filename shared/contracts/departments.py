"""What a department or institution consumes from its own queue, and what it answers."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import Lane, Message, Moment
from shared.contracts.cases import CaseNumber, Outcome, OwnerKind, ReturnReason
from shared.contracts.channel import Attachment, Code, Place
from shared.contracts.decisions import SIMILAR_MAX, CaseKind, IncidentOf, Proposal, SimilarCase, Why

Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class AssignmentOffered(Message):
    """A case for you. Acknowledging the message means you have it; answer `accepted` so that we know it too.

    The same `assignment_id` may come again: it is the same work.
    """

    type: Literal["assignment.offered.v1"] = "assignment.offered.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    owner: Code
    owner_kind: OwnerKind
    lane: Lane
    topic: Code | None = None
    topic_name: str | None = None
    text: str
    place: Place = Place()
    neighbourhood: str | None = None
    neighbourhood_name: str | None = None
    opened_at: Moment
    due_at: Moment | None = None
    language: Literal["tr", "en"] = "tr"
    returns: int = Field(0, ge=0, description="how often the case was returned as `not ours` before")
    returned_by: Code | None = Field(None, description="who gave the case back last")
    returned_because: str | None = Field(None, description="what the last owner said when it gave the case back")
    kind: CaseKind | None = None
    urgency: Code | None = Field(None, description="code of the level (aciliyet); `lane` follows from it")
    hides_identity: bool = Field(False, description="a tip (ihbar): nobody at the owner's learns who told it")
    proposals: tuple[Proposal, ...] = ()
    secondary: tuple[Proposal, ...] = Field((), description="whom it concerns besides you, the likeliest first")
    incident: IncidentOf | None = Field(None, description="left out: one report so far")
    similar: tuple[SimilarCase, ...] = Field((), max_length=SIMILAR_MAX)
    reasons: tuple[str, ...] = ()
    why: Why | None = Field(None, description="the same as `reasons`, for programs")
    attachments: tuple[Attachment, ...] = ()
    version: int | None = Field(None, ge=1, description="step of the case, see `Answer.seen_version`")
    legal_due_at: Moment | None = Field(None, description="by when the law wants an answer; `due_at`: our target")
    reopened: int = Field(0, ge=0, description="how often the case was closed and opened again")
    reopened_because: str | None = None
    follows: CaseNumber | None = Field(None, description="an earlier case of the citizen that this one goes on about")


class IncidentGrew(Message):
    """One more report of the problem you work on: no new task. Its citizen is answered with your answers to the first.

    `reports` counts them all; the highest counts, whatever comes last.
    """

    type: Literal["incident.grew.v1"] = "incident.grew.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    incident_id: UUID
    reports: int = Field(ge=1)
    people: int | None = Field(None, ge=1, description="how many people told of it, as far as they can be told apart")
    joined_case_id: UUID
    joined_number: str
    text: str
    place: Place = Field(Place(), description="where the problem is, as this citizen says")
    attachments: tuple[Attachment, ...] = ()


class CitizenAdded(Message):
    """The citizen wrote again about a case you hold."""

    type: Literal["citizen.added.v1"] = "citizen.added.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    text: str
    place: Place = Field(Place(), description="where the problem is, if the citizen says so now")
    attachments: tuple[Attachment, ...] = ()
    due_at: Moment | None = Field(None, description="by when the case is due now, if it waited for this until now")


class EndReason(StrEnum):
    """Why an assignment is over without its owner's doing."""

    WITHDRAWN = "withdrawn"  # the citizen wants no more of it
    MOVED = "moved"  # somebody else has it now


class AssignmentEnded(Message):
    """Stop: this assignment is over, not by your doing."""

    type: Literal["assignment.ended.v1"] = "assignment.ended.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    because: EndReason
    text: str = Field("", description="what the citizen said, if it was they")


class CitizenSilent(Message):
    """The citizen did not answer your question in time: go on without it, or close the case."""

    type: Literal["citizen.silent.v1"] = "citizen.silent.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    asked_at: Moment
    due_at: Moment | None = Field(None, description="by when the case is due now, for waiting moved that")


class AssignmentWarned(Message):
    """A case you hold is due soon, or late."""

    type: Literal["assignment.warned.v1"] = "assignment.warned.v1"
    assignment_id: UUID
    case_id: UUID
    number: str
    clock: Literal["service", "legal"]
    due_at: Moment
    step: Code = Field(description="which step of the escalation, e.g. `soon`, `late`")


class Answer(Message):
    """What an owner says of an assignment. Published to `ilkim.answers` with key `answer.<owner>.<word>`.

    `seen_version`: the step of the case this was said in view of. When an answer that changes what is to be done came
    between, this one is refused, so that two people at once cannot overwrite each other; None: whatever came between.
    """

    assignment_id: UUID
    case_id: UUID
    owner: Code
    seen_version: int | None = Field(None, ge=1)
    by: str = Field("", max_length=100, description="who answered there, in the owner's own terms; no citizen data")


class AssignmentAccepted(Answer):
    """We have it. Key `answer.<owner>.accepted`."""

    type: Literal["assignment.accepted.v1"] = "assignment.accepted.v1"


class AssignmentProgressed(Answer):
    """We work on it. Key `answer.<owner>.progressed`."""

    type: Literal["assignment.progressed.v1"] = "assignment.progressed.v1"
    note: str = Field("", max_length=4000)


class AssignmentReturned(Answer):
    """Not ours, with a reason and maybe a proposal. Key `answer.<owner>.returned`."""

    type: Literal["assignment.returned.v1"] = "assignment.returned.v1"
    reason: Words
    because: ReturnReason = ReturnReason.NOT_OURS
    proposal: Code | None = None


class CitizenAsked(Answer):
    """We need to know something from the citizen. Key `answer.<owner>.asked`."""

    type: Literal["citizen.asked.v1"] = "citizen.asked.v1"
    question: Words


class AssignmentClosed(Answer):
    """Done, with the text the citizen will read. Key `answer.<owner>.closed`."""

    type: Literal["assignment.closed.v1"] = "assignment.closed.v1"
    outcome: Outcome
    answer: Words


class AssignmentDecided(Answer):
    """A person at the solution centre says whose it is. Key `answer.cozum-merkezi.decided`."""

    type: Literal["assignment.decided.v1"] = "assignment.decided.v1"
    decided_owner: Code
    topic: Code | None = None
    neighbourhood: str | None = None


class AssignmentGathered(Answer):
    """This case is the same problem as another. Key `answer.<owner>.gathered`.

    From then on it follows that one, and its citizen is told what becomes of it.
    """

    type: Literal["assignment.gathered.v1"] = "assignment.gathered.v1"
    into: UUID = Field(description="the case it joins, or any other case of that incident")


class AssignmentSeparated(Answer):
    """A report of this incident is a problem of its own after all. Key `answer.<owner>.separated`."""

    type: Literal["assignment.separated.v1"] = "assignment.separated.v1"
    separate: UUID = Field(description="the case that leaves the incident and gets an assignment of its own")
