"""Why a case went where it went: what spoke for it, how much, and what else was possible."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import Moment, Part
from shared.contracts.channel import Code

EVIDENCE_MAX = 40
SCORES_MAX = 10
SIMILAR_MAX = 10
Told = Annotated[str, StringConstraints(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]


class CaseKind(StrEnum):
    """What a citizen wants of us (başvuru türü), in the terms of CİMER."""

    REQUEST = "request"  # istek
    SUGGESTION = "suggestion"  # öneri
    COMPLAINT = "complaint"  # şikâyet
    TIP = "tip"  # ihbar: who told it stays hidden from the department
    INFORMATION = "information"  # bilgi edinme
    THANKS = "thanks"  # teşekkür


class EvidenceKind(StrEnum):
    """Which sort of thing spoke for a decision."""

    EMERGENCY = "emergency"  # `code` names it; `detail` is the number to call
    URGENCY = "urgency"  # `code` is the level
    RULE = "rule"  # `code` is the rule's id
    PERSON = "person"  # somebody at the desk decided; `detail` is who
    CHOSEN = "chosen"  # `code` is the topic the citizen chose from the list
    TOPIC = "topic"  # `code` is the topic its `words` point to
    MODEL = "model"  # `code` is the owner the text model thinks of, `share` how likely
    PLACE = "place"  # `code` is what was found, see `shared/gazetteer.py`
    KIND = "kind"  # `code` is the kind of the message
    LANGUAGE = "language"  # `code` is a language that is not ours
    SPELLING = "spelling"  # `code` as it was typed, `detail` as it was read
    INCIDENT = "incident"  # `code` is the number of the case it is the same problem as
    DOUBT = "doubt"  # why a person has to decide
    TROUBLE = "trouble"  # what was missing while deciding: the model, the gazetteer
    OTHER = "other"  # a sort that a newer router knows and this reader does not

    @classmethod
    def _missing_(cls, value: object) -> "EvidenceKind":
        return cls.OTHER


class Evidence(Part):
    """One thing that spoke for a decision. `words` are the phrases that matched, in their folded form."""

    kind: EvidenceKind
    code: Told
    words: tuple[Told, ...] = Field((), max_length=20)
    detail: Told = ""
    share: Share | None = None


class OwnerScore(Part):
    """How much spoke for one owner: the words of its topics, the model, and both together."""

    owner: Code
    topic: Code | None = None
    by_words: float = Field(0, ge=0, description="strength of its strongest topic, see `shared/topic_words.py`")
    by_model: Share | None = Field(None, description="the text model's own likelihood; None: the model cannot say")
    confidence: Share


class Why(Part):
    """A decision's grounds. `version` names the rules, topics and model; from `threshold` on no person decides."""

    version: Told = ""
    threshold: Share = 1
    scores: tuple[OwnerScore, ...] = Field((), max_length=SCORES_MAX)
    evidence: tuple[Evidence, ...] = Field((), max_length=EVIDENCE_MAX)


class Proposal(Part):
    """One possible owner with how sure the router is."""

    owner: Code
    topic: Code | None = None
    confidence: Share


class IncidentOf(Part):
    """The incident (olay) a case leads: several reports of one problem, one task."""

    incident_id: UUID
    reports: int = Field(ge=1, description="how many cases tell of it, this one included")
    people: int | None = Field(None, ge=1, description="how many people told of it, as far as they can be told apart")


class SimilarCase(Part):
    """A case that may be about the same problem; a person decides."""

    case_id: UUID
    number: str
    owner: Code
    opened_at: Moment
    is_open: bool = True
    metres: float | None = Field(None, ge=0, description="how far away; None: one of the two has no point")
    confidence: Share
