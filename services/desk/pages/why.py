"""Why a case went where it went, as a page shows it: sentences, owners weighed, and the words that matched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from shared.contracts import EvidenceKind, OwnerScore, Proposal, Why
from shared.explaining import Sentence, explained
from shared.municipality import Municipality
from shared.quoting import Quoted

SCORES_MAX: Final = 3
# Why a person has to decide is said apart from what spoke for this or that.
_DOUBTS: Final = (EvidenceKind.DOUBT, EvidenceKind.TROUBLE)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the sentences that speak for it; `score` None: the router told none."""

    proposal: Proposal
    reasons: Sequence[str]
    score: OwnerScore | None = None


@dataclass(frozen=True, slots=True)
class Grounds:
    """A decision's grounds in the reader's language. `doubts`: why a person decides; `version` "": not told."""

    sentences: tuple[str, ...]
    doubts: tuple[str, ...]
    scores: tuple[OwnerScore, ...]
    threshold: float
    version: str
    marked: Markup

    @property
    def has_words(self) -> bool:
        """Whether some owner has anything from the words or from the model."""
        return any(score.by_words or score.by_model is not None for score in self.scores)


def grounds(
    why: Why | None, text: str, place: Municipality, language: str, reasons: Sequence[str] = (), without: int = 0
) -> Grounds:
    """`reasons`: what stands for the sentences where the router told no grounds. `without`: proposals shown beside,
    whose own sentences are left out here.
    """
    if why is None:
        return Grounds(tuple(reasons), (), (), 1.0, "", escape(text))
    told = explained(why, place, language, text)
    beside = why.scores[:without]
    return Grounds(
        sentences=tuple(
            row.words
            for row in told
            if row.evidence.kind not in _DOUBTS and not any(_speaks_for(row, score) for score in beside)
        ),
        doubts=tuple(row.words for row in told if row.evidence.kind in _DOUBTS),
        scores=why.scores[:SCORES_MAX],
        threshold=why.threshold,
        version=why.version,
        marked=marked(text, [phrase for found in why.evidence for phrase in found.words]),
    )


def proposed(
    why: Why | None, proposals: Sequence[Proposal], text: str, place: Municipality, language: str
) -> list[Proposed]:
    """Each proposal with what speaks for it."""
    told = explained(why, place, language, text) if why else []
    scores = {score.owner: score for score in why.scores} if why else {}
    return [
        Proposed(
            row,
            [sentence.words for sentence in told if sentence.speaks_for(row.owner, row.topic)],
            scores.get(row.owner),
        )
        for row in proposals
    ]


def marked(text: str, phrases: Sequence[str]) -> Markup:
    """The text, safe to show, with the words that matched marked."""
    shown, read_to = Markup(), 0
    for start, end in Quoted(text).marks(phrases):
        shown += escape(text[read_to:start]) + Markup("<mark>{}</mark>").format(text[start:end])
        read_to = end
    return shown + escape(text[read_to:])


def _speaks_for(row: Sentence, score: OwnerScore) -> bool:
    return row.speaks_for(score.owner, score.topic)
