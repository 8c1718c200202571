"""Which owners come into question for a case, by its words, the model and what the citizen chose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.router.domain.evidence import OTHER, SHORT_WORDS, Weighing, stressed, weigh
from services.router.domain.knowledge import Knowledge
from shared.contracts import OwnerScore, Proposal
from shared.municipality import Topic
from shared.topic_words import TopicEvidence

PROPOSALS_MAX = 3
PROPOSAL_CONFIDENCE_MIN = 0.01
# What an owner whom the likeliest's topic concerns besides has of its confidence; each further one less.
_ALSO_PART = 0.35
_ALSO_LESS = 0.8
_OVERRULED_PART = 0.9
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Candidates:
    """The owners before any rule, the likeliest first. `nobody`: how likely it is that it is none of them.

    `chosen` is the topic the citizen chose; it comes first, and `contradicted_by` is the owner for whom their words
    speak clearly instead.
    """

    proposals: tuple[Proposal, ...]
    scores: tuple[OwnerScore, ...]
    nobody: float
    chosen: Topic | None = None
    contradicted_by: Proposal | None = None

    @property
    def best(self) -> Proposal | None:
        """The likeliest; None: nothing speaks for anybody."""
        return self.proposals[0] if self.proposals else None


def find_candidates(
    topics: Sequence[TopicEvidence],
    probabilities: Mapping[str, float] | None,
    chosen: Topic | None,
    word_count: int,
    knowledge: Knowledge,
) -> Candidates:
    """Words and model weighed together; `probabilities` None: there is no model, or there are no words."""
    strengths = strengths_by_owner(topics, knowledge.centre)
    shares = _weighed(strengths, probabilities, word_count, knowledge.weighing)
    scores = _scores(topics, strengths, [share for share in shares if share[0] in knowledge.kinds], probabilities)
    read = tuple(Proposal(owner=row.owner, topic=row.topic, confidence=row.confidence) for row in scores)
    nobody = 1 - sum(share for _, share in shares)
    if chosen is None:
        return Candidates(read, scores, nobody)
    sure = knowledge.weighing.automatic_from
    against = next((row for row in read[:1] if row.owner != chosen.owner and row.confidence >= sure), None)
    return Candidates(_chosen_first(chosen, read, sure), scores, nobody, chosen, against)


def _weighed(
    strengths: Mapping[str, float], probabilities: Mapping[str, float] | None, word_count: int, weighing: Weighing
) -> list[tuple[str, float]]:
    """(owner, confidence), the likeliest first. In a short message its phrases have the last word on the order.

    How sure the first is stays as it was measured; one whom the phrases put first against the model is never sure
    enough to need no person.
    """
    calm = weigh(strengths, probabilities, weighing)
    if probabilities is None or word_count >= SHORT_WORDS or not strengths:
        return calm
    loud = weigh(stressed(strengths, word_count), probabilities, weighing)
    if not calm or not loud:
        return calm
    (first, share), *others = loud
    if first != calm[0][0]:
        return [(owner, min(share, _OVERRULED_PART * weighing.automatic_from)) for owner, share in loud]
    rest = (1 - calm[0][1]) / max(1 - share, _LEAST)
    return [calm[0], *((owner, min(rest * share, calm[0][1])) for owner, share in others)]


def with_concerned(proposals: Sequence[Proposal], knowledge: Knowledge) -> tuple[Proposal, ...]:
    """The proposals with the other owners of the first one's topic, for the person who decides; the first stays."""
    topic = knowledge.topics.by_code.get(proposals[0].topic or "") if proposals else None
    if topic is None:
        return tuple(proposals)
    first, *others = proposals
    known = {proposal.owner for proposal in proposals}
    for place, other in enumerate(topic.also):
        if other.owner not in known:
            part = _ALSO_PART * _ALSO_LESS**place * first.confidence
            others.append(Proposal(owner=other.owner, topic=topic.code, confidence=round(part, 4)))
    return (first, *sorted(others, key=lambda proposal: -proposal.confidence))[:PROPOSALS_MAX]


def strengths_by_owner(topics: Iterable[TopicEvidence], centre: str) -> dict[str, float]:
    """How strongly the topics speak for each owner: by its strongest, a second topic of the same owner helps not.

    Topics of the solution centre are matters of nobody: they speak for `OTHER`.
    """
    strengths: dict[str, float] = {}
    for evidence in topics:
        owner = OTHER if evidence.topic.owner == centre else evidence.topic.owner
        strengths[owner] = max(strengths.get(owner, 0.0), evidence.strength)
    return strengths


def _scores(
    topics: Sequence[TopicEvidence],
    strengths: Mapping[str, float],
    shares: Sequence[tuple[str, float]],
    probabilities: Mapping[str, float] | None,
) -> tuple[OwnerScore, ...]:
    topic_of: dict[str, str] = {}
    for evidence in topics:
        topic_of.setdefault(evidence.topic.owner, evidence.topic.code)
    return tuple(
        OwnerScore(
            owner=owner,
            topic=topic_of.get(owner),
            by_words=strengths.get(owner, 0.0),
            by_model=round(probabilities[owner], 4) if probabilities and owner in probabilities else None,
            confidence=round(confidence, 4),
        )
        for owner, confidence in shares[:PROPOSALS_MAX]
        if confidence >= PROPOSAL_CONFIDENCE_MIN
    )


def _chosen_first(chosen: Topic, read: Sequence[Proposal], sure: float) -> tuple[Proposal, ...]:
    """What the citizen chose, before what the words say, and just sure enough to need no person."""
    same = [proposal.confidence for proposal in read if proposal.owner == chosen.owner]
    first = Proposal(owner=chosen.owner, topic=chosen.code, confidence=max([sure, *same]))
    return (first, *(proposal for proposal in read if proposal.owner != chosen.owner))[:PROPOSALS_MAX]
