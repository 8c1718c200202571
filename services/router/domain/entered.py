"""What a person at the desk decided while entering a contact: taken as it is, as far as its codes are known."""

from collections.abc import Collection
from dataclasses import replace

from services.router.domain.decision import Decision
from services.router.domain.knowledge import Knowledge
from shared.contracts import Decided, Evidence, EvidenceKind


def honour(
    decided: Decided | None,
    decision: Decision,
    knowledge: Knowledge,
    topics: Collection[str],
    neighbourhoods: Collection[str],
) -> Decision:
    """The person's decision in the place of `decision`, the router's own; that one where nobody decided.

    An owner nobody knows leaves the router's decision standing; an unknown topic or neighbourhood is left out.
    Each of these says so in the evidence.
    """
    if decided is None:
        return decision
    unknown = tuple(
        Evidence(kind=EvidenceKind.TROUBLE, code=f"unknown_{what}", detail=code)
        for what, code, codes in (
            ("owner", decided.owner, knowledge.kinds),
            ("topic", decided.topic, topics),
            ("neighbourhood", decided.neighbourhood, neighbourhoods),
        )
        if code is not None and code not in codes
    )
    if decided.owner not in knowledge.kinds:
        return _with_evidence(decision, (), unknown[:1])
    topic = decided.topic if decided.topic in topics else _topic_of(decided.owner, decision)
    neighbourhood = decided.neighbourhood if decided.neighbourhood in neighbourhoods else decision.neighbourhood
    level = knowledge.urgency.raised(decision.level, knowledge.urgency.of_topic(topic))
    person = Evidence(kind=EvidenceKind.PERSON, code="entered", detail=decided.by)
    return replace(
        _with_evidence(decision, (person,), unknown),
        owner=decided.owner,
        owner_kind=knowledge.kinds[decided.owner],
        likeliest=decided.owner,
        topic=topic,
        level=level,
        lane=knowledge.urgency.lane(level),
        neighbourhood=neighbourhood,
        confidence=1.0,
        automatic=False,
        decided_by=f"desk:{decided.by}",
        proposals=decision.proposals if decided.owner == knowledge.centre else (),
    )


def _with_evidence(decision: Decision, first: tuple[Evidence, ...], last: tuple[Evidence, ...]) -> Decision:
    why = decision.why
    return replace(decision, why=why.model_copy(update={"evidence": (*first, *why.evidence, *last)}))


def _topic_of(owner: str, decision: Decision) -> str | None:
    """The topic the words point to among those of the owner the person chose; without one nothing is due."""
    return next((row.topic for row in decision.proposals if row.owner == owner), None)
