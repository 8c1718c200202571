"""The whole story of a case on one line of time: what citizens said, what was decided and done, what they were told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.desk.domain.items import Item, Step, StepKind
from shared.contracts import (
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseGathered,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    Channel,
    NoticeRecorded,
    NoticeStatus,
    ReturnReason,
)
from shared.contracts.inside import ToldContact

# Who decides where no person does.
_NO_PERSON: Final = frozenset({"", "router"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One step of a case as the router told it; `kind` is its word, `detail` what it names, by its code."""

    case_id: UUID
    version: int
    at: datetime
    kind: str
    assignment_id: UUID | None
    state: str
    outcome: str | None
    owner: str
    by_whom: str = ""
    detail: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the citizen was told and where it stands. `at`: when we first heard of it."""

    id: UUID
    case_id: UUID | None
    contact_id: UUID | None
    event: str
    channel: Channel
    status: NoticeStatus
    at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What a colleague wrote for colleagues. `owner`: whose the case was then."""

    id: UUID
    case_id: UUID
    at: datetime
    by_whom: str
    owner: str
    text: str


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the finished work."""

    id: UUID
    at: datetime
    by_whom: str


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file that came with a line; `is_picture`: shown as itself."""

    id: UUID
    is_picture: bool


class LineKind(StrEnum):
    """What a line of the story tells; the pages have words for each."""

    WROTE = "wrote"  # the citizen
    TOLD = "told"  # somebody else told of it too
    LINKED = "linked"  # it belongs to the case and adds nothing: an automatic mail, a deleted message
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    TAKEN = "taken"
    RELEASED = "released"
    LAPSED = "lapsed"
    PROGRESSED = "progressed"
    WARNED = "warned"
    ASKED = "asked"
    ANSWERED = "answered"  # it goes on, for the citizen answered
    SILENT = "silent"
    DECIDED = "decided"
    RETURNED = "returned"
    FORWARDED = "forwarded"
    CLOSED = "closed"
    REOPENED = "reopened"
    GREW = "grew"
    GATHERED = "gathered"
    SEPARATED = "separated"
    SPLIT = "split"
    ENDED = "ended"
    NOTICE = "notice"
    NOTE = "note"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `owner`: whose the case was; `detail`: what the line names, by its code."""

    at: datetime
    kind: LineKind
    owner: str = ""
    by: str = ""
    detail: str | None = None
    text: str = ""
    channel: Channel | None = None
    status: NoticeStatus | None = None
    because: str = ""
    files: tuple[LineFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of a case. `contacts` None: intake was not reached, and the story goes on without them."""

    items: Mapping[UUID, Item]
    steps: Sequence[Step]
    facts: Sequence[Fact] = ()
    contacts: Sequence[ToldContact] | None = None
    notices: Sequence[Notice] = ()
    notes: Sequence[Note] = ()
    photos: Sequence[Photo] = ()


# The step of ours that says the same as a fact of the router about the same assignment.
_SAID_BY: Final[Mapping[str, StepKind]] = {
    "assigned": StepKind.OFFERED,
    "accepted": StepKind.OFFERED,  # the desk gives its receipt by itself
    "progressed": StepKind.TAKEN,
    "asked": StepKind.ASKED,
    "returned": StepKind.RETURNED,
    "closed": StepKind.CLOSED,
}
_OF_STEP: Final[Mapping[StepKind, LineKind]] = {
    StepKind.OFFERED: LineKind.ASSIGNED,
    StepKind.ADDED: LineKind.WROTE,
    StepKind.TAKEN: LineKind.TAKEN,
    StepKind.RELEASED: LineKind.RELEASED,
    StepKind.LAPSED: LineKind.LAPSED,
    StepKind.ASKED: LineKind.ASKED,
    StepKind.DECIDED: LineKind.DECIDED,
    StepKind.RETURNED: LineKind.RETURNED,
    StepKind.CLOSED: LineKind.CLOSED,
    StepKind.GREW: LineKind.GREW,
    StepKind.GATHERED: LineKind.GATHERED,
    StepKind.SEPARATED: LineKind.SEPARATED,
    StepKind.WARNED: LineKind.WARNED,
    StepKind.SILENT: LineKind.SILENT,
    StepKind.ENDED: LineKind.ENDED,
    StepKind.SPLIT: LineKind.SPLIT,
}
_ORDER: Final = {kind: place for place, kind in enumerate(LineKind)}


def story(told: Told) -> list[Line]:
    """Everything that happened to a case, in order of time, each thing once."""
    lines = [
        *_of_contacts(told),
        *_of_steps(told),
        *_of_facts(told),
        *(_of_notice(notice) for notice in told.notices),
        *(Line(note.at, LineKind.NOTE, note.owner, note.by_whom, text=note.text) for note in told.notes),
        *(Line(photo.at, LineKind.PHOTO, by=photo.by_whom, files=(LineFile(photo.id, True),)) for photo in told.photos),
    ]
    returned = {_folded(line.text) for line in lines if line.kind is LineKind.RETURNED}
    told_once = [replace(line, because="") if _folded(line.because) in returned else line for line in lines]
    return sorted(told_once, key=lambda line: (line.at, _ORDER[line.kind]))


def fact_of(event: CaseEvent) -> Fact:
    """What is kept of a fact. Its words are those that the citizen or colleagues may read."""
    plain = Fact(
        event.case_id,
        event.version,
        event.occurred_at,
        event.type.split(".")[1],
        getattr(event, "assignment_id", None),
        event.state,
        event.outcome,
        event.owner,
    )
    match event:
        case CaseAssigned():
            return replace(plain, by_whom="" if event.decided_by in _NO_PERSON else event.decided_by)
        case CaseProgressed():
            return replace(plain, text=event.note, detail=event.because)
        case CaseReturned():
            because = event.proposal if event.because is ReturnReason.NOT_OURS else event.because
            return replace(plain, owner=event.returned_by, text=event.reason, detail=because)
        case CaseReopened():
            return replace(plain, text=event.reason, detail=event.by)
        case CaseAsked():
            return replace(plain, text=event.question)
        case CaseClosed():
            return replace(plain, text=event.answer)
        case CaseGathered():
            by_whom = "" if event.decided_by in _NO_PERSON else event.decided_by
            return replace(plain, detail=event.head_number, by_whom=by_whom)
        case CaseSeparated():
            return replace(plain, by_whom=event.decided_by)
        case _:
            return plain


def latest_notices(events: Iterable[NoticeRecorded]) -> list[Notice]:
    """One for each notice that concerns a case or a contact, as it stands last, ordered by its id."""
    latest: dict[UUID, Notice] = {}
    for event in sorted(events, key=lambda event: event.occurred_at):
        if event.case_id is None and event.contact_id is None:
            continue
        first = latest[event.notice_id].at if event.notice_id in latest else event.occurred_at
        latest[event.notice_id] = Notice(
            event.notice_id,
            event.case_id,
            event.contact_id,
            event.event,
            event.channel,
            event.status,
            first,
            event.occurred_at,
        )
    return [latest[notice_id] for notice_id in sorted(latest)]


def _of_contacts(told: Told) -> list[Line]:
    return [
        Line(
            contact.at,
            _kind_of(contact),
            text=contact.text,
            channel=contact.channel,
            detail=contact.kind,
            files=tuple(
                LineFile(file.id, (file.media_type or "").startswith("image/"))
                for file in contact.files
                if file.reason is None
            ),
        )
        for contact in told.contacts or ()
    ]


def _kind_of(contact: ToldContact) -> LineKind:
    if contact.effect == "linked":
        return LineKind.LINKED
    return LineKind.WROTE if contact.own else LineKind.TOLD


def _of_steps(told: Told) -> list[Line]:
    """What happened to it here. What the citizen added is told by their contact where intake knows it."""
    known = {_folded(contact.text) for contact in told.contacts or () if contact.text}
    return [
        _of_step(step, told.items.get(step.assignment_id))
        for step in told.steps
        if step.kind is not StepKind.ADDED or not known & _words_of(step)
    ]


def _of_step(step: Step, item: Item | None) -> Line:
    because = item.returned_because or "" if item and step.kind is StepKind.OFFERED else ""
    return Line(
        step.at, _OF_STEP[step.kind], item.owner if item else "", step.by_whom, step.detail, step.text, because=because
    )


def _words_of(step: Step) -> set[str]:
    """What was added, with and without the point that may stand on its last line."""
    return {_folded(step.text), _folded(step.text.rpartition("\n")[0])}


def _of_facts(told: Told) -> list[Line]:
    """What happened to it elsewhere, and what no step of ours says."""
    return [_of_fact(fact) for fact in told.facts if not _is_said(fact, told.steps)]


def _is_said(fact: Fact, steps: Sequence[Step]) -> bool:
    """Whether a step of ours tells the same, with who did it."""
    own = {step.kind for step in steps if step.assignment_id == fact.assignment_id}
    match fact.kind:
        case "gathered" | "separated":
            return any(step.kind == fact.kind for step in steps)
        case "progressed" if fact.detail:
            return bool({StepKind.ADDED, StepKind.SILENT} & own)
        case "progressed" if fact.text:
            return False
        case "assigned" if fact.by_whom and any(step.detail == fact.owner for step in steps):
            return True
        case _:
            return _SAID_BY.get(fact.kind) in own


def _of_fact(fact: Fact) -> Line:
    kind = LineKind(fact.kind) if fact.kind in set(LineKind) else LineKind.PROGRESSED
    if fact.kind == "progressed" and fact.detail:
        kind = LineKind.ANSWERED if fact.detail == "citizen_answered" else LineKind.SILENT
    detail = fact.outcome if fact.kind == "closed" else fact.detail
    return Line(fact.at, kind, fact.owner, fact.by_whom, detail, fact.text)


def _of_notice(notice: Notice) -> Line:
    return Line(notice.at, LineKind.NOTICE, channel=notice.channel, status=notice.status, detail=notice.event)


def _folded(text: str) -> str:
    return " ".join(text.split())
