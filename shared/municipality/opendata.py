"""What is published of the figures as open data, when, and under which licence."""

from pydantic import AnyHttpUrl, Field

from shared.municipality.base import Record, Text


class OpenData(Record):
    """What stands in opendata.toml."""

    least: int = Field(ge=5, le=100, description="a smaller count, 0 aside, is never published")
    settle_days: int = Field(ge=1, le=365, description="from the end of a month until it is published, for good")
    licence: Text
    licence_en: Text
    licence_url: AnyHttpUrl

    def licence_in(self, language: str) -> str:
        """What the licence is called in a language."""
        return self.licence_en if language == "en" else self.licence
