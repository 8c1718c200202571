"""How a citizen's words show what they want: a request, a suggestion, a complaint, a tip, information, or to thank."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.contracts import CaseKind
from shared.municipality.base import Record, Text
from shared.municipality.topics import Phrase
from shared.text import fold

Weight = Annotated[float, Field(gt=0, le=10)]


def _folded(ending: str) -> str:
    if ending != fold(ending) or not ending.isalnum():
        raise ValueError(f'"{ending}" is no folded end of a word, write "{fold(ending)}"')
    return ending


Ending = Annotated[str, StringConstraints(min_length=3, max_length=20), AfterValidator(_folded)]


class Sign(Record):
    """What speaks for a kind, each of it as much as `weight` says.

    `phrases` are read as those of a topic, `endings` end a word ("miyor": alınmıyor, gelmiyor). `unless`: phrases
    that take the sign away ("şikâyet değil"). `alone`: a courtesy, which counts only where the message opens with it
    or nothing else speaks.
    """

    weight: Weight
    phrases: tuple[Phrase, ...] = ()
    endings: tuple[Ending, ...] = ()
    unless: tuple[Phrase, ...] = ()
    alone: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.phrases and not self.endings:
            raise ValueError("a sign needs phrases or endings")
        return self


class KindSigns(Record):
    """A kind with its names and signs. `prior` is what speaks for it before a word is read."""

    code: CaseKind
    name: Text
    name_en: Text
    prior: Annotated[float, Field(ge=0, le=10)] = 0
    question_mark: Annotated[float, Field(ge=0, le=10)] = 0
    sign: tuple[Sign, ...] = Field(min_length=1)

    def name_in(self, language: str) -> str:
        """The name a reader of `language` sees."""
        return self.name_en if language == "en" else self.name


class Kinds(Record):
    """All kinds, each once. Words of `hides_identity` make any message a tip whose sender a department never learns."""

    hides_identity: tuple[Phrase, ...] = Field(min_length=1)
    kind: tuple[KindSigns, ...]

    @model_validator(mode="after")
    def _each_kind_once(self) -> Self:
        if sorted(signs.code for signs in self.kind) != sorted(CaseKind):
            raise ValueError(f"each of these kinds has to stand there once: {', '.join(CaseKind)}")
        return self
