"""A case as the router's facts tell it, folded by version, in whatever order they come."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.contracts import CaseAssigned, CaseEvent, CaseKind, CaseState


@dataclass(frozen=True, slots=True)
class KnownCase:
    """`assigned_version` 0: no assignment came yet, so that topic and place are not known."""

    case_id: UUID
    number: str
    version: int
    is_open: bool
    assigned_version: int
    owner: str
    topic: str | None = None
    neighbourhood: str | None = None
    opened_at: datetime | None = None
    contact_id: UUID | None = None
    is_tip: bool = False


def fold_facts(facts: Iterable[CaseEvent]) -> list[KnownCase]:
    """One row a case, ordered by its id so that replicas cannot block each other."""
    known: dict[UUID, KnownCase] = {}
    for fact in facts:
        row = _known(fact)
        before = known.get(row.case_id)
        known[row.case_id] = _newer(before, row) if before else row
    return [known[case_id] for case_id in sorted(known)]


def _known(fact: CaseEvent) -> KnownCase:
    row = KnownCase(fact.case_id, fact.number, fact.version, fact.state is not CaseState.CLOSED, 0, fact.owner)
    if not isinstance(fact, CaseAssigned):
        return row
    return replace(
        row,
        assigned_version=fact.version,
        topic=fact.topic,
        neighbourhood=fact.neighbourhood,
        opened_at=fact.opened_at,
        contact_id=fact.contact_id,
        is_tip=fact.kind is CaseKind.TIP,
    )


def _newer(one: KnownCase, other: KnownCase) -> KnownCase:
    """What the later assignment says of the place, with the state of the later step. Once a tip, always a tip."""
    assigned = max(one, other, key=lambda row: row.assigned_version)
    latest = max(one, other, key=lambda row: row.version)
    return replace(assigned, version=latest.version, is_open=latest.is_open, is_tip=one.is_tip or other.is_tip)
