"""The life of contacts and cases as facts: what intake and the router tell the other services."""

from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Lane, Message, Moment, Part
from shared.contracts.channel import Attachment, Channel, Code, Decided, Place, Purpose
from shared.contracts.decisions import CaseKind, Proposal, Why


class OwnerKind(StrEnum):
    """Who holds a case: one of our departments (birim), an outside institution (kurum), or the solution centre."""

    DEPARTMENT = "department"
    INSTITUTION = "institution"
    CENTRE = "centre"


class CaseState(StrEnum):
    """Where a case stands; few enough for a citizen to understand."""

    RECEIVED = "received"
    ROUTED = "routed"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    WAITING_CITIZEN = "waiting_citizen"
    WAITING_INSTITUTION = "waiting_institution"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What became of a case, kept apart from its state."""

    SOLVED = "solved"
    ANSWERED = "answered"
    REJECTED = "rejected"
    FORWARDED = "forwarded"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    NOT_EXAMINABLE = "not_examinable"


class ReturnReason(StrEnum):
    """Why an owner gives a case back. Only `not_ours` counts as a return; every other goes to a person."""

    NOT_OURS = "not_ours"
    NO_ANSWER = "no_answer"  # an institution did not answer, whatever it was reminded
    UNDELIVERABLE = "undeliverable"  # it cannot be reached
    ANSWERED = "answered"  # it answered in words that a person has to read: they stand in `reason`


class ReopenedBy(StrEnum):
    """Who wants a closed case worked on again."""

    CITIZEN = "citizen"
    SURVEY = "survey"
    PERSON = "person"


class Effect(StrEnum):
    """What a contact did: opened cases, joined one, made none (an information call, a thank-you), or is held.

    A held one (spam, abuse, a blocked sender) waits for a person, who lets it go on or discards it. One that a person
    split opened further cases: told to the notifier alone, for the contact was counted before.
    """

    OPENED = "opened"
    JOINED = "joined"
    NONE = "none"
    HELD = "held"
    SPLIT = "split"


class CaseNumber(Part):
    """A case and the number (takip no) its citizen knows it by."""

    case_id: UUID
    number: str


class ContactRegistered(Message):
    """One contact (temas) is stored. Carries a pseudonym, never an address."""

    type: Literal["contact.registered.v1"] = "contact.registered.v1"
    contact_id: UUID
    person_id: UUID | None = Field(None, description="pseudonym of the sender at this channel; None: anonymous")
    channel: Channel
    account: Code
    purpose: Purpose
    language: Literal["tr", "en"]
    lane: Lane
    effect: Effect
    cases: tuple[CaseNumber, ...] = ()
    emergency_number: str | None = Field(None, description="number to call at once (112, 186, 187), if life is at risk")
    provider: Code | None = None
    thread_id: str | None = Field(None, description="the provider's id of the last message, to reply under it")
    last_message_at: Moment | None = Field(
        None, description="by the provider's clock, when the last of its messages was sent; None: `occurred_at`"
    )


class CaseOpened(Message):
    """A case (talep) wants an owner. Told to the router alone, since it carries the citizen's words."""

    type: Literal["case.opened.v1"] = "case.opened.v1"
    case_id: UUID
    version: Literal[1] = 1
    number: str
    contact_id: UUID
    person_id: UUID | None = None
    channel: Channel
    account: Code
    language: Literal["tr", "en"]
    lane: Lane
    text: str = Field(description="the citizen's words with phone numbers and the like masked")
    place: Place = Place()
    attachments: tuple[Attachment, ...] = ()
    topic: Code | None = Field(None, description="what the citizen chose from the list of services; a hint, not proven")
    decided: Decided | None = None
    follows: CaseNumber | None = Field(None, description="a case closed long ago that this one goes on about")


class ContactJoined(Message):
    """A citizen added to a case that is there already; told to the router, since it carries the citizen's words."""

    type: Literal["contact.joined.v1"] = "contact.joined.v1"
    case_id: UUID
    contact_id: UUID
    lane: Lane
    text: str
    place: Place = Field(Place(), description="where the problem is, if this contact says so")
    attachments: tuple[Attachment, ...] = ()


class ReopeningAsked(Message):
    """A citizen says of a closed case that it is not solved; told to the router, since it carries their words."""

    type: Literal["reopening.asked.v1"] = "reopening.asked.v1"
    case_id: UUID
    contact_id: UUID | None = None
    lane: Lane
    by: ReopenedBy
    text: str = ""
    place: Place = Place()
    attachments: tuple[Attachment, ...] = ()


class WithdrawalAsked(Message):
    """A citizen wants no more of an open case; told to the router."""

    type: Literal["withdrawal.asked.v1"] = "withdrawal.asked.v1"
    case_id: UUID
    contact_id: UUID | None = None
    lane: Lane
    text: str = ""


class SurveyAnswered(Message):
    """What a citizen said when asked whether a closed case is solved; once for each case."""

    type: Literal["survey.answered.v1"] = "survey.answered.v1"
    case_id: UUID
    contact_id: UUID
    channel: Channel
    solved: bool


class CaseEvent(Message):
    """One step in the life of a case. `version` counts the steps of a case from 1 (opened) without gap."""

    case_id: UUID
    version: int = Field(ge=1)
    number: str
    state: CaseState
    outcome: Outcome | None = None
    owner: Code
    owner_kind: OwnerKind


class CaseAssigned(CaseEvent):
    """The router (or a person) decided who owns the case; also after a return."""

    type: Literal["case.assigned.v1"] = "case.assigned.v1"
    assignment_id: UUID
    contact_id: UUID
    person_id: UUID | None = None
    channel: Channel
    account: Code
    language: Literal["tr", "en"]
    opened_at: Moment
    due_at: Moment | None = None
    legal_due_at: Moment | None = Field(None, description="by when the law wants an answer")
    lane: Lane
    topic: Code | None = None
    neighbourhood: str | None = Field(None, description="official id (NVI) of the neighbourhood, None: not known")
    confidence: float = Field(ge=0, le=1)
    automatic: bool
    decided_by: str = Field("router", description="`router`, or the pseudonym of the person at the desk")
    kind: CaseKind | None = None
    urgency: Code | None = Field(None, description="code of the level (aciliyet); `lane` follows from it")
    secondary: tuple[Proposal, ...] = Field((), description="whom it concerns besides the owner, the likeliest first")
    reasons: tuple[str, ...] = ()
    why: Why | None = Field(
        None, description="the same as `reasons`, for programs; both are kept in the router's history and not published"
    )


class CaseAccepted(CaseEvent):
    """The department has it: its receipt for the assignment."""

    type: Literal["case.accepted.v1"] = "case.accepted.v1"
    assignment_id: UUID


class CaseForwarded(CaseEvent):
    """The institution has it (kuruma iletildi); the citizen is told who (Law 3071, article 5)."""

    type: Literal["case.forwarded.v1"] = "case.forwarded.v1"
    assignment_id: UUID


class CaseProgressed(CaseEvent):
    """The department works on it."""

    type: Literal["case.progressed.v1"] = "case.progressed.v1"
    assignment_id: UUID
    note: str = ""
    because: Literal["citizen_answered", "citizen_silent"] | None = Field(
        None, description="it waited for the citizen until now; None: its owner says so"
    )
    due_at: Moment | None = Field(
        None, description="by when it is due now that it waits no more, for waiting moved that"
    )


class CaseReturned(CaseEvent):
    """The owner says "not ours" (iade); an assignment follows, to the proposal or to the solution centre."""

    type: Literal["case.returned.v1"] = "case.returned.v1"
    assignment_id: UUID
    returned_by: Code
    reason: str
    because: ReturnReason = ReturnReason.NOT_OURS
    proposal: Code | None = None


class CaseReopened(CaseEvent):
    """A closed case is worked on again; an assignment follows."""

    type: Literal["case.reopened.v1"] = "case.reopened.v1"
    by: ReopenedBy
    times: int = Field(ge=1, description="how often it was reopened, with this time")
    reason: str = ""


class CaseAsked(CaseEvent):
    """The owner needs something from the citizen; the case waits."""

    type: Literal["case.asked.v1"] = "case.asked.v1"
    assignment_id: UUID
    question: str


class CaseClosed(CaseEvent):
    """The case has its outcome, and a text for the citizen."""

    type: Literal["case.closed.v1"] = "case.closed.v1"
    assignment_id: UUID
    outcome: Outcome
    answer: str


class CaseGathered(CaseEvent):
    """The case joined an incident (olay): it follows the case that leads it, and its citizen is told the same."""

    type: Literal["case.gathered.v1"] = "case.gathered.v1"
    incident_id: UUID
    head_case_id: UUID
    head_number: str
    reports: int = Field(ge=1, description="how many cases the incident has with this one")
    confidence: float = Field(ge=0, le=1)
    decided_by: str = Field("router", description="`router`, or who at the desk decided")


class CaseSeparated(CaseEvent):
    """The case left its incident: it was another problem; an assignment of its own follows."""

    type: Literal["case.separated.v1"] = "case.separated.v1"
    incident_id: UUID
    decided_by: str = ""


class CaseImported(Message):
    """A whole case of a system that was used before, as it stood when it was taken over; counted, never worked on.

    Codes are the other system's own where it has no word for ours. A later one of the same `case_id` with a higher
    `version` replaces it.
    """

    type: Literal["case.imported.v1"] = "case.imported.v1"
    source: Code = Field(description="the name of the import, e.g. `records-2019`")
    case_id: UUID
    version: int = Field(1, ge=1)
    number: str
    day: date | None = Field(None, description="the day it was opened by its own calendar; None: by `opened_at`")
    channel: Code
    owner: Code
    owner_kind: OwnerKind
    neighbourhood: str | None = None
    topic: Code | None = None
    kind: Code | None = None
    urgency: Code | None = None
    lane: Lane = "routine"
    state: CaseState
    outcome: Outcome | None = None
    opened_at: Moment
    due_at: Moment | None = None
    legal_due_at: Moment | None = Field(None, description="by when the law wanted an answer")
    answered_at: Moment | None = Field(
        None, description="when its citizen was first told more than that it was received"
    )
    closed_at: Moment | None = Field(None, description="when it was closed, the last time")
    on_time: bool | None = Field(
        None, description="what the other system says, or `due_at` and `closed_at` tell; None: it is not known"
    )
    returns: int = Field(0, ge=0, description="how often an owner gave it back")
    reopened: int = Field(0, ge=0, description="how often it was worked on again")
