"""Texts that WhatsApp approved beforehand: known by name and language, filled with exactly their parameters.

While none is known, every name is taken.
"""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulators.whatsapp.protocol import ERRORS, GraphError, SendRequest

TEMPLATES_MAX = 250  # of an unverified business account


class Templates:
    """The approved texts, by name and language: how many parameters the body of each has."""

    def __init__(self, path: str = "") -> None:
        self.approved: dict[tuple[str, str], int] = _read(Path(path)) if path else {}

    def approve(self, name: str, language: str, parameters: int) -> None:
        """Raises ValueError when there are too many."""
        if len(self.approved) >= TEMPLATES_MAX:
            raise ValueError(f"at most {TEMPLATES_MAX} templates")
        self.approved[name, language] = parameters

    def wrong_with(self, asked: SendRequest) -> GraphError | None:
        """132001 for a text that is not there in this language, 132000 for another number of parameters."""
        if asked.type != "template" or not self.approved or not isinstance(asked.content, dict):
            return None
        name, language = asked.content["name"], asked.content["language"]["code"]
        expected = self.approved.get((name, language))
        if expected is None:
            return replace(ERRORS[132001], details=f"template name ({name}) does not exist in {language}")
        given = _parameters(asked.content)
        if given == expected:
            return None
        words = f"body: number of localizable_params ({given}) does not match the expected number ({expected})"
        return replace(ERRORS[132000], details=words)


def _parameters(content: dict[str, Any]) -> int:
    bodies = [part for part in content.get("components", []) if part.get("type") == "body"]
    return sum(len(part.get("parameters", [])) for part in bodies)


def _read(path: Path) -> dict[tuple[str, str], int]:
    """From a TOML file with `[[approved]]` tables: name, provider_language, parameters."""
    told = tomllib.loads(path.read_text(encoding="utf-8")).get("approved", [])
    return {(one["name"], one["provider_language"]): len(one.get("parameters", [])) for one in told}
