"""In which language a text is written: by its script, by how many words are Turkish, by the small words of others."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal

from shared.spelling.turkish import is_turkish
from shared.text import fold, words

READ_LETTERS_MAX: Final = 300
WORDS_READ_MAX: Final = 40
# Fewer letters tell no language, nor does the name of a street; other scripts are plain at once.
LETTERS_MIN: Final = 16
SCRIPT_LETTERS_MIN: Final = 3
WORD_LETTERS_MIN: Final = 3
SMALL_WORDS_MIN: Final = 2  # of a foreign language
SMALL_WORDS_SHARE_MIN: Final = 0.25  # of all words
# So many words of any language look Turkish.
TURKISH_BY_CHANCE_SHARE: Final = 0.35
TURKISH: Final = "tr"
UNTOLD: Final = "und"  # ISO 639-3: undetermined


@dataclass(frozen=True, slots=True)
class Detected:
    """A language (ISO 639-1, or `und` where a text tells none), and how sure that is, from 0 to 1."""

    language: str
    probability: float

    @property
    def is_foreign(self) -> bool:
        """Surely not Turkish."""
        return self.language not in (TURKISH, UNTOLD)


def detect(text: str, said: Sequence[str] | None = None) -> Detected:
    """The language of a text's beginning. Doubt means Turkish: a citizen is not taken for a stranger by chance.

    `said` are the words of the folded text, where the caller has them.
    """
    start = text[:READ_LETTERS_MAX]
    if _NOT_LATIN.search(start):
        for script, letters in _SCRIPTS.items():
            count = len(letters.findall(start))
            if count >= SCRIPT_LETTERS_MIN and 2 * count > sum(map(str.isalpha, start)):
                return _of_script(script, start)
    said = words(fold(start)) if said is None else said
    said = [word for word in said[:WORDS_READ_MAX] if word.isalpha()]
    if sum(map(len, said)) < LETTERS_MIN:
        return Detected(UNTOLD, 0.0)
    if "ə" in start or "Ə" in start:
        return Detected("az", 1.0)
    language, count = _most_told(said)
    longer = [word for word in said if len(word) >= WORD_LETTERS_MIN]
    turkish = sum(map(is_turkish, longer)) / len(longer) if longer else 0.0
    told = count / len(said)
    if count >= SMALL_WORDS_MIN and told >= SMALL_WORDS_SHARE_MIN and told > turkish - TURKISH_BY_CHANCE_SHARE:
        return Detected(language, min(1.0, told + 1 - turkish))
    return Detected(TURKISH, turkish)


def answer_language(text: str) -> Literal["tr", "en"]:
    """Turkish, unless the words are surely of another language: then English, which more people read.

    Who writes Azerbaijani reads Turkish.
    """
    language = detect(text).language
    return "tr" if language in (TURKISH, UNTOLD, "az") else "en"


def _of_script(script: str, text: str) -> Detected:
    if script == "arabic":
        return Detected("fa" if _PERSIAN_LETTERS.search(text) else "ar", 1.0)
    if script == "cyrillic":
        return Detected("uk" if _UKRAINIAN_LETTERS.search(text) else "ru", 1.0)
    return Detected(_ONLY_LANGUAGE[script], 1.0)


def _most_told(said: Sequence[str]) -> tuple[str, int]:
    """The language most of the small words belong to, and how many do; one at least is no mere syllable."""
    counts: Counter[str] = Counter()
    plain: set[str] = set()
    for word in said:
        if languages := _LANGUAGES_OF.get(word):
            counts.update(languages)
            if len(word) >= WORD_LETTERS_MIN:
                plain.update(languages)
    return max(((language, counts[language]) for language in sorted(plain)), key=itemgetter(1), default=(UNTOLD, 0))


def _small_words() -> dict[str, list[str]]:
    tables = tomllib.loads(Path(__file__).with_name("languages.toml").read_text("utf-8"))
    languages: dict[str, list[str]] = {}
    for language, small in tables.items():
        for word in dict.fromkeys(small.split()):
            languages.setdefault(word, []).append(language)
    return languages


_LANGUAGES_OF: Final = _small_words()
_ONLY_LANGUAGE: Final = {"georgian": "ka", "greek": "el", "armenian": "hy", "hebrew": "he", "chinese": "zh"}
_SCRIPTS: Final[Mapping[str, re.Pattern[str]]] = {
    "arabic": re.compile("[\u0621-\u06d3\ufb50-\ufdff\ufe70-\ufefc]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "georgian": re.compile("[\u10a0-\u10ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "armenian": re.compile("[\u0531-\u058f]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "chinese": re.compile("[\u4e00-\u9fff]"),
}
_NOT_LATIN: Final = re.compile("[\u0370-\u10ff\u4e00-\u9fff\ufb50-\ufefc]")
_PERSIAN_LETTERS: Final = re.compile("[\u067e\u0686\u0698\u06af\u06a9\u06cc]")
_UKRAINIAN_LETTERS: Final = re.compile("[іїєґІЇЄҐ]")
