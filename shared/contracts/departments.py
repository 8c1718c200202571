"""What a department or institution consumes from its own queue, and what it answers."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import Lane, Message, Moment, Part
from shared.contracts.cases import Outcome, OwnerKind
from shared.contracts.channel import Attachment, Code, Place

Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class Proposal(Part):
    """One possible owner with how sure the router is."""

    owner: Code
    topic: Code | None = None
    confidence: float = Field(ge=0, le=1)


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
    returned_because: str | None = Field(None, description="what the last owner said when it gave the case back")
    proposals: tuple[Proposal, ...] = ()
    reasons: tuple[str, ...] = ()
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


class Answer(Message):
    """What an owner says of an assignment. Published to `ilkim.answers` with key `answer.<owner>.<word>`."""

    assignment_id: UUID
    case_id: UUID
    owner: Code
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
