"""In which language a citizen is answered, by the language they wrote in."""

import re
from functools import cache
from typing import Final, Literal

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from shared.text import fold, words

# Fewer letters tell no language; nor does a name of a street.
LETTERS_MIN: Final = 16
READ_LETTERS_MAX: Final = 200
# Sure enough to answer otherwise than in Turkish.
PROBABILITY_MIN: Final = 0.8
_TURKISH_LETTERS: Final = re.compile("[çğıöşüÇĞİÖŞÜ]")
# Words that only Turkish has; written without its letters, it looks like other languages to a model.
_TURKISH_WORDS: Final = frozenset(
    (
        *("bir", "ve", "bu", "var", "yok", "icin", "ile", "mahalle", "mahallesi", "mah", "sokak", "sokagi", "sok"),
        *("cadde", "caddesi", "cad", "lutfen", "merhaba", "selam", "gunaydin", "iyi", "gunler", "kolay", "gelsin"),
        *("copler", "cop", "lamba", "lambasi", "yanmiyor", "cukur", "yol", "su", "sular", "alinmadi", "gelmedi"),
        *("kesik", "patladi", "kopek", "kopekler", "onunde", "yaninda", "karsisinda", "ne", "zaman", "cok", "daha"),
        *("degil", "hala", "nerede", "kac", "bey", "hanim", "belediye", "numara", "tesekkurler"),
    )
)
_LANGUAGES: Final = ("tr", "en", "ar", "de", "fa", "fr", "ru", "uk")


def answer_language(text: str) -> Literal["tr", "en"]:
    """Turkish, unless the words are surely of another language: then English, which more people read."""
    start = text[:READ_LETTERS_MAX]
    if sum(map(str.isalpha, start)) < LETTERS_MIN:
        return "tr"
    said = words(fold(start))
    if _TURKISH_LETTERS.search(start) or any(word in _TURKISH_WORDS for word in said):
        return _by_model(start) if _is_foreign_with_umlauts(said) else "tr"
    return _by_model(start)


def _by_model(text: str) -> Literal["tr", "en"]:
    language, probability = _model().classify(text.lower())
    return "tr" if language == "tr" or probability < PROBABILITY_MIN else "en"


def _is_foreign_with_umlauts(said: list[str]) -> bool:
    """German and French share letters with Turkish; no word of Turkish stands among theirs."""
    return not any(word in _TURKISH_WORDS for word in said) and any(word in _FOREIGN for word in said)


_FOREIGN: Final = frozenset(
    ("the", "and", "is", "ist", "und", "der", "die", "das", "nicht", "bitte", "est", "les", "des", "pour", "avec")
)


@cache
def _model() -> LanguageIdentifier:
    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(_LANGUAGES)
    return model
