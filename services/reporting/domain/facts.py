"""One fact per case, folded from its events by their version: any order, any repetition, the same fact."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Final, NamedTuple
from uuid import UUID

from services.reporting.domain import sketch
from services.reporting.domain.asking import Clock, Counts
from services.reporting.domain.imported import fold_imported
from services.reporting.domain.known import CaseFact
from shared.contracts import (
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseGathered,
    CaseImported,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    ContactRegistered,
    Effect,
    SurveyAnswered,
)

# A citizen hears of these in words of their own: who has the case, what is asked, how it ended (Law 3071, articles 5
# and 7). That somebody works on it is not told to them, and is no answer.
ANSWERS: Final = (CaseForwarded, CaseAsked, CaseClosed)


class Cell(NamedTuple):
    """Where a case is counted, along every axis. Empty text: not known."""

    day: date
    hour: int
    channel: str
    owner: str
    owner_kind: str
    neighbourhood: str
    topic: str
    kind: str
    urgency: str
    state: str
    outcome: str
    source: str


class Standing(NamedTuple):
    """All that a case adds to the figures: where, what, and in which bins of durations; None: not timed yet."""

    cell: Cell
    counts: Counts
    answer_bin: int | None
    closing_bin: int | None


class SurveyCell(NamedTuple):
    """Where a citizen's answer to a survey is counted; `solved` is yes or no."""

    day: date
    owner: str
    channel: str
    solved: str


class ContactCell(NamedTuple):
    """Where a contact is counted."""

    day: date
    channel: str
    purpose: str
    effect: str


def standing(fact: CaseFact) -> Standing | None:
    """How a case is counted; None while its opening is still to come."""
    if fact.day is None:
        return None
    cell = Cell(fact.day, *(getattr(fact, axis) for axis in Cell._fields[1:]))
    return Standing(cell, fact.counts(), _bin(fact, Clock.ANSWER), _bin(fact, Clock.CLOSING))


def _bin(fact: CaseFact, clock: Clock) -> int | None:
    seconds = fact.took(clock)
    return None if seconds is None else sketch.bin_of(seconds)


def fold_opening(fact: CaseFact, number: str, event: ContactRegistered, zone: tzinfo) -> CaseFact:
    """The fact after its first contact is known."""
    if fact.opened_at is not None:
        return fact
    fact = replace(fact, number=number, channel=event.channel, lane=event.lane)
    return fact.opened(event.occurred_at, zone)


def fold(fact: CaseFact, event: CaseEvent, zone: tzinfo) -> CaseFact:
    """The fact after a step; an older step than the newest known changes only what it alone tells."""
    fact = _told(fact, event)
    if isinstance(event, CaseAssigned) and event.version > fact.assigned_version:
        fact = _assigned(fact, event).opened(event.opened_at, zone)
    if event.version > fact.version:
        fact = replace(
            fact,
            version=event.version,
            state=event.state,
            outcome=event.outcome or "",
            owner=event.owner,
            owner_kind=event.owner_kind,
            closed_at=event.occurred_at if isinstance(event, CaseClosed) else None,
        )
    return fact


def _assigned(fact: CaseFact, event: CaseAssigned) -> CaseFact:
    return replace(
        fact,
        assigned_version=event.version,
        number=event.number,
        channel=event.channel,
        lane=event.lane,
        topic=event.topic or "",
        neighbourhood=event.neighbourhood or "",
        kind=event.kind or "",
        urgency=event.urgency or "",
        legal_due_at=event.legal_due_at,
    )


def _told(fact: CaseFact, event: CaseEvent) -> CaseFact:
    """The fact after what a step tells however late it comes: each part has a version, a time or a set of its own."""
    if isinstance(event, ANSWERS):
        fact = replace(fact, answered_at=min(fact.answered_at or event.occurred_at, event.occurred_at))
    match event:
        case CaseAssigned() | CaseProgressed(due_at=datetime()) if event.version > fact.due_version:
            return replace(fact, due_at=event.due_at, due_version=event.version)
        case CaseReturned() if event.version not in fact.returned_in:
            returned_in = tuple(sorted((*fact.returned_in, event.version)))
            return replace(fact, returned_in=returned_in, returns=len(returned_in))
        case CaseReopened():
            return replace(fact, reopened=max(fact.reopened, event.times))
        case CaseGathered() | CaseSeparated() if event.version > fact.gathered_version:
            return replace(fact, duplicate=isinstance(event, CaseGathered), gathered_version=event.version)
        case _:
            return fact


def fold_all(facts: Mapping[UUID, CaseFact], events: Iterable[object], zone: tzinfo) -> dict[UUID, CaseFact]:
    """The facts of all cases that these events touch, after them; days are days in `zone`."""
    after: dict[UUID, CaseFact] = {}

    def known(case_id: UUID) -> CaseFact:
        return after.get(case_id) or facts.get(case_id) or CaseFact(case_id)

    for event in events:
        match event:
            case CaseEvent():
                after[event.case_id] = fold(known(event.case_id), event, zone)
            case ContactRegistered(effect=Effect.OPENED):
                for case in event.cases:
                    after[case.case_id] = fold_opening(known(case.case_id), case.number, event, zone)
            case CaseImported():
                after[event.case_id] = fold_imported(known(event.case_id), event, zone)
            case SurveyAnswered():  # so that there is a row to lock, whatever else is known of the case
                after[event.case_id] = known(event.case_id)
            case _:
                pass
    return after


def moves(before: Mapping[UUID, CaseFact], after: Mapping[UUID, CaseFact]) -> dict[Standing, int]:
    """How the figures change when the facts do: out of the old standing, into the new one."""
    counts: Counter[Standing] = Counter()
    for case_id, fact in after.items():
        old = standing(before[case_id]) if case_id in before else None
        new = standing(fact)
        if old != new:
            if old is not None:
                counts[old] -= 1
            if new is not None:
                counts[new] += 1
    return {standing: count for standing, count in counts.items() if count}


def contact_counts(events: Iterable[object], zone: tzinfo) -> dict[ContactCell, int]:
    """How many contacts to count where."""
    return Counter(
        ContactCell(event.occurred_at.astimezone(zone).date(), event.channel, event.purpose, event.effect)
        for event in events
        if isinstance(event, ContactRegistered)
    )
