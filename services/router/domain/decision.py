"""Decides who owns a case, how soon it must be seen and where it lies, and keeps what spoke for it.

Rules, places and the text model decide together; whoever wants to know why reads the `Why`. When they are not sure
enough, a person at the solution centre decides, with the best proposals at hand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.candidates import PROPOSALS_MAX, Candidates, find_candidates, with_concerned
from services.router.domain.kinds import KindFound
from services.router.domain.knowledge import Knowledge
from services.router.domain.reading import Reading, read
from services.router.domain.rules import Applied, Situation
from services.router.domain.subjects import further_owners, subjects
from services.router.domain.urgency import UrgencyFound
from shared.addresses import find as find_addresses
from shared.contracts import CaseKind, Channel, Evidence, EvidenceKind, Lane, OwnerKind, Proposal, Why
from shared.gazetteer import Clue, PlaceFound
from shared.places.found import NOWHERE
from shared.topic_words import TopicEvidence
from shared.urgency import Alarm

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
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whose the case is. Not `automatic`: a person at the solution centre decides, with the proposals at hand.

    `topic` is None then too, the proposals have theirs; `likeliest` is whose it is to our best knowledge all the same:
    the solution centre where nobody is likelier than all of them. `level` is the code of the urgency, `lane` follows.
    `neighbourhood` is the official id, None when not known; `secondary` are owners it concerns besides;
    `asks_split`: a person is to say whether each of them gets a case of its own.
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
    place: PlaceFound = NOWHERE
    kind: CaseKind | None = None
    alarm: Alarm | None = None
    secondary: tuple[Proposal, ...] = ()
    asks_split: bool = False
    decided_by: str = "router"


def decide_many(reports: Iterable[Report], knowledge: Knowledge) -> list[Decision]:
    """The decisions of a batch, in its order."""
    return [decide(report, knowledge) for report in reports]


def decide(report: Report, knowledge: Knowledge) -> Decision:
    """Pure and deterministic: the same report and knowledge give the same decision."""
    reading = read(report.text, knowledge.speller)
    topics = knowledge.topics.find(reading.meant)
    probabilities = knowledge.model.probabilities(reading.typed) if knowledge.model and reading.typed else None
    place = _place(report, reading, knowledge)
    kind = knowledge.case_kinds.find(reading.meant, reading.text) if reading.typed else None
    chosen = knowledge.topics.by_code.get(report.topic or "")
    candidates = find_candidates(topics, probabilities, chosen, len(reading.typed), knowledge)
    urgency = knowledge.urgency.judge(reading.meant, candidates.best.topic if candidates.best else None, reading.typed)
    applied = knowledge.rules.apply(_situation(report, reading, topics, place, candidates, kind, urgency))
    proposals = with_concerned(_ruled(candidates, applied, knowledge), knowledge)
    best = proposals[0] if proposals else None
    doubt = _doubt(best, place, candidates, applied, reading, knowledge)
    owner = best.owner if best and not doubt else knowledge.centre
    level = knowledge.urgency.raised(urgency.level, applied.level)
    parts = subjects(reading.text, knowledge.topics, topics)
    further = further_owners(parts, best.owner, {knowledge.centre}) if best else ()
    return Decision(
        owner=owner,
        owner_kind=knowledge.kinds[owner],
        likeliest=_likeliest(best, candidates, applied, knowledge),
        topic=best.topic if best and not doubt else None,
        level=level,
        lane=knowledge.urgency.lane(level),
        neighbourhood=place.neighbourhood,
        confidence=best.confidence if best else 0.0,
        automatic=not doubt,
        proposals=proposals,
        place=place,
        kind=kind.kind if kind else None,
        alarm=urgency.alarm,
        secondary=_secondary(best, applied, further),
        asks_split=applied.split or bool(further),
        why=Why(
            version=knowledge.version,
            threshold=knowledge.weighing.automatic_from,
            scores=candidates.scores,
            evidence=(
                *urgency.evidence,
                *applied.evidence,
                *([Evidence(kind=EvidenceKind.CHOSEN, code=chosen.code)] if chosen else []),
                *map(_topic_evidence, topics[:TOPICS_TOLD_MAX]),
                *_model_evidence(probabilities),
                *map(_place_evidence, place.evidence),
                *([_kind_evidence(kind)] if kind else []),
                *reading.evidence,
                *(Evidence(kind=EvidenceKind.TROUBLE, code=what) for what in knowledge.trouble),
                *([doubt] if doubt else []),
            ),
        ),
    )


def _place(report: Report, reading: Reading, knowledge: Knowledge) -> PlaceFound:
    return knowledge.gazetteer.locate(
        reading.typed,
        report.street,
        report.neighbourhood,
        report.latitude,
        report.longitude,
        text=reading.text,
        addresses=find_addresses(reading.text),
    )


def _situation(
    report: Report,
    reading: Reading,
    topics: Sequence[TopicEvidence],
    place: PlaceFound,
    candidates: Candidates,
    kind: KindFound | None,
    urgency: UrgencyFound,
) -> Situation:
    """What the rules may ask, with the topic of the likeliest owner in front."""
    best = candidates.best
    first = [best.topic] if best and best.topic else []
    return Situation(
        words=reading.meant,
        kind=kind.kind if kind else None,
        topics=tuple(dict.fromkeys([*first, *(found.topic.code for found in topics)])),
        owner=best.owner if best else None,
        confidence=best.confidence if best else 0.0,
        level=urgency.level,
        is_emergency=urgency.alarm is not None,
        at=report.occurred_at,
        channel=report.channel,
        neighbourhood=place.neighbourhood,
        is_outside=place.is_outside,
        district=place.outside_district,
        streets=place.street_keys,
        landmarks=(place.landmark,) if place.landmark else (),
    )


def _ruled(candidates: Candidates, applied: Applied, knowledge: Knowledge) -> tuple[Proposal, ...]:
    """The candidates as the rules leave them: an owner that a rule names comes first.

    It is as sure as what the rule rests on and what spoke for it anyway, together: either way it is theirs.
    """
    if applied.owner is None and applied.topic is None:
        return candidates.proposals
    best = candidates.best
    owner = applied.owner or (best.owner if best else knowledge.centre)
    leading = [row.confidence for row in candidates.proposals if row is best or row.owner == owner]
    confidence = round(min(sum(leading), 1.0), 4)
    same = best is not None and owner == best.owner
    first = Proposal(
        owner=owner,
        topic=applied.topic or (best.topic if best else None),
        confidence=max(confidence, knowledge.weighing.automatic_from) if applied.is_certain else confidence,
    )
    others = candidates.proposals[1:] if same else candidates.proposals
    return (first, *(other for other in others if other.owner != owner))[:PROPOSALS_MAX]


def _likeliest(best: Proposal | None, candidates: Candidates, applied: Applied, knowledge: Knowledge) -> str:
    if best is None:
        return knowledge.centre
    return best.owner if applied.is_certain or best.confidence >= candidates.nobody else knowledge.centre


def _secondary(best: Proposal | None, applied: Applied, further: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Whom the message tells of besides, then whom the rules name."""
    confidence = best.confidence if best else 0.0
    told = {row.owner for row in further}
    return (*further, *(Proposal(owner=owner, confidence=confidence) for owner in applied.also if owner not in told))


def _doubt(
    best: Proposal | None,
    place: PlaceFound,
    candidates: Candidates,
    applied: Applied,
    reading: Reading,
    knowledge: Knowledge,
) -> Evidence | None:
    """Why a person has to decide; None when nobody has to."""
    if knowledge.trouble:
        return _because("trouble", detail=", ".join(knowledge.trouble))
    if best is None:
        return _because("nothing_known")
    if applied.person:
        return _because("rule", detail=applied.person)
    if place.is_outside and place.outside_district is None:
        return _because("outside")
    if reading.language.is_foreign and not (candidates.chosen or applied.is_certain):
        return _because("language", share=best.confidence)
    if best.confidence < knowledge.weighing.automatic_from:
        return _because("unsure", detail=best.owner, share=best.confidence)
    if (other := candidates.contradicted_by) and not applied.is_certain:
        return _because("words_contradict", detail=other.owner, share=other.confidence)
    return None


def _because(code: str, detail: str = "", share: float | None = None) -> Evidence:
    return Evidence(kind=EvidenceKind.DOUBT, code=code, detail=detail, share=share)


def _topic_evidence(found: TopicEvidence) -> Evidence:
    told = tuple(_cut(phrase) for phrase in found.phrases[:WORDS_TOLD_MAX])
    return Evidence(kind=EvidenceKind.TOPIC, code=found.topic.code, words=told)


def _place_evidence(found: Clue) -> Evidence:
    told = tuple(map(_cut, found.words))
    return Evidence(kind=EvidenceKind.PLACE, code=found.code, words=told, detail=_cut(found.detail), share=found.share)


def _kind_evidence(found: KindFound) -> Evidence:
    told = tuple(map(_cut, found.words))
    return Evidence(kind=EvidenceKind.KIND, code=found.kind, words=told, share=round(min(found.share, 1.0), 4))


def _model_evidence(probabilities: Mapping[str, float] | None) -> Iterator[Evidence]:
    if probabilities:
        label = max(probabilities, key=lambda label: (probabilities[label], label))
        yield Evidence(kind=EvidenceKind.MODEL, code=label, share=round(probabilities[label], 4))


def _cut(told: str) -> str:
    return told[:TOLD_LETTERS_MAX]
