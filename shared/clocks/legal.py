"""By when the law wants an answer, apart from our own targets; these clocks know no pause."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from shared.clocks.clock import PAUSED, Clock, Step, clock
from shared.contracts import CaseKind, CaseState
from shared.municipality import Calendar, Target, TargetUnit


@dataclass(frozen=True, slots=True)
class LegalTerm:
    """A term with the article it stands in; `kinds` None: for every case."""

    code: str
    target: Target
    kinds: frozenset[CaseKind] | None
    basis: str
    source: str


LEGAL_TERMS: Final = (
    LegalTerm(
        "petition",
        Target(amount=30, unit=TargetUnit.DAYS),
        None,
        "3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun, m. 7",
        "https://www.mevzuat.gov.tr/mevzuatmetin/1.5.3071.pdf",
    ),
    LegalTerm(
        "information",
        Target(amount=15, unit=TargetUnit.WORKING_DAYS),
        frozenset({CaseKind.INFORMATION}),
        "4982 sayılı Bilgi Edinme Hakkı Kanunu, m. 11",
        "https://www.mevzuat.gov.tr/mevzuatmetin/1.5.4982.pdf",
    ),
)


def legal_clock(steps: Collection[Step], kind: CaseKind | None, calendar: Calendar, zone: tzinfo) -> Clock:
    """The strictest legal term of a case of this kind, on the municipality's own calendar.

    Counted to the hour where the law counts whole days: on the safe side. A case opened again is a new petition.
    """
    unpaused = [replace(step, state=CaseState.IN_PROGRESS) if step.state in PAUSED else step for step in steps]
    terms = [term for term in LEGAL_TERMS if term.kinds is None or kind in term.kinds]
    clocks = [clock(unpaused, term.target, calendar, zone) for term in terms]
    return min(clocks, key=lambda found: found.due_at)
