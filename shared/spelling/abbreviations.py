"""What citizens shorten, spelt out."""

import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Final


def expanded(words: Sequence[str]) -> list[str]:
    """The words of a folded text with abbreviations as the words they stand for; one may become two."""
    spelt: list[str] = []
    for word in words:
        whole = _WHOLE.get(word)
        if whole is None:
            spelt.append(word)
        else:
            spelt += whole
    return spelt


def _read() -> dict[str, list[str]]:
    tables = tomllib.loads(resources.files(__package__).joinpath("abbreviations.toml").read_text("utf-8"))
    return {short: whole.split() for table in tables.values() for short, whole in table.items()}


_WHOLE: Final = _read()
