"""In which language a text is written, by its letters and by how many of its words are Turkish, then by a model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from shared.spelling.turkish import is_turkish
from shared.text import fold, words

READ_LETTERS_MAX: Final = 300
# Fewer letters tell no language, nor does the name of a street; other scripts are plain at once.
LETTERS_MIN: Final = 16
SCRIPT_LETTERS_MIN: Final = 3
WORD_LETTERS_MIN: Final = 3
TURKISH_SHARE_MIN: Final = 0.55  # of the longer words; from then on no model is asked
FEW_TURKISH_SHARE_MAX: Final = 0.4  # more, and even a sure model is not believed
PROBABILITY_MIN: Final = 0.8
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


def detect(text: str) -> Detected:
    """The language of a text's beginning. Doubt means Turkish: a citizen is not taken for a stranger by chance."""
    start = text[:READ_LETTERS_MAX]
    if _NOT_LATIN.search(start):
        for script, letters in _SCRIPTS.items():
            count = len(letters.findall(start))
            if count >= SCRIPT_LETTERS_MIN and 2 * count > sum(map(str.isalpha, start)):
                return _of_script(script, start)
    if sum(map(str.isalpha, start)) < LETTERS_MIN:
        return Detected(UNTOLD, 0.0)
    if "ə" in start.lower():
        return Detected("az", 1.0)
    said = [word for word in words(fold(start)) if len(word) >= WORD_LETTERS_MIN and word.isalpha()]
    foreign = sum(word in _FOREIGN for word in said)
    share = sum(is_turkish(word) and word not in _FOREIGN for word in said) / len(said) if said else 0.0
    if (share >= TURKISH_SHARE_MIN and not foreign) or share > 2 * TURKISH_SHARE_MIN * foreign:
        return Detected(TURKISH, share)
    found = _by_model(start, _LATIN)
    if 2 * foreign >= len(said) and found.language != TURKISH:
        return found
    if found.probability < PROBABILITY_MIN or (share > FEW_TURKISH_SHARE_MAX and not foreign):
        return Detected(TURKISH, share)
    return found


def answer_language(text: str) -> Literal["tr", "en"]:
    """Turkish, unless the words are surely of another language: then English, which more people read.

    Who writes Azerbaijani reads Turkish.
    """
    language = detect(text).language
    return "tr" if language in (TURKISH, UNTOLD, "az") else "en"


def _of_script(script: str, text: str) -> Detected:
    if script == "arabic":
        return Detected("fa", 1.0) if _PERSIAN_LETTERS.search(text) else _by_model(text, _ARABIC, sure=True)
    if script == "cyrillic":
        if _UKRAINIAN_LETTERS.search(text):
            return Detected("uk", 1.0)
        return Detected("ru", 1.0) if _RUSSIAN_LETTERS.search(text) else _by_model(text, _CYRILLIC, sure=True)
    return Detected(_ONLY_LANGUAGE[script], 1.0)


def _by_model(text: str, languages: tuple[str, ...], *, sure: bool = False) -> Detected:
    """The likeliest of some languages; `sure`: the script says that it is one of them."""
    language, probability = _model(languages).classify(text.lower())
    return Detected(str(language), 1.0 if sure else float(probability))


@cache
def _model(languages: tuple[str, ...]) -> LanguageIdentifier:
    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(languages)
    return model


_LATIN: Final = ("tr", "az", "en", "de", "fr", "es", "it", "nl", "ku")
_ARABIC: Final = ("ar", "fa")
_CYRILLIC: Final = ("ru", "uk")
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
_RUSSIAN_LETTERS: Final = re.compile("[ыэёъЫЭЁЪ]")
# Words of other languages that look Turkish, or are short and plain.
_FOREIGN: Final = frozenset(
    (
        *("the", "and", "there", "this", "that", "not", "with", "you", "can", "please", "have", "our", "for", "was"),
        *("are", "has", "how", "when", "what", "where", "near", "street", "water", "broken", "hello", "they"),
        *("would", "like", "report", "morning", "about", "from", "week", "every", "today", "since"),
        *(
            "ist",
            "und",
            "der",
            "die",
            "das",
            "den",
            "nicht",
            "bitte",
            "ein",
            "eine",
            "ich",
            "wir",
            "sie",
            "seit",
            "wie",
        ),
        *("est", "les", "des", "pour", "avec", "une", "dans", "sont", "pas", "nous", "bonjour", "merci"),
    )
)
