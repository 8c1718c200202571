"""The words of this interface in Turkish and English, and the faults that are told with them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from services.intake.open311.documents import Document

Language = Literal["tr", "en"]
_WORDS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = tomllib.loads(
    (Path(__file__).parent / "words.toml").read_text(encoding="utf-8")
)
VALUE_LETTERS_MAX: Final = 100  # of what was sent, when it is shown again


def say(key: str, language: Language, **values: object) -> str:
    """The words for `section.key`."""
    section, _, name = key.partition(".")
    shown = {slot: str(value)[:VALUE_LETTERS_MAX] for slot, value in values.items()}
    return _WORDS[section][name][language].format_map(shown)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `key` names its words, `status` what HTTP calls it."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 400


class Refused(Exception):
    """Raised to answer with errors instead of content; the first one gives the status."""

    def __init__(self, *faults: Fault, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(faults[0].key)
        self.faults, self.headers = faults, headers or {}


def refused(key: str, status: int = 400, **values: object) -> Refused:
    """The refusal with one fault."""
    return Refused(Fault(key, values, status))


def errors(faults: tuple[Fault, ...], language: Language) -> Document:
    """The error document; `code` repeats the HTTP status, as the standard advises."""
    rows = [
        {"code": fault.status, "description": say(f"error.{fault.key}", language, **fault.values)} for fault in faults
    ]
    return Document("errors", rows)


def language_of(lang: str | None, accept_language: str) -> Language:
    """By `lang`, else by the Accept-Language header; Turkish where neither wishes for English first."""
    wished = (lang or accept_language).strip().lower()
    return "en" if wished.startswith("en") else "tr"
