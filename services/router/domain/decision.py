"""Decides who owns a case, how soon it must be seen and where it lies, and keeps what spoke for it.

Rules, places and the text model decide together; whoever wants to know why reads the `Why`. When they are not sure
enough, a person at the solution centre decides, with the best proposals at hand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.evidence import OTHER, weigh
from services.router.domain.knowledge import Knowledge
from shared.contracts import CaseKind, Evidence, EvidenceKind, Lane, OwnerKind, OwnerScore, Proposal, Why
from shared.gazetteer import PlaceFound
from shared.municipality import Topic
from shared.text import fold, words
from shared.topic_words import TopicEvidence
from shared.urgency import Alarm, Urgency

TEXT_LETTERS_MAX = 20_000
PROPOSALS_MAX = 3
PROPOSAL_CONFIDENCE_MIN = 0.01
TOPICS_TOLD_MAX = 3
WORDS_TOLD_MAX = 6
TOLD_LETTERS_MAX = 120


@dataclass(frozen=True, slots=True)
class Report:
    """What a citizen told: the words, and where as far as the channel knows. Coordinates are WGS84 degrees.

    `topic` is what they chose from the list of services; None: there was no list.
    """

    text: str
    street: str | None = None
    neighbourhood: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    occurred_at: datetime | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whose the case is. Not `automatic`: a person at the solution centre decides, with the proposals at hand.

    `topic` is None then too, the proposals have theirs; `likeliest` is whose it is to our best knowledge all the same:
    the solution centre where nobody is likelier than all of them. `level` is the code of the urgency, `lane` follows.
    `neighbourhood` is the official id, None when not known; `secondary` are owners it concerns besides.
    """

    owner: str
    owner_kind: OwnerKind
    likeliest: str
    topic: str | None
    level: str
    lane: Lane
    neighbourhood: str | None
    confidence: float
    automatic: bool
    proposals: tuple[Proposal, ...]
    why: Why
    kind: CaseKind | None = None
    alarm: Alarm | None = None
    secondary: tuple[Proposal, ...] = ()
    decided_by: str = "router"


def decide_many(reports: Iterable[Report], knowledge: Knowledge) -> list[Decision]:
    """The decisions of a batch, in its order."""
    return [decide(report, knowledge) for report in reports]


def decide(report: Report, knowledge: Knowledge) -> Decision:
    """Pure and deterministic: the same report and knowledge give the same decision."""
    text_words = words(fold(report.text[:TEXT_LETTERS_MAX]))
    topics = knowledge.topics.find(text_words)
    probabilities = knowledge.model.probabilities(text_words) if knowledge.model and text_words else None
    place = knowledge.gazetteer.locate(
        text_words, report.street, report.neighbourhood, report.latitude, report.longitude
    )
    shares = weigh(strengths_by_owner(topics, knowledge.centre), probabilities, knowledge.weighing)
    scores = _scores(topics, shares, probabilities, knowledge)
    read = _proposals(scores, place, knowledge)
    chosen = knowledge.topics.by_code.get(report.topic or "")
    proposals = _chosen_first(chosen, read, place, knowledge)
    best = proposals[0] if proposals else None
    doubt = _doubt(best, place, knowledge) or _contradiction(best, read, knowledge)
    alarm = knowledge.emergencies.find(text_words)
    level, urgent = _urgency(text_words, best, alarm, knowledge)
    owner = best.owner if best and not doubt else knowledge.centre
    return Decision(
        owner=owner,
        owner_kind=knowledge.kinds[owner],
        likeliest=best.owner if best and best.confidence >= _nobody(shares) else knowledge.centre,
        topic=best.topic if best and not doubt else None,
        level=level,
        lane=level.value,
        neighbourhood=place.neighbourhood,
        confidence=best.confidence if best else 0.0,
        automatic=not doubt,
        proposals=proposals,
        alarm=alarm,
        why=Why(
            version=knowledge.version,
            threshold=knowledge.weighing.automatic_from,
            scores=scores[:PROPOSALS_MAX],
            evidence=(
                *urgent,
                *([Evidence(kind=EvidenceKind.CHOSEN, code=chosen.code)] if chosen else []),
                *map(_topic_evidence, topics[:TOPICS_TOLD_MAX]),
                *_model_evidence(probabilities),
                *(Evidence(kind=EvidenceKind.PLACE, code=_cut(found)) for found in place.evidence),
                *(Evidence(kind=EvidenceKind.TROUBLE, code=what) for what in knowledge.trouble),
                *([doubt] if doubt else []),
            ),
        ),
    )


def strengths_by_owner(topics: Iterable[TopicEvidence], centre: str) -> dict[str, float]:
    """How strongly the topics speak for each owner: by its strongest, a second topic of the same owner helps not.

    Topics of the solution centre are matters of nobody: they speak for `OTHER`.
    """
    strengths: dict[str, float] = {}
    for evidence in topics:
        owner = OTHER if evidence.topic.owner == centre else evidence.topic.owner
        strengths[owner] = max(strengths.get(owner, 0.0), evidence.strength)
    return strengths


def _nobody(shares: Sequence[tuple[str, float]]) -> float:
    """How likely it is none of the owners'."""
    return 1 - sum(share for _, share in shares)


def _scores(
    topics: Sequence[TopicEvidence],
    shares: Sequence[tuple[str, float]],
    probabilities: Mapping[str, float] | None,
    knowledge: Knowledge,
) -> tuple[OwnerScore, ...]:
    """The owners that come into question, the likeliest first, each with its strongest topic."""
    topic_of: dict[str, str] = {}
    for evidence in topics:
        topic_of.setdefault(evidence.topic.owner, evidence.topic.code)
    strengths = strengths_by_owner(topics, knowledge.centre)
    known = [share for share in shares if share[0] in knowledge.kinds]
    return tuple(
        OwnerScore(
            owner=owner,
            topic=topic_of.get(owner),
            by_words=strengths.get(owner, 0.0),
            by_model=round(probabilities[owner], 4) if probabilities and owner in probabilities else None,
            confidence=round(confidence, 4),
        )
        for owner, confidence in known[:PROPOSALS_MAX]
        if confidence >= PROPOSAL_CONFIDENCE_MIN
    )


def _proposals(scores: Sequence[OwnerScore], place: PlaceFound, knowledge: Knowledge) -> tuple[Proposal, ...]:
    """The best owners with their best topic; a neighbour's municipality in the place of our own departments."""
    return tuple(
        Proposal(owner=_answering(score.owner, place, knowledge), topic=score.topic, confidence=score.confidence)
        for score in scores
    )


def _chosen_first(
    chosen: Topic | None, read: Sequence[Proposal], place: PlaceFound, knowledge: Knowledge
) -> tuple[Proposal, ...]:
    """What the citizen chose, before what the words say, and just sure enough to need no person."""
    if chosen is None:
        return tuple(read)
    owner = _answering(chosen.owner, place, knowledge)
    same = [proposal.confidence for proposal in read if proposal.owner == owner]
    first = Proposal(owner=owner, topic=chosen.code, confidence=max([knowledge.weighing.automatic_from, *same]))
    return (first, *(proposal for proposal in read if proposal.owner != owner))[:PROPOSALS_MAX]


def _answering(owner: str, place: PlaceFound, knowledge: Knowledge) -> str:
    if knowledge.kinds[owner] is OwnerKind.DEPARTMENT and place.outside_district:
        return knowledge.municipality_of_district.get(place.outside_district, owner)
    return owner


def _doubt(best: Proposal | None, place: PlaceFound, knowledge: Knowledge) -> Evidence | None:
    """Why a person has to decide; None when nobody has to."""
    if knowledge.trouble:
        return _because("trouble", detail=", ".join(knowledge.trouble))
    if best is None:
        return _because("nothing_known")
    if place.is_outside:
        return _because("outside", detail=place.outside_district or "")
    if best.confidence < knowledge.weighing.automatic_from:
        return _because("unsure", share=best.confidence)
    return None


def _contradiction(best: Proposal | None, read: Sequence[Proposal], knowledge: Knowledge) -> Evidence | None:
    """Why the citizen's choice is not taken as it is: their words speak clearly for another owner."""
    if best is None or not read or read[0].owner == best.owner:
        return None
    if read[0].confidence < knowledge.weighing.automatic_from:
        return None
    return _because("words_contradict", detail=read[0].owner, share=read[0].confidence)


def _because(code: str, detail: str = "", share: float | None = None) -> Evidence:
    return Evidence(kind=EvidenceKind.DOUBT, code=code, detail=detail, share=share)


def _urgency(
    text_words: Sequence[str], best: Proposal | None, alarm: Alarm | None, knowledge: Knowledge
) -> tuple[Urgency, list[Evidence]]:
    """An emergency makes a case urgent and tells whom to call; it never changes the owner."""
    found = []
    if alarm:
        emergency = alarm.emergency
        found.append(
            Evidence(
                kind=EvidenceKind.EMERGENCY, code=emergency.code, words=(_cut(alarm.phrase),), detail=emergency.number
            )
        )
    urgent = Urgency.URGENT
    for hit in knowledge.urgent_words.find(text_words)[:1]:
        found.append(Evidence(kind=EvidenceKind.URGENCY, code=urgent, words=(_cut(hit.phrase),)))
    if best and best.topic in knowledge.urgent_topics:
        found.append(Evidence(kind=EvidenceKind.URGENCY, code=urgent, detail=best.topic))
    return (urgent if found else Urgency.ROUTINE), found


def _topic_evidence(found: TopicEvidence) -> Evidence:
    told = tuple(_cut(phrase) for phrase in found.phrases[:WORDS_TOLD_MAX])
    return Evidence(kind=EvidenceKind.TOPIC, code=found.topic.code, words=told)


def _model_evidence(probabilities: Mapping[str, float] | None) -> Iterator[Evidence]:
    if probabilities:
        label = max(probabilities, key=lambda label: (probabilities[label], label))
        yield Evidence(kind=EvidenceKind.MODEL, code=label, share=round(probabilities[label], 4))


def _cut(told: str) -> str:
    return told[:TOLD_LETTERS_MAX]
