"""One fact per case, folded from its events by their version: any order, any repetition, the same fact."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import NamedTuple
from uuid import UUID

from shared.contracts import CaseAssigned, CaseClosed, CaseEvent, ContactRegistered, Effect, SurveyAnswered


class Cell(NamedTuple):
    """Where a case is counted. Empty text: not known."""

    day: date
    channel: str
    owner: str
    owner_kind: str
    neighbourhood: str
    topic: str
    lane: str
    state: str
    outcome: str


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


@dataclass(frozen=True, slots=True)
class CaseFact:
    """What is known of a case. `version` and `assigned_version` are the highest seen; 0: not seen yet."""

    case_id: UUID
    number: str = ""
    channel: str = ""
    lane: str = ""
    opened_at: datetime | None = None
    version: int = 0
    state: str = "received"
    outcome: str = ""
    owner: str = ""
    owner_kind: str = ""
    assigned_version: int = 0
    topic: str = ""
    neighbourhood: str = ""
    closed_at: datetime | None = None

    def cell(self, zone: tzinfo) -> Cell | None:
        """Where the case is counted, by the day it was opened there; None while its opening is still to come."""
        if self.opened_at is None:
            return None
        return Cell(
            self.opened_at.astimezone(zone).date(),
            self.channel,
            self.owner,
            self.owner_kind,
            self.neighbourhood,
            self.topic,
            self.lane,
            self.state,
            self.outcome,
        )


def fold_opening(fact: CaseFact, number: str, event: ContactRegistered) -> CaseFact:
    """The fact after its first contact is known."""
    if fact.opened_at is not None:
        return fact
    return replace(fact, number=number, channel=event.channel, lane=event.lane, opened_at=event.occurred_at)


def fold(fact: CaseFact, event: CaseEvent) -> CaseFact:
    """The fact after a step; an older step than the newest known changes only what it alone tells."""
    if isinstance(event, CaseAssigned) and event.version > fact.assigned_version:
        fact = replace(
            fact,
            assigned_version=event.version,
            number=event.number,
            channel=event.channel,
            lane=event.lane,
            opened_at=event.opened_at,
            topic=event.topic or "",
            neighbourhood=event.neighbourhood or "",
        )
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


def fold_all(facts: Mapping[UUID, CaseFact], events: Iterable[object]) -> dict[UUID, CaseFact]:
    """The facts of all cases that these events touch, after them."""
    after: dict[UUID, CaseFact] = {}
    for event in events:
        if isinstance(event, CaseEvent):
            fact = after.get(event.case_id) or facts.get(event.case_id) or CaseFact(event.case_id)
            after[event.case_id] = fold(fact, event)
        elif isinstance(event, ContactRegistered) and event.effect is Effect.OPENED:
            for case in event.cases:
                fact = after.get(case.case_id) or facts.get(case.case_id) or CaseFact(case.case_id)
                after[case.case_id] = fold_opening(fact, case.number, event)
    return after


def moves(before: Mapping[UUID, CaseFact], after: Mapping[UUID, CaseFact], zone: tzinfo) -> dict[Cell, int]:
    """How the cells change when the facts do: out of the old cell, into the new one."""
    counts: Counter[Cell] = Counter()
    for case_id, fact in after.items():
        old = before[case_id].cell(zone) if case_id in before else None
        new = fact.cell(zone)
        if old != new:
            if old is not None:
                counts[old] -= 1
            if new is not None:
                counts[new] += 1
    return {cell: count for cell, count in counts.items() if count}


def contact_counts(events: Iterable[object], zone: tzinfo) -> dict[ContactCell, int]:
    """How many contacts to count where."""
    return Counter(
        ContactCell(event.occurred_at.astimezone(zone).date(), event.channel, event.purpose, event.effect)
        for event in events
        if isinstance(event, ContactRegistered)
    )


def survey_counts(events: Iterable[object], facts: Mapping[UUID, CaseFact], zone: tzinfo) -> dict[SurveyCell, int]:
    """How many answers to surveys to count where; a case that is not known yet has no owner."""
    return Counter(
        SurveyCell(
            event.occurred_at.astimezone(zone).date(),
            facts[event.case_id].owner if event.case_id in facts else "",
            event.channel,
            "yes" if event.solved else "no",
        )
        for event in events
        if isinstance(event, SurveyAnswered)
    )
