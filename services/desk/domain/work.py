"""What an item of the work list is, which actions are allowed on it, and what each makes of it and tells the router."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, assert_never
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from services.desk.domain.ranks import rank_of
from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentEnded,
    AssignmentGathered,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    AssignmentWarned,
    CaseKind,
    CaseNumber,
    CitizenAdded,
    CitizenAsked,
    CitizenSilent,
    IncidentGrew,
    Lane,
    Outcome,
    OwnerKind,
    Place,
    Proposal,
    SimilarCase,
    Why,
)
from shared.contracts.channel import Code
from shared.contracts.departments import Words
from shared.ids import derived_id
from shared.text import clean

RECEIPT_BY: Final = "desk"
LEASE: Final = timedelta(hours=4)  # how long a claim stands without any action, where nothing else is set
_NO_LEVELS: Final[Mapping[str, Lane]] = {}


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


@dataclass(frozen=True, slots=True)
class Move:
    """The item after an action, the line it adds to the story, and what the router is told (None: nothing new)."""

    item: Item
    step: Step
    answer: Answer | None


class Verdict(StrEnum):
    """Why an action changes nothing."""

    REPEATED = "repeated"  # it is so already
    DONE = "done"  # the item ended otherwise
    HELD = "held"  # another person holds it
    NOT_OVER = "not_over"  # another person holds it, and taking it over is not for everybody
    STALE = "stale"  # the item changed since the person saw it
    ASKED = "asked"  # the citizen has not answered the last question yet
    NOT_TRIAGE = "not_triage"  # only the centre decides
    NO_RETURN = "no_return"  # the centre has nobody to return to: it decides
    ITSELF = "itself"  # a case is not the same problem as itself
    ALONE = "alone"  # no other case tells of this problem


# --- what people do -------------------------------------------------------------------------------------------


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Said = Annotated[Words, BeforeValidator(_cleaned)]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Take(_Action):
    """I do it. `over`: even if a colleague holds it."""

    over: bool = False


class Release(_Action):
    """I do not do it after all: whoever wants may take it."""


class Decide(_Action):
    """It is theirs; topic and neighbourhood where the person knows better."""

    owner: Code
    topic: Code | None = None
    neighbourhood: Code | None = None


class Return(_Action):
    """It is not ours."""

    reason: Said
    proposal: Code | None = None


class Ask(_Action):
    """We need to know something from the citizen."""

    question: Said


class Close(_Action):
    """It is done; `answer` is what the citizen will read."""

    outcome: Outcome
    answer: Said


class Gather(_Action):
    """It is the same problem as the case `into`, and follows it from now on."""

    into: UUID


class Separate(_Action):
    """`case`, which was gathered with this one, is another problem after all."""

    case: UUID


Action = Take | Release | Decide | Return | Ask | Close | Gather | Separate


def judge(
    item: Item, action: Action, by: str, now: datetime, seen: int | None = None, *, may_take_over: bool = False
) -> Verdict | None:
    """Why the action is not applied; None: apply it. `seen`: the revision it was said in view of, None: any."""
    if item.state is State.DONE:
        return Verdict.REPEATED if _answer_id(item, action) == item.ending_id else Verdict.DONE
    if item.holder(now) not in (None, by):
        if not (isinstance(action, Take) and action.over):
            return Verdict.HELD
        return None if may_take_over else Verdict.NOT_OVER
    verdict = _judge_own(item, action, by, now)
    if verdict is None and seen not in (None, item.revision) and not isinstance(action, Take):
        return Verdict.STALE
    return verdict


def _judge_own(item: Item, action: Action, by: str, now: datetime) -> Verdict | None:
    """The same, of an item that is free or theirs."""
    match action:
        case Take():
            return Verdict.REPEATED if item.holder(now) == by else None
        case Release():
            return None if item.taken_by == by else Verdict.REPEATED
        case Ask(question=question) if item.question is not None:
            return Verdict.REPEATED if item.question == question else Verdict.ASKED
        case Decide() if not item.is_triage:
            return Verdict.NOT_TRIAGE
        case Return() if item.is_triage:
            return Verdict.NO_RETURN
        case Gather(into=into) if into == item.case_id:
            return Verdict.ITSELF
        case Separate() if item.reports < 2:
            return Verdict.ALONE
        case _:
            return None


def apply(item: Item, action: Action, by: str, now: datetime, lease: timedelta = LEASE) -> Move:
    """What the action makes of the item, which is theirs for `lease` from now. The action is allowed."""
    held = replace(item, state=State.TAKEN, taken_by=by, held_until=now + lease)
    match action:
        case Take():
            step = _step(item, StepKind.TAKEN, now, by)
            is_first = item.state is State.WAITING
            return Move(held, step, AssignmentProgressed(**_common(item, action, by, now)) if is_first else None)
        case Release():
            return Move(_free(item), _step(item, StepKind.RELEASED, now, by), None)
        case Ask(question=question):
            answer: Answer = CitizenAsked(**_common(item, action, by, now), question=question)
            asked = replace(held, question=question, questions=item.questions + 1)
            return Move(asked, _step(item, StepKind.ASKED, now, by, None, question), answer)
        case Decide(owner=owner, topic=topic, neighbourhood=place):
            answer = AssignmentDecided(
                **_common(item, action, by, now), decided_owner=owner, topic=topic, neighbourhood=place
            )
            return Move(_ended(held, answer), _step(item, StepKind.DECIDED, now, by, owner), answer)
        case Return(reason=reason, proposal=proposal):
            answer = AssignmentReturned(**_common(item, action, by, now), reason=reason, proposal=proposal)
            return Move(_ended(held, answer), _step(item, StepKind.RETURNED, now, by, proposal, reason), answer)
        case Close(outcome=outcome, answer=text):
            answer = AssignmentClosed(**_common(item, action, by, now), outcome=outcome, answer=text)
            return Move(_ended(held, answer), _step(item, StepKind.CLOSED, now, by, outcome, text), answer)
        case Gather(into=into):
            answer = AssignmentGathered(**_common(item, action, by, now), into=into)
            return Move(_ended(held, answer), _step(item, StepKind.GATHERED, now, by), answer)
        case Separate(case=case):
            answer = AssignmentSeparated(**_common(item, action, by, now), separate=case)
            fewer = replace(held, reports=item.reports - 1)
            return Move(fewer, _step(item, StepKind.SEPARATED, now, by, cause=case), answer)
        case _:
            assert_never(action)


def lapse(item: Item) -> tuple[Item, Step]:
    """The item without the claim that ran out, and the line that says since when it is free."""
    since = item.held_until or item.offered_at
    return _free(item), _step(item, StepKind.LAPSED, since, item.taken_by or "")


def _free(item: Item) -> Item:
    return replace(item, state=State.WAITING, taken_by=None, held_until=None)


def _ended(item: Item, answer: Answer) -> Item:
    return replace(
        item, state=State.DONE, held_until=None, question=None, done_at=answer.occurred_at, ending_id=answer.id
    )


def _common(item: Item, action: Action, by: str, now: datetime) -> dict[str, object]:
    return {
        "id": _answer_id(item, action),
        "occurred_at": now,
        "trace_id": item.trace_id,
        "assignment_id": item.assignment_id,
        "case_id": item.case_id,
        "owner": item.owner,
        "by": by,
        "seen_version": _seen_version(item),
    }


def _seen_version(item: Item) -> int | None:
    """The step of the case this is said in view of; None once we moved it ourselves, for that is a later step."""
    is_as_offered = item.questions == 0 and item.incident_id is None
    return item.version if is_as_offered else None


def _answer_id(item: Item, action: Action) -> UUID:
    """Follows from what is said, so that the same said twice is told once; a question may be asked again later."""
    asked = item.questions if isinstance(action, Ask) else 0
    said = "" if isinstance(action, Take) else action.model_dump_json()
    return derived_id(item.opened_at, "answer", item.assignment_id, type(action).__name__, said, asked)


def _step(
    item: Item, kind: StepKind, at: datetime, by: str, detail: str | None = None, text: str = "", cause: object = ""
) -> Step:
    return Step(
        derived_id(at, "step", item.assignment_id, kind, by, cause), item.assignment_id, at, kind, by, detail, text
    )


# --- what comes in --------------------------------------------------------------------------------------------


def item_of(offer: AssignmentOffered, levels: Mapping[str, Lane] = _NO_LEVELS) -> Item:
    """The item an offer makes; `levels` of urgency with their lanes, the gravest first."""
    return Item(
        assignment_id=offer.assignment_id,
        case_id=offer.case_id,
        number=offer.number,
        owner=offer.owner,
        owner_kind=offer.owner_kind,
        lane=offer.lane,
        topic=offer.topic,
        text=clean(offer.text),
        place=offer.place,
        neighbourhood=offer.neighbourhood,
        language=offer.language,
        opened_at=offer.opened_at,
        offered_at=offer.occurred_at,
        due_at=offer.due_at,
        returns=offer.returns,
        returned_because=clean(offer.returned_because) if offer.returned_because else None,
        proposals=offer.proposals,
        reasons=tuple(clean(reason) for reason in offer.reasons),
        attachments=len(offer.attachments),
        trace_id=offer.trace_id,
        kind=offer.kind,
        urgency=offer.urgency,
        hides_identity=offer.hides_identity,
        secondary=offer.secondary,
        similar=offer.similar,
        why=offer.why,
        incident_id=offer.incident.incident_id if offer.incident else None,
        reports=offer.incident.reports if offer.incident else 1,
        returned_by=offer.returned_by,
        rank=rank_of(offer.urgency, offer.lane, levels),
        version=offer.version,
        legal_due_at=offer.legal_due_at,
        reopened=offer.reopened,
        reopened_because=clean(offer.reopened_because) if offer.reopened_because else None,
        follows=offer.follows,
    )


def offered(item: Item) -> Step:
    """The first line of an item's story."""
    return _step(item, StepKind.OFFERED, item.offered_at, "")


def receipt(offer: AssignmentOffered, now: datetime) -> AssignmentAccepted:
    """That the department has it; the same id for the same assignment."""
    return AssignmentAccepted(
        id=derived_id(offer.opened_at, "answer", offer.assignment_id, "accepted"),
        occurred_at=now,
        trace_id=offer.trace_id,
        assignment_id=offer.assignment_id,
        case_id=offer.case_id,
        owner=offer.owner,
        by=RECEIPT_BY,
    )


def add(item: Item, addition: CitizenAdded, lease: timedelta = LEASE) -> tuple[Item, Step]:
    """The citizen wrote again: whatever was asked counts as answered, and a point is the place if there was none.

    Who holds the item has a whole `lease` from then on.
    """
    step = _step(item, StepKind.ADDED, addition.occurred_at, "", None, _said(addition), addition.id)
    placed = item.place if item.place.latitude is not None else _pointed(item.place, addition.place)
    until = item.held_until and max(item.held_until, addition.occurred_at + lease)
    return replace(item, question=None, place=placed, held_until=until), step


def grow(item: Item, grew: IncidentGrew) -> tuple[Item, Report, Step]:
    """One more case tells of the same problem; the highest count holds, whatever comes last."""
    report = Report(item.assignment_id, grew.joined_case_id, grew.joined_number, clean(grew.text), grew.occurred_at)
    step = _step(item, StepKind.GREW, grew.occurred_at, "", grew.joined_number, report.text, grew.joined_case_id)
    return replace(item, incident_id=grew.incident_id, reports=max(item.reports, grew.reports)), report, step


def warn(item: Item, warning: AssignmentWarned) -> Step:
    """It is due soon, or late; `detail` is the step of the escalation, the text says which clock it is."""
    return _step(item, StepKind.WARNED, warning.occurred_at, "", warning.step, warning.clock, warning.id)


def go_on(item: Item, silence: CitizenSilent) -> tuple[Item, Step]:
    """The citizen did not answer in time: nothing is waited for any more."""
    return replace(item, question=None), _step(item, StepKind.SILENT, silence.occurred_at, "", cause=silence.id)


def end(item: Item, ended: AssignmentEnded) -> tuple[Item, Step | None]:
    """It is over, not by our doing. One that ended before stays as it ended, and no line tells of it."""
    if item.state is State.DONE:
        return item, None
    over = replace(
        item, state=State.DONE, held_until=None, question=None, done_at=ended.occurred_at, ending_id=ended.id
    )
    return over, _step(item, StepKind.ENDED, ended.occurred_at, "", ended.because, clean(ended.text), ended.id)


def _said(addition: CitizenAdded) -> str:
    """The words, and below them the point, which is all that a location message has."""
    place = addition.place
    has_point = place.latitude is not None and place.longitude is not None
    point = f"{place.latitude:.5f}, {place.longitude:.5f}" if has_point else ""
    return "\n".join(filter(None, (clean(addition.text), point)))


def _pointed(place: Place, told: Place) -> Place:
    return place.model_copy(update={"latitude": told.latitude, "longitude": told.longitude})
