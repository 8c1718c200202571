"""What a case is about: topics with their phrases, and how soon and how urgent they are."""

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PositiveInt, StringConstraints, model_validator

from shared.contracts.base import Lane
from shared.contracts.channel import Code
from shared.municipality.base import Named, Record, Text
from shared.text import fold


class TargetUnit(StrEnum):
    """How a service target is counted; working hours and days leave out nights, weekends and holidays.

    Published standards call them DAKIKA, SAAT, GUN, ISGUNU, AY; working hours are ours.
    """

    MINUTES = "minutes"
    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


class Target(Record):
    """How soon a case of a topic should be closed, counted from its opening."""

    amount: PositiveInt
    unit: TargetUnit


def _well_formed(phrase: str) -> str:
    if phrase != fold(phrase):
        raise ValueError(f'"{phrase}" is not folded, write "{fold(phrase)}"')
    if not _PHRASE.fullmatch(phrase):
        raise ValueError(f'"{phrase}" is not words with single spaces, each maybe ending in "="')
    return phrase


_PHRASE = re.compile(r"[^\W_]+=?(?: [^\W_]+=?)*")


Phrase = Annotated[str, StringConstraints(min_length=2, max_length=80), AfterValidator(_well_formed)]


class AnswerKind(StrEnum):
    """What a question is answered with, in the words of Open311 (GeoReport v2, service definition)."""

    STRING = "string"
    NUMBER = "number"
    DATETIME = "datetime"
    TEXT = "text"
    ONE_OF = "singlevaluelist"
    SOME_OF = "multivaluelist"

    @property
    def is_list(self) -> bool:
        """Whether the answer is chosen from a list."""
        return self in (AnswerKind.ONE_OF, AnswerKind.SOME_OF)


class Question(Named):
    """What a department would like to know beside the citizen's words; `name` is the question itself."""

    answer: AnswerKind
    required: bool = False
    choices: tuple[Named, ...] = ()

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if self.answer.is_list != bool(self.choices):
            raise ValueError("a list needs choices, and nothing else has any")
        if len({choice.code for choice in self.choices}) < len(self.choices):
            raise ValueError("two choices have the same code")
        return self


class Concerned(Record):
    """Another owner a topic concerns; `when` tells the clerk what makes a case theirs instead."""

    owner: Code
    when: Text


class Topic(Named):
    """A subject of cases with its owner; `phrases` point to it, in the form that `shared.phrases` reads.

    `hints` are phrases that often only tell of the place or of whom else was told ("muhtara da söyledik"): weak.
    `unless` are phrases that take the topic away ("telefon direği" is no matter of the electric company).
    `group` is the code of its `TopicGroup`; `also` the owners it concerns beside its own, the likeliest first;
    `urgency` the code of its level; `basis` the law that makes it the owner's duty. `public` is False where a case says
    something about a person or a household: open data leaves it out. `listed` is False where citizens are not offered
    it as a service.
    """

    group: Code
    owner: Code
    also: tuple[Concerned, ...] = ()
    basis: Text
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    hints: tuple[Phrase, ...] = ()
    unless: tuple[Phrase, ...] = ()
    target: Target
    urgency: Code
    public: bool = True
    listed: bool = True
    question: tuple[Question, ...] = ()

    @model_validator(mode="after")
    def _each_question_once(self) -> Self:
        if len({question.code for question in self.question}) < len(self.question):
            raise ValueError("two questions have the same code")
        return self


class TopicGroup(Named):
    """A branch of the tree of topics: what a file of `topics/` holds. `topic` are its leaves, in their order."""

    topic: tuple[Topic, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _each_topic_knows_its_group(cls, content: Any) -> Any:
        match content:
            case {"code": str(code), "topic": list(topics)} if all(isinstance(topic, dict) for topic in topics):
                return content | {"topic": [{"group": code} | topic for topic in topics]}
        return content


class Level(Named):
    """A degree of urgency (aciliyet); a text with one of its folded phrases is at least this urgent.

    A case is due by `target` at the latest; None: its topic alone says.
    """

    lane: Lane
    target: Target | None = None
    phrases: tuple[Phrase, ...] = ()
