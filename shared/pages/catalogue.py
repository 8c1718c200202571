"""What readers read, in two languages: one TOML file of the house and one beside each service's templates."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

LANGUAGES = ("tr", "en")


class Catalogue:
    """Messages by dotted key; every key has every language, or the start stops with the ones that lack it."""

    def __init__(self, *files: Path) -> None:
        self._messages: dict[str, Mapping[str, str]] = {}
        for file in files:
            self._messages |= dict(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))
        lacking = [key for key, words in self._messages.items() if set(words) != set(LANGUAGES)]
        if lacking:
            raise ValueError(f"messages without exactly {LANGUAGES}: {', '.join(sorted(lacking))}")

    @property
    def keys(self) -> frozenset[str]:
        """Every key there is."""
        return frozenset(self._messages)

    def knows(self, key: str) -> bool:
        """Whether there is such a key."""
        return key in self._messages

    def say(self, language: str, key: str, /, **values: object) -> str:
        """The message with its {places} filled; values that are markup make the message markup, the rest is escaped.

        Raises KeyError for a key that is not there.
        """
        words = self._messages[key][language]
        if not values:
            return words
        if any(isinstance(value, Markup) for value in values.values()):
            return Markup(words).format(**values)  # noqa: S704 - our own file
        return words.format(**values)

    def name(self, language: str, family: str, code: str) -> str:
        """The name of a code such as `state.closed`; the code itself when the catalogue does not know it."""
        words = self._messages.get(f"{family}.{code}")
        return words[language] if words else code


def _flat(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    for key, value in table.items():
        if all(isinstance(words, str) for words in value.values()):
            yield path + key, value
        else:
            yield from _flat(value, f"{path}{key}.")
