"""What codes are called: every value of an axis in the reader's language."""

from datetime import date
from pathlib import Path
from typing import Final

from services.reporting.domain.asking import Axis
from shared.municipality import Municipality
from shared.pages.catalogue import Catalogue
from shared.pages.formats import Formats
from shared.pages.rendering import HOUSE

HOURS_A_DAY: Final = 24
# Axes whose values the catalogue knows under another name than the axis.
FAMILIES: Final[dict[str, str]] = {Axis.KIND: "case_kind"}
# What an empty value means there; elsewhere it is not known.
NOTHING: Final[dict[str, str]] = {Axis.OUTCOME: "figures.none_outcome", Axis.SOURCE: "axis.own_cases"}


def catalogue() -> Catalogue:
    """The words of the house and of the figures."""
    return Catalogue(HOUSE / "messages.toml", Path(__file__).parent / "templates" / "messages.toml")


class Labels:
    """Names values; a code that neither the municipality nor the catalogue knows stays a code."""

    def __init__(self, place: Municipality, catalogue: Catalogue) -> None:
        self._place = place
        self._catalogue = catalogue
        self._levels = {level.code: level for level in place.levels}

    def axis(self, axis: str, language: str) -> str:
        """What the axis itself is called, e.g. "Mahalle"."""
        return self._catalogue.name(language, "axis", axis)

    def column(self, name: str, language: str) -> str:
        """What a column of a table is called: an axis, or something counted or timed."""
        known = self._catalogue.name(language, "column", name)
        return self.axis(name, language) if known == name else known

    def named(self, axis: str, language: str) -> str:
        """What the column beside an axis is called that holds names in place of codes."""
        return self._catalogue.say(language, "export.named", axis=axis)

    def say(self, key: str, language: str, /, **values: object) -> str:
        """A message of the catalogue."""
        return self._catalogue.say(language, key, **values)

    def value(self, axis: str, value: str, language: str) -> str:
        """What a value of the axis is called; an empty one is said in words."""
        if not value:
            return self._catalogue.say(language, NOTHING.get(axis, "page.unknown"))
        try:
            match axis:
                case Axis.OWNER:
                    return self._place.owner(value).name_in(language)
                case Axis.TOPIC:
                    return self._place.topic(value).name_in(language)
                case Axis.NEIGHBOURHOOD:
                    return self._place.neighbourhood(value).name
                case Axis.URGENCY:
                    return self._levels[value].name_in(language)
        except KeyError:
            return value
        return self._time(axis, value, language) or self._catalogue.name(language, FAMILIES.get(axis, axis), value)

    def _time(self, axis: str, value: str, language: str) -> str:
        formats = Formats(language, self._place.zone)
        match axis:
            case Axis.DAY:
                return formats.day(date.fromisoformat(value))
            case Axis.MONTH:
                return f"{value[5:7]}.{value[:4]}"
            case Axis.HOUR if value.isdecimal():
                weekday, hour = divmod(int(value), HOURS_A_DAY)
                mark = ":" if language == "en" else "."
                return f"{self._catalogue.name(language, 'weekday', str(weekday))} {hour:02}{mark}00"
        return ""
