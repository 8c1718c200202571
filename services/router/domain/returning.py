"""What is known of a case that came back: what its next owner, or the person who decides, is told."""

from dataclasses import replace

from services.router.domain.candidates import PROPOSALS_MAX
from services.router.domain.decision import Decision
from services.router.domain.life import RETURNS_MAX, Case
from shared.contracts import AssignmentReturned, Evidence, EvidenceKind, OwnerKind, Proposal, Why

K = EvidenceKind


def proposed_by(owner: str) -> Why:
    """Why it went on to another owner at once: the one who returned it named them."""
    return Why(evidence=(Evidence(kind=K.PERSON, code="returned", detail=owner),))


def decided_by_a_person() -> Why:
    """Why it went where a person sent it."""
    return Why(evidence=(Evidence(kind=K.PERSON, code="decided"),))


def weighed_again(decision: Decision, case: Case, answer: AssignmentReturned) -> Decision:
    """The decision of a case that a person takes up after a return, without whoever gave it back.

    The owner that was named by who returned it comes first; it was not followed, so that a person looks at it.
    """
    code = "returned" if case.returns >= RETURNS_MAX else "returned_once"
    doubt = Evidence(kind=K.DOUBT, code=code, detail=answer.owner)
    known = (*decision.secondary, *decision.proposals)
    named = [Proposal(owner=answer.proposal, confidence=_confidence(known, answer.proposal))] if answer.proposal else []
    others = [row for row in decision.proposals if row.owner != answer.proposal]
    proposals = [row for row in (*named, *others) if row.owner not in (answer.owner, case.owner)]
    rest = tuple(found for found in decision.why.evidence if found.kind is not K.DOUBT)
    return replace(
        decision,
        owner=case.owner,
        owner_kind=OwnerKind.CENTRE,
        automatic=False,
        proposals=tuple(proposals[:PROPOSALS_MAX]),
        why=decision.why.model_copy(update={"evidence": (doubt, *rest)}),
    )


def _confidence(rows: tuple[Proposal, ...], owner: str) -> float:
    return next((row.confidence for row in rows if row.owner == owner), 0.0)
