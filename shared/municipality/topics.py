"""What a case is about: topics with their phrases, and how soon and how urgent they are."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, PositiveInt, StringConstraints

from shared.contracts.channel import Code
from shared.municipality.base import Named, Record
from shared.text import fold
from shared.urgency import Urgency


class TargetUnit(StrEnum):
    """How a service target is counted; working days leave out weekends and holidays."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


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


class Topic(Named):
    """A subject of cases with its owner; `phrases` point to it, in the form that `shared.phrases` reads."""

    owner: Code
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    target: Target
    urgency: Urgency


class Level(Named):
    """What people call a degree of urgency; a text with one of its folded phrases is at least this urgent."""

    code: Urgency
    phrases: tuple[Phrase, ...] = ()
