"""Names for the codes of the municipality."""

from shared.municipality import Municipality


class Names:
    """Names for codes, in a reader's language; a code the municipality no longer has stands for itself."""

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
