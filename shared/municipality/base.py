"""What every part of a municipality is made of: checked records, and things that have a code and names."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.contracts.channel import Code

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ]{1,19}$")]
Language = Literal["tr", "en"]


class Record(BaseModel):
    """A checked, unchangeable piece of a municipality; a field it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(Record):
    """What has a code for programs and a name for people."""

    code: Code
    name: Text
    name_en: Text

    def name_in(self, language: str) -> str:
        """The name a reader of `language` sees; Turkish for every language but English."""
        return self.name_en if language == "en" else self.name
