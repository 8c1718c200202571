"""Our own example messages: what citizens write about each topic, to teach the text model and to try it."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from shared.contracts.channel import Code
from shared.municipality.base import Record, Text
from shared.municipality.files import read_table
from shared.municipality.mistakes import MunicipalityError, Problem
from shared.municipality.municipality import Municipality

FILE = "sentences.csv"


class Sentence(Record):
    """A message about a topic. `held`: never trained on, worded unlike the others, kept for tests.

    `owner` is filled where the place named in the text makes it another's than the topic's.
    """

    topic: Code
    text: Text
    held: bool
    owner: Annotated[Code | None, BeforeValidator(lambda written: written or None)]


def load_sentences(folder: Path, municipality: Municipality) -> tuple[Sentence, ...]:
    """The sentences in `folder`, checked against the municipality's codes; apart from `load`, no service needs them.

    Raises MunicipalityError.
    """
    sentences = read_table(folder / FILE, Sentence)
    topics = {topic.code for topic in municipality.topics}
    owners = {None, *(owner.code for owner in (*municipality.departments, *municipality.institutions))}
    problems = [
        Problem(FILE, f"line {line}", f"no {what} is called {code}", "Correct the code")
        for line, row in enumerate(sentences, 2)
        for what, code, known in (("topic", row.topic, topics), ("owner", row.owner, owners))
        if code not in known
    ]
    if problems:
        raise MunicipalityError(problems)
    return sentences


def owner_of(sentence: Sentence, municipality: Municipality) -> str:
    """Whose a case with that message is; the solution centre's where it is nobody's."""
    return sentence.owner or municipality.topic(sentence.topic).owner
