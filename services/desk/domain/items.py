"""What an item of the work list is, and the lines of its story."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts import CaseKind, CaseNumber, Lane, OwnerKind, Place, Proposal, SimilarCase, Why
from shared.ids import derived_id


class State(StrEnum):
    """Where an item stands in the list."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"


class StepKind(StrEnum):
    """What happened to an item."""

    OFFERED = "offered"
    ADDED = "added"
    TAKEN = "taken"
    ASKED = "asked"
    DECIDED = "decided"
    RETURNED = "returned"
    CLOSED = "closed"
    GREW = "grew"
    GATHERED = "gathered"
    SEPARATED = "separated"
    RELEASED = "released"
    LAPSED = "lapsed"
    WARNED = "warned"
    SILENT = "silent"
    ENDED = "ended"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Item:
    """One assignment in the list. `question`: what the citizen was asked and has not answered yet.

    `reports`: how many cases tell of the same problem, this one included. `hides_identity`: a tip. `rank`: how urgent,
    0 is the gravest. `held_until`: when the claim of `taken_by` runs out; None: it does not. `revision` counts changes.
    """

    assignment_id: UUID
    case_id: UUID
    number: str
    owner: str
    owner_kind: OwnerKind
    lane: Lane
    topic: str | None
    text: str
    place: Place
    neighbourhood: str | None
    language: str
    opened_at: datetime
    offered_at: datetime
    due_at: datetime | None
    returns: int
    returned_because: str | None
    proposals: tuple[Proposal, ...]
    reasons: tuple[str, ...]
    attachments: int
    trace_id: str
    kind: CaseKind | None = None
    urgency: str | None = None
    hides_identity: bool = False
    secondary: tuple[Proposal, ...] = ()
    similar: tuple[SimilarCase, ...] = ()
    why: Why | None = None
    incident_id: UUID | None = None
    reports: int = 1
    returned_by: str | None = None
    rank: int = 0
    version: int | None = None
    legal_due_at: datetime | None = None
    reopened: int = 0
    reopened_because: str | None = None
    follows: CaseNumber | None = None
    state: State = State.WAITING
    taken_by: str | None = None
    held_until: datetime | None = None
    revision: int = 0
    question: str | None = None
    questions: int = 0
    done_at: datetime | None = None
    ending_id: UUID | None = None

    @property
    def is_triage(self) -> bool:
        """Whether a person has to say whose it is."""
        return self.owner_kind is OwnerKind.CENTRE

    def is_lapsed(self, now: datetime) -> bool:
        """Whether its claim ran out."""
        return self.state is State.TAKEN and self.holder(now) is None

    def holder(self, now: datetime) -> str | None:
        """Who holds it; None: it is free, or done."""
        return holder_of(self.state, self.taken_by, self.held_until, self.question, now)


def holder_of(
    state: State, taken_by: str | None, held_until: datetime | None, question: str | None, now: datetime
) -> str | None:
    """Who holds an item that stands so. While the citizen is being asked no claim runs out: then nobody can act."""
    ran_out = question is None and held_until is not None and held_until <= now
    return taken_by if state is State.TAKEN and not ran_out else None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an item's story; `detail` is the owner, outcome or proposal it names, by its code."""

    id: UUID
    assignment_id: UUID
    at: datetime
    kind: StepKind
    by_whom: str = ""
    detail: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One more report of the problem an item is about: another case of the same incident."""

    assignment_id: UUID
    case_id: UUID
    number: str
    text: str
    at: datetime
    separated: bool = False


def step_of(
    item: Item, kind: StepKind, at: datetime, by: str, detail: str | None = None, text: str = "", cause: object = ""
) -> Step:
    """A line of an item's story; `cause` tells apart what is alike otherwise."""
    return Step(
        derived_id(at, "step", item.assignment_id, kind, by, cause), item.assignment_id, at, kind, by, detail, text
    )
