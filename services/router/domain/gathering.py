"""What a newly opened case is compared by, whose incidents it may join, and what that makes of its decision."""

from dataclasses import replace
from typing import Final

from services.router.domain.decision import Decision
from services.router.domain.incidents import Sighting, Spot
from services.router.domain.life import Case
from services.router.domain.signature import signature
from shared.contracts import CaseOpened, Evidence, EvidenceKind, OwnerKind, Place
from shared.contracts.decisions import EVIDENCE_MAX
from shared.gazetteer import PlaceFound
from shared.municipality import IncidentGroup, Incidents
from shared.text import fold

# An incident of more reports would make one answer too heavy; the next report starts another.
REPORTS_MAX: Final = 500
STREET_LETTERS_MAX: Final = 100


def likely_topic(case: Case, decision: Decision) -> str | None:
    """The topic it has, or, where a person has yet to decide, the likeliest."""
    return case.topic or (decision.proposals[0].topic if decision.proposals else None)


def group_of(case: Case, decision: Decision, incidents: Incidents) -> IncidentGroup | None:
    """The group it is compared within; None: what it is about is never told by many."""
    return incidents.group_of(likely_topic(case, decision))


def sighting_of(event: CaseOpened, case: Case, decision: Decision, group: IncidentGroup) -> Sighting:
    """What a case is compared by."""
    return Sighting(
        id=case.id,
        at=case.opened_at,
        group=group.code,
        topic=likely_topic(case, decision) or "",
        spot=spot_of(event, case, decision.place),
        signature=signature(event.text),
    )


def spot_of(event: CaseOpened, case: Case, found: PlaceFound) -> Spot:
    """Where it is, as far as it is known: a point that can be, the street and the landmark that were named."""
    place = event.place
    is_point = place.latitude is not None and place.longitude is not None and found.refused is None
    address = found.address
    return Spot(
        latitude=place.latitude if is_point else None,
        longitude=place.longitude if is_point else None,
        neighbourhood=case.neighbourhood,
        street=_street(place, found),
        door=fold(address.number) if address and address.number else None,
        landmark=found.landmark,
    )


def _street(place: Place, found: PlaceFound) -> str | None:
    """A street of ours by its name and type; else the words of the form's field."""
    if found.street:
        return f"{found.street.name} {found.street.type}"
    return fold(place.street)[:STREET_LETTERS_MAX] or None if place.street else None


def may_join(case: Case, decision: Decision, owner: str) -> bool:
    """Whether it may go with a case of that owner by itself.

    It has that owner already; or a person had yet to say whose it is, that owner is among the likeliest, and nothing
    was amiss while deciding. What a person decided is never overruled; and whose owner nobody knows yet is not
    gathered with its like, since that person may see two problems where the words are the same.
    """
    if case.owner == owner:
        return case.owner_kind is not OwnerKind.CENTRE
    undecided = not decision.automatic and decision.decided_by == "router"
    amiss = any(found.kind is EvidenceKind.TROUBLE for found in decision.why.evidence)
    return undecided and not amiss and any(proposal.owner == owner for proposal in decision.proposals)


def entrust(case: Case, head: Case) -> Case:
    """The case as its head's owner gets it, before anybody was told that it has another."""
    return replace(case, owner=head.owner, owner_kind=head.owner_kind, topic=case.topic or head.topic)


def joining(decision: Decision, case: Case, head: Case, confidence: float) -> Decision:
    """The decision when the case goes with `head`: the same grounds, and that."""
    found = Evidence(kind=EvidenceKind.INCIDENT, code=head.number, share=round(confidence, 4))
    return replace(
        decision,
        owner=case.owner,
        owner_kind=case.owner_kind,
        topic=case.topic,
        confidence=max(confidence, decision.confidence if decision.automatic else 0.0),
        automatic=decision.automatic or decision.decided_by == "router",
        why=decision.why.model_copy(update={"evidence": (found, *decision.why.evidence)[:EVIDENCE_MAX]}),
    )
