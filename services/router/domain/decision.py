"""Decides who owns a case, how soon it must be seen and where it lies, and says why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.router.domain.evidence import WITHOUT_MODEL, Weighing, weigh
from services.router.domain.model import ModelError, TextModel, load_model
from shared.contracts import OwnerKind, Proposal
from shared.gazetteer import Gazetteer, PlaceFound
from shared.municipality import Municipality, Topic
from shared.phrases import PhraseBook
from shared.text import fold, words
from shared.topic_words import TopicEvidence, TopicWords
from shared.urgency import Alarm, EmergencyWords, Urgency

TEXT_LETTERS_MAX = 20_000
PROPOSALS_MAX = 3
PROPOSAL_CONFIDENCE_MIN = 0.01
TOPICS_TOLD_MAX = 3
REASON_LETTERS_MAX = 120


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

    `topic` is None then too, the proposals have theirs. `neighbourhood` is the official id, None when not known;
    `reasons` are short, for programs and for people.
    """

    owner: str
    owner_kind: OwnerKind
    topic: str | None
    urgency: Urgency
    neighbourhood: str | None
    confidence: float
    automatic: bool
    proposals: tuple[Proposal, ...]
    reasons: tuple[str, ...]
    decided_by: str = "router"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that deciding needs, read once at start-up. `trouble` is why there is no model; "" when there is one."""

    centre: str
    kinds: Mapping[str, OwnerKind]
    municipality_of_district: Mapping[str, str]
    gazetteer: Gazetteer
    topics: TopicWords
    urgent_topics: frozenset[str]
    emergencies: EmergencyWords
    urgent_words: PhraseBook[None]
    model: TextModel | None
    trouble: str = ""

    @property
    def weighing(self) -> Weighing:
        """How topics and model are weighed, as measured for the model that is there."""
        return self.model.card.weighing if self.model else WITHOUT_MODEL


def load_knowledge(municipality: Municipality, model_folder: Path) -> Knowledge:
    """The knowledge of a municipality with the text model in `model_folder`.

    Never raises for the model: without one only the topics decide, everything else goes to the solution centre,
    and every decision says so.
    """
    model, trouble = _model(model_folder)
    urgent = [level for level in municipality.levels if level.code == Urgency.URGENT]
    return Knowledge(
        centre=municipality.solution_centre.code,
        kinds={department.code: department.kind for department in municipality.departments}
        | {institution.code: institution.kind for institution in municipality.institutions},
        municipality_of_district={body.district: body.code for body in municipality.institutions if body.district},
        gazetteer=Gazetteer.of(municipality),
        topics=TopicWords(municipality.topics),
        urgent_topics=frozenset(topic.code for topic in municipality.topics if topic.urgency == Urgency.URGENT),
        emergencies=EmergencyWords(municipality.emergencies),
        urgent_words=PhraseBook((phrase, None) for level in urgent for phrase in level.phrases),
        model=model,
        trouble=trouble,
    )


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
    read = _proposals(topics, probabilities, place, knowledge)
    chosen = knowledge.topics.by_code.get(report.topic or "")
    proposals = _chosen_first(chosen, read, place, knowledge)
    best = proposals[0] if proposals else None
    doubt = _doubt(best, place, knowledge) or _contradiction(best, read, knowledge)
    alarm = knowledge.emergencies.find(text_words)
    urgency, urgent_reasons = _urgency(text_words, topics, best, alarm, knowledge)
    owner = best.owner if best and not doubt else knowledge.centre
    reasons = (
        *urgent_reasons,
        *([f"chosen:{chosen.code} by the citizen"] if chosen else []),
        *_topic_reasons(topics),
        *_model_reasons(probabilities, knowledge),
        *place.evidence,
        *([doubt] if doubt else []),
    )
    return Decision(
        owner=owner,
        owner_kind=knowledge.kinds[owner],
        topic=best.topic if best and not doubt else None,
        urgency=urgency,
        neighbourhood=place.neighbourhood,
        confidence=best.confidence if best else 0.0,
        automatic=not doubt,
        proposals=proposals,
        reasons=tuple(reason[:REASON_LETTERS_MAX] for reason in reasons),
    )


def strengths_by_owner(topics: Iterable[TopicEvidence]) -> dict[str, float]:
    """How strongly the topics speak for each owner: by its strongest, a second topic of the same owner helps not."""
    strengths: dict[str, float] = {}
    for evidence in topics:
        strengths[evidence.topic.owner] = max(strengths.get(evidence.topic.owner, 0.0), evidence.strength)
    return strengths


def _model(folder: Path) -> tuple[TextModel | None, str]:
    try:
        return load_model(folder), ""
    except ModelError as error:
        return None, str(error)


def _proposals(
    topics: Sequence[TopicEvidence],
    probabilities: Mapping[str, float] | None,
    place: PlaceFound,
    knowledge: Knowledge,
) -> tuple[Proposal, ...]:
    """The best owners with their best topic; a neighbour's municipality in the place of our own departments."""
    topic_of: dict[str, str] = {}
    for evidence in topics:
        topic_of.setdefault(evidence.topic.owner, evidence.topic.code)
    shares = weigh(strengths_by_owner(topics), probabilities, knowledge.weighing)
    return tuple(
        Proposal(owner=_answering(owner, place, knowledge), topic=topic_of.get(owner), confidence=round(confidence, 4))
        for owner, confidence in [share for share in shares if share[0] in knowledge.kinds][:PROPOSALS_MAX]
        if confidence >= PROPOSAL_CONFIDENCE_MIN
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


def _contradiction(best: Proposal | None, read: Sequence[Proposal], knowledge: Knowledge) -> str:
    """Why the citizen's choice is not taken as it is: their words speak clearly for another owner."""
    if best is None or not read or read[0].owner == best.owner:
        return ""
    return f"centre:words say {read[0].owner}" if read[0].confidence >= knowledge.weighing.automatic_from else ""


def _answering(owner: str, place: PlaceFound, knowledge: Knowledge) -> str:
    if knowledge.kinds[owner] is OwnerKind.DEPARTMENT and place.outside_district:
        return knowledge.municipality_of_district.get(place.outside_district, owner)
    return owner


def _doubt(best: Proposal | None, place: PlaceFound, knowledge: Knowledge) -> str:
    """Why a person has to decide; "" when nobody has to."""
    if best is None:
        return "centre:nothing known about the subject"
    if place.is_outside:
        return "centre:outside the district"
    if best.confidence < (least := knowledge.weighing.automatic_from):
        return f"centre:confidence {best.confidence:.2f} below {least:.2f}"
    return ""


def _urgency(
    text_words: Sequence[str],
    topics: Sequence[TopicEvidence],
    best: Proposal | None,
    alarm: Alarm | None,
    knowledge: Knowledge,
) -> tuple[Urgency, list[str]]:
    """An emergency makes a case urgent and tells whom to call; it never changes the owner."""
    reasons = []
    if alarm:
        reasons.append(f"emergency:{alarm.emergency.code} matched '{alarm.phrase}', call {alarm.emergency.number}")
    reasons += [f"urgent:matched '{hit.phrase}'" for hit in knowledge.urgent_words.find(text_words)[:1]]
    if best and best.topic in knowledge.urgent_topics:
        reasons.append(f"urgent:topic {best.topic}")
    return (Urgency.URGENT if reasons else Urgency.ROUTINE), reasons


def _topic_reasons(topics: Sequence[TopicEvidence]) -> Iterator[str]:
    for evidence in topics[:TOPICS_TOLD_MAX]:
        matched = ", ".join(f"'{phrase}'" for phrase in evidence.phrases)
        yield f"topic:{evidence.topic.code} matched {matched}"


def _model_reasons(probabilities: Mapping[str, float] | None, knowledge: Knowledge) -> Iterator[str]:
    if knowledge.model is None:
        yield f"model:missing, only topics decide; {knowledge.trouble}"
    elif probabilities:
        label = max(probabilities, key=lambda label: (probabilities[label], label))
        yield f"model:{label} {probabilities[label]:.2f}"
