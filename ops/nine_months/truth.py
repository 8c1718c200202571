"""The ground truth of a plan: every line of the bulletin, added up from what each contact is meant to become."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ops.nine_months.plan import PlannedContact
from ops.nine_months.table import Group
from shared.contracts import OwnerKind
from simulators.offices import Course

RESOLVED: Final = frozenset({Course.SOLVE, Course.ANSWER})
AWAITED: Final = frozenset({Course.SILENT, Course.ACCEPT, Course.PROGRESS})


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: how many cases, how many of them resolved (None: the line does not say), and its parts."""

    cases: int
    resolved: int | None = None
    parts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Lines by the codes of the bulletin, its groups first, then total, resolved and awaiting."""

    contacts: int
    lines: Mapping[str, Figure]


def truth_of(contacts: Iterable[PlannedContact]) -> Truth:
    """The truth about these contacts alone."""
    contacts = list(contacts)
    cases = [contact for contact in contacts if contact.group is not None]
    lines = {group.value: _group(group, cases) for group in Group}
    lines["total"] = Figure(len(cases))
    lines["resolved"] = Figure(sum(map(is_resolved, cases)))
    lines["awaiting"] = Figure(sum(map(is_awaited, cases)))
    return Truth(len(contacts), lines)


def is_resolved(contact: PlannedContact) -> bool:
    """Closed with an outcome, or with the institution it was handed over to."""
    handed_over = contact.owner_kind is OwnerKind.INSTITUTION and contact.course is Course.ACCEPT
    return contact.course in RESOLVED or handed_over


def is_awaited(contact: PlannedContact) -> bool:
    """A department has it and it is not yet resolved, nor waits for the citizen."""
    return contact.course in AWAITED and contact.owner_kind is OwnerKind.DEPARTMENT


def _group(group: Group, cases: Iterable[PlannedContact]) -> Figure:
    own = [contact for contact in cases if contact.group is group]
    return Figure(len(own), sum(map(is_resolved, own)), _parts(group, own))


def _parts(group: Group, cases: Iterable[PlannedContact]) -> dict[str, int] | None:
    """By what the bulletin breaks a group down."""
    match group:
        case Group.NEIGHBOURHOODS:
            return dict(Counter(contact.neighbourhood for contact in cases if contact.neighbourhood))
        case Group.INSTITUTIONS | Group.DEPARTMENTS:
            return dict(Counter(contact.owner for contact in cases if contact.owner))
        case _:
            return None
