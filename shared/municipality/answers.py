"""What operators tell at once: standard texts for what is asked every day and needs no case."""

from typing import Annotated

from pydantic import StringConstraints

from shared.municipality.base import Named, Text

AnswerText = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class StandardAnswer(Named):
    """An answer as it is read out or sent; `name` is what the operator looks for, `source` where it comes from."""

    text: AnswerText
    text_en: AnswerText
    source: Text

    def text_in(self, language: str) -> str:
        """The answer for a citizen who speaks `language`; Turkish for every language but English."""
        return self.text_en if language == "en" else self.text
