"""A citizen's text as words: as they were typed, and as they were meant."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.contracts import Evidence, EvidenceKind
from shared.languages import Detected, detect
from shared.personal import without_placeholders
from shared.spelling import Correction, Speller, expanded
from shared.text import fold, words

TEXT_LETTERS_MAX = 20_000
CORRECTIONS_TOLD_MAX = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """`typed` are the folded words as they stand, in which names of places are looked up; `meant` the corrected."""

    text: str
    typed: tuple[str, ...]
    meant: tuple[str, ...]
    corrections: tuple[Correction, ...]
    language: Detected

    @property
    def evidence(self) -> Iterator[Evidence]:
        """What was read otherwise than it was typed, and a language that is not ours."""
        for row in self.corrections[:CORRECTIONS_TOLD_MAX]:
            yield Evidence(kind=EvidenceKind.SPELLING, code=row.typed, detail=row.read)
        if self.language.is_foreign:
            share = round(self.language.probability, 4)
            yield Evidence(kind=EvidenceKind.LANGUAGE, code=self.language.language, share=share)


def read(text: str, speller: Speller) -> Reading:
    """Abbreviations in full, typing errors put right where that helps; what was masked is no word."""
    text = without_placeholders(text[:TEXT_LETTERS_MAX])
    typed = words(fold(text))
    meant, corrections = speller.correct(expanded(typed))
    return Reading(text, tuple(typed), tuple(meant), corrections, detect(text, typed))
