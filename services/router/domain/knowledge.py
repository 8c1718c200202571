"""All that deciding needs, read once: the municipality's data, compiled, and the text model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.router.domain.evidence import WITHOUT_MODEL, Weighing
from services.router.domain.incidents import Matcher
from services.router.domain.kinds import KindWords
from services.router.domain.matching import MatcherError, load_matcher
from services.router.domain.model import ModelError, TextModel, load_model
from services.router.domain.rules import Rules
from services.router.domain.urgency import UrgencyWords
from shared.contracts import OwnerKind
from shared.gazetteer import Gazetteer, GazetteerError
from shared.municipality import Municipality
from shared.spelling import Speller
from shared.topic_words import TopicWords


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a decision rests on besides the report. `trouble`: what is missing, by its name; then a person decides.

    Without a `matcher` every case stands alone; `lesser_trouble` says why.
    """

    centre: str
    kinds: Mapping[str, OwnerKind]
    rules: Rules
    gazetteer: Gazetteer
    topics: TopicWords
    case_kinds: KindWords
    speller: Speller
    urgency: UrgencyWords
    model: TextModel | None
    matcher: Matcher | None = None
    version: str = ""
    trouble: Mapping[str, str] = field(default_factory=dict)
    lesser_trouble: Mapping[str, str] = field(default_factory=dict)

    @property
    def weighing(self) -> Weighing:
        """How topics and model are weighed, as measured for the model that is there."""
        return self.model.card.weighing if self.model else WITHOUT_MODEL


def load_knowledge(municipality: Municipality, model_folder: Path) -> Knowledge:
    """The knowledge of a municipality with the text model in `model_folder`.

    Never raises for the model or for the places: without one of them everything goes to the solution centre, and every
    decision says so.
    """
    model, without_model = _model(model_folder)
    gazetteer, without_places = _gazetteer(municipality)
    matcher, lesser_trouble = _matcher(model_folder)
    return Knowledge(
        centre=municipality.solution_centre.code,
        kinds={department.code: department.kind for department in municipality.departments}
        | {institution.code: institution.kind for institution in municipality.institutions},
        rules=Rules.of(municipality),
        gazetteer=gazetteer,
        topics=TopicWords(municipality.topics),
        case_kinds=KindWords(municipality.kinds),
        speller=Speller.of(municipality),
        urgency=UrgencyWords.of(municipality),
        model=model,
        matcher=matcher,
        trouble=without_model | without_places,
        lesser_trouble=lesser_trouble,
    )


def _model(folder: Path) -> tuple[TextModel | None, dict[str, str]]:
    try:
        return load_model(folder), {}
    except ModelError as error:
        return None, {"model": str(error)}


def _gazetteer(municipality: Municipality) -> tuple[Gazetteer, dict[str, str]]:
    try:
        return Gazetteer.of(municipality), {}
    except GazetteerError as error:
        return Gazetteer.empty(), {"gazetteer": str(error)}


def _matcher(folder: Path) -> tuple[Matcher | None, dict[str, str]]:
    try:
        return load_matcher(folder), {}
    except MatcherError as error:
        return None, {"incidents": str(error)}
