"""Who the municipality is: its names, its languages, and the lines citizens reach it on."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from shared.contracts import Channel
from shared.contracts.channel import Code
from shared.municipality.base import Language, Named, PhoneNumber, Record, Text


class Phone(Named):
    """A number the municipality shows to citizens."""

    number: PhoneNumber


class Account(Named):
    """One line, mailbox or page on which citizens reach the centre."""

    channel: Channel


class About(Record):
    """What stands in municipality.toml: names, places, languages, and the lines citizens reach us on."""

    code: Code
    name: Text
    name_en: Text
    centre: Text = Field(description="what the solution centre is called, e.g. İLKİM")
    centre_name: Text
    centre_name_en: Text
    district: Text
    province: Text
    timezone: Text
    default_language: Language
    languages: tuple[Language, ...] = Field(min_length=1)
    phones: tuple[Phone, ...] = ()
    accounts: tuple[Account, ...] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(f"there is no time zone {name}, write e.g. Europe/Istanbul") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone that days, office hours and reports are counted in."""
        return ZoneInfo(self.timezone)
