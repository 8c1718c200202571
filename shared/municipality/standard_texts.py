"""What clerks say again and again: texts for endings, questions and information, with slots that a case fills."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from shared.contracts import Outcome
from shared.contracts.channel import Code
from shared.municipality.answers import AnswerText
from shared.municipality.base import Named, Text

FILE: Final = "standard_texts.toml"
_SLOT: Final = re.compile(r"\{([^{}]*)\}")


class TextUse(StrEnum):
    """What a text is for."""

    CLOSE = "close"  # the answer when a case is closed
    ASK = "ask"  # a question to the citizen
    INFORMATION = "information"  # told at once, with no case


class Slot(StrEnum):
    """What a text may leave open: it is filled from the case, never from the citizen."""

    NUMBER = "number"
    PLACE = "place"
    NEIGHBOURHOOD = "neighbourhood"
    TOPIC = "topic"
    DEPARTMENT = "department"
    DUE = "due"


class StandardText(Named):
    """A text as it is sent; `name` is what a clerk looks for. Without topics and groups it is for every topic."""

    use: TextUse
    outcome: Outcome | None = None
    topics: tuple[Code, ...] = ()
    groups: tuple[Code, ...] = ()
    text: AnswerText
    text_en: AnswerText
    source: Text = "written for this project"

    def text_in(self, language: str) -> str:
        """The text for a citizen who speaks `language`; Turkish for every language but English."""
        return self.text_en if language == "en" else self.text

    def is_for(self, topic: str | None, group: str | None) -> bool:
        """Whether it speaks of this topic, or of every one."""
        return self.is_general or topic in self.topics or group in self.groups

    @property
    def is_general(self) -> bool:
        """Whether it is for every topic."""
        return not self.topics and not self.groups


def filled(text: str, values: Mapping[Slot, str | None]) -> str:
    """The text with what is known put in; a slot whose value is not known stays, for a person to fill."""
    known = {slot.value: value for slot, value in values.items() if value}
    return _SLOT.sub(lambda found: known.get(found[1], found[0]), text)


def unfilled(text: str) -> list[str]:
    """The slots that still stand open in a text, e.g. `{due}`: it must not be sent so."""
    return [found[0] for found in _SLOT.finditer(text) if found[1] in set(Slot)]


def mistakes_of(text: StandardText, topics: Sequence[str], groups: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a text, each with its remedy."""
    for words in (text.text, text.text_en):
        for slot in _SLOT.findall(words):
            if slot not in set(Slot):
                yield f"no slot is called {{{slot}}}", f"Use one of: {', '.join(f'{{{slot}}}' for slot in Slot)}"
        if "{" in _SLOT.sub("", words) or "}" in _SLOT.sub("", words):
            yield "has a stray brace", "Write slots as {number}: small letters, both braces"
    if set(unfilled(text.text)) != set(unfilled(text.text_en)):
        yield "has other slots in English than in Turkish", "Use the same ones in `text` and `text_en`"
    if text.use is TextUse.INFORMATION and unfilled(text.text):
        yield "is information and has a slot, but no case to fill it from", "Write it without slots"
    if (text.use is TextUse.CLOSE) != (text.outcome is not None):
        yield (
            "has an outcome and closes nothing, or closes without one",
            "Give texts of use `close` an `outcome`, no other",
        )
    for topic in sorted(set(text.topics) - set(topics)):
        yield f"no topic is called {topic}", "Correct or remove it"
    for group in sorted(set(text.groups) - set(groups)):
        yield f"no group of topics is called {group}", "Correct it; groups are the files in topics/"
