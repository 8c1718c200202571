"""Counts what was given to whom and what came back, so that precision can be watched by owner and by rule."""

from collections.abc import Sequence
from functools import partial

from services.router import store
from shared import metrics
from shared.contracts import CaseAssigned, CaseEvent, CaseReturned, EvidenceKind, ReturnReason
from shared.messaging import Unit


async def count(unit: Unit, facts: Sequence[CaseEvent]) -> None:
    """Count these facts once they are committed; they must stand in the history already."""
    returned = [fact for fact in facts if isinstance(fact, CaseReturned) and fact.because is ReturnReason.NOT_OURS]
    before = await store.assignments(unit.connection, {fact.case_id for fact in returned}) if returned else {}
    given = [fact for fact in facts if isinstance(fact, CaseAssigned)]
    back = [before[fact.assignment_id] for fact in returned if fact.assignment_id in before]
    unit.after_commit.append(partial(_count, given, back))


def how_assigned(fact: CaseAssigned) -> str:
    """Who gave the case to its owner: the router alone (automatic), to a person (triage), the desk, or what moved it.

    That is a `return`, a `reopening`, or the `withdrawal` of the case that led its incident.
    """
    if fact.decided_by == "router":
        return "automatic" if fact.automatic else "triage"
    return fact.decided_by.partition(":")[0]


def rules_of(fact: CaseAssigned) -> tuple[str, ...]:
    """The ids of the rules that decided."""
    return tuple(found.code for found in fact.why.evidence if found.kind is EvidenceKind.RULE) if fact.why else ()


def _count(given: Sequence[CaseAssigned], back: Sequence[CaseAssigned]) -> None:
    for facts, by_owner, by_rule in (
        (given, metrics.ASSIGNED, metrics.RULE_APPLIED),
        (back, metrics.RETURNED, metrics.RULE_RETURNED),
    ):
        for fact in facts:
            by_owner.labels(owner=fact.owner, how=how_assigned(fact)).inc()
            for rule in rules_of(fact):
                by_rule.labels(rule=rule).inc()
