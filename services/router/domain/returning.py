"""What is known of a case that came back: what its next owner, or the person who decides, is told."""

from collections.abc import Sequence
from dataclasses import replace

from services.router.domain.candidates import PROPOSALS_MAX
from services.router.domain.decision import Decision
from services.router.domain.life import RETURNS_MAX, Case
from shared.contracts import (
    AssignmentReturned,
    Evidence,
    EvidenceKind,
    OwnerKind,
    Proposal,
    ReopenedBy,
    ReturnReason,
    Why,
)

K = EvidenceKind


def proposed_by(owner: str) -> Why:
    """Why it went on to another owner at once: the one who returned it named them."""
    return Why(evidence=(Evidence(kind=K.PERSON, code="returned", detail=owner),))


def decided_by_a_person() -> Why:
    """Why it went where a person sent it."""
    return Why(evidence=(Evidence(kind=K.PERSON, code="decided"),))


def passed_on() -> Why:
    """Why it leads an incident now: the citizen whose case led wants no more of it."""
    return Why(evidence=(Evidence(kind=K.PERSON, code="withdrawn"),))


def reopened_by(by: ReopenedBy) -> Why:
    """Why it is somebody's work again after it was closed."""
    return Why(evidence=(Evidence(kind=K.PERSON, code="reopened", detail=by),))


def weighed_anew(decision: Decision, case: Case) -> Decision:
    """The decision of a case that a person takes up since it was reopened more than once."""
    return _for_a_person(decision, case, Evidence(kind=K.DOUBT, code="reopened"), decision.proposals)


def weighed_again(decision: Decision, case: Case, answer: AssignmentReturned) -> Decision:
    """The decision of a case that a person takes up after a return, without whoever gave it back.

    The owner that was named by who returned it comes first; it was not followed, so that a person looks at it.
    """
    doubt = Evidence(kind=K.DOUBT, code=_doubt(case, answer), detail=answer.owner)
    known = (*decision.secondary, *decision.proposals)
    named = [Proposal(owner=answer.proposal, confidence=_confidence(known, answer.proposal))] if answer.proposal else []
    others = [row for row in decision.proposals if row.owner != answer.proposal]
    proposals = [row for row in (*named, *others) if row.owner not in (answer.owner, case.owner)]
    return _for_a_person(decision, case, doubt, proposals)


def _doubt(case: Case, answer: AssignmentReturned) -> str:
    if answer.because is not ReturnReason.NOT_OURS:
        return answer.because
    return "returned" if case.returns >= RETURNS_MAX else "returned_once"


def _for_a_person(decision: Decision, case: Case, doubt: Evidence, proposals: Sequence[Proposal]) -> Decision:
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
