"""What a person at the desk decided while entering a contact: taken as it is, as far as its codes are known."""

from collections.abc import Collection
from dataclasses import replace

from services.router.domain.decision import Decision, Knowledge
from shared.contracts import Decided
from shared.urgency import Urgency


def honour(
    decided: Decided | None,
    decision: Decision,
    knowledge: Knowledge,
    topics: Collection[str],
    neighbourhoods: Collection[str],
) -> Decision:
    """The person's decision in the place of `decision`, the router's own; that one where nobody decided.

    An owner nobody knows leaves the router's decision standing; an unknown topic or neighbourhood is left out.
    Each of these says so in the reasons.
    """
    if decided is None:
        return decision
    if decided.owner not in knowledge.kinds:
        return replace(decision, reasons=(*decision.reasons, f"desk:no owner is called {decided.owner}"))
    topic, about_topic = _known("topic", decided.topic, topics)
    neighbourhood, about_place = _known("neighbourhood", decided.neighbourhood, neighbourhoods)
    topic = topic or _topic_of(decided.owner, decision)
    urgent = decision.urgency is Urgency.URGENT or topic in knowledge.urgent_topics
    return replace(
        decision,
        owner=decided.owner,
        owner_kind=knowledge.kinds[decided.owner],
        topic=topic,
        urgency=Urgency.URGENT if urgent else Urgency.ROUTINE,
        neighbourhood=neighbourhood or decision.neighbourhood,
        confidence=1.0,
        automatic=False,
        decided_by=f"desk:{decided.by}",
        proposals=decision.proposals if decided.owner == knowledge.centre else (),
        reasons=("desk:decided while entering", *about_topic, *about_place, *decision.reasons),
    )


def _known(what: str, code: str | None, codes: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
    if code is None or code in codes:
        return code, ()
    return None, (f"desk:no {what} is called {code}",)


def _topic_of(owner: str, decision: Decision) -> str | None:
    """The topic the words point to among those of the owner the person chose; without one nothing is due."""
    return next((row.topic for row in decision.proposals if row.owner == owner), None)
