"""Names for the codes of a municipality."""

from collections.abc import Iterable

from shared.municipality import Municipality


class Names:
    """Names for codes, in a reader's language; a code the municipality does not have (any more) stands for itself."""

    def __init__(self, place: Municipality, language: str = "tr") -> None:
        self._place = place
        self._language = language

    def owner(self, code: str) -> str:
        """The department's or institution's name."""
        try:
            return self._place.owner(code).name_in(self._language)
        except KeyError:
            return code

    def topic(self, code: str | None) -> str | None:
        """The topic's name; None where it is not known."""
        try:
            return self._place.topic(code).name_in(self._language) if code else None
        except KeyError:
            return code

    def neighbourhood(self, code: str | None) -> str | None:
        """The neighbourhood's name; None where it is not known."""
        try:
            return self._place.neighbourhood(code).name if code else None
        except KeyError:
            return code

    def level(self, code: str) -> str:
        """What a degree of urgency is called."""
        return self._among(((row.code, row.name, row.name_en) for row in self._place.levels), code)

    def danger(self, code: str) -> str:
        """What an emergency is called."""
        return self._among(((row.code, row.name, row.name_en) for row in self._place.emergencies), code)

    def rule(self, code: str) -> str:
        """What a rule says, as a sentence; "" for one the municipality does not have."""
        rule = next((row for row in self._place.rules if row.id == code), None)
        return rule.name_in(self._language) if rule else ""

    def _among(self, rows: Iterable[tuple[str, str, str]], code: str) -> str:
        found = next((row for row in rows if row[0] == code), (code, code, code))
        return found[2] if self._language == "en" else found[1]
