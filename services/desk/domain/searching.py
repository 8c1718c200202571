"""Turkish words as the search keeps and finds them: folded, whole and without their endings.

An entry keeps each word twice: as it is, so that its beginning finds it, and its stem behind "=", so that another form
of the word does. The stem is rough and the same on both sides, which is all that is asked of it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from shared.text import fold, words

QUERY_LETTERS_MAX: Final = 200
QUERY_WORDS_MAX: Final = 8
ENTRY_WORDS_MAX: Final = 600  # different words of one entry
WORD_LETTERS_MAX: Final = 40
_STEM_LETTERS_MIN: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\b(\d{3})[-.\s]?(\d{3})[-.\s]?(\d{3})\b")
# Case, possession and number, folded, the longest first; a word loses them from its end, one after the other.
_ENDINGS: Final = (
    *("daki", "deki", "taki", "teki", "sinda", "sinde", "sunda", "sunde", "imiz", "umuz", "iniz", "unuz"),
    *("nda", "nde", "dan", "den", "tan", "ten", "lar", "ler", "nin", "nun", "miz", "muz", "niz", "nuz"),
    *("da", "de", "ta", "te", "in", "un", "im", "um", "si", "su", "yi", "yu", "ya", "ye", "ni", "nu", "la", "le"),
)
_SOFTENED: Final = {"g": "k", "b": "p", "d": "t"}  # sokağı is of sokak, kitabı of kitap


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A folded word without its endings: "sokaginda" and "sokaklar" give "sokak"."""
    while shorter := _shorter(word):
        word = shorter
    return word[:-1] + _SOFTENED.get(word[-1:], word[-1:])


def _shorter(word: str) -> str | None:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LETTERS_MIN:
            return word[: -len(ending)]
    if word[-1:] in ("i", "u") and len(word) > _STEM_LETTERS_MIN:
        return word[:-1]
    # "kale" would become "kal", which begins half the dictionary.
    return word[:-1] if word[-1:] in ("a", "e") and len(word) > _STEM_LETTERS_MIN + 1 else None


def entry_words(texts: Iterable[str]) -> str:
    """What an entry of these texts is found by, each once, with spaces between."""
    found = list(dict.fromkeys(word for text in texts for word in _words(text, apart=True)))[:ENTRY_WORDS_MAX]
    return " ".join([*found, *dict.fromkeys(f"={stem(word)}" for word in found)])


def asked_words(text: str) -> list[str]:
    """The words somebody searches for, folded; a tracking number is one word however it is written."""
    asked = (word for word in _words(text[:QUERY_LETTERS_MAX]) if len(word) > 1 or word.isdigit())
    return list(dict.fromkeys(asked))[:QUERY_WORDS_MAX]


def query_of(asked: Iterable[str]) -> str:
    """A PostgreSQL tsquery that every entry with all of these words answers, in whatever form."""
    return " & ".join(f"('{word}':* | '={stem(word)}')" for word in asked)


def spans(text: str, asked: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where words that were asked for stand in a text."""
    wanted = [(word, stem(word)) for word in asked]
    for found in (*_NUMBER.finditer(text), *_WORD.finditer(text)):
        word = "".join(words(fold(found.group())))
        if any(word.startswith(whole) or stem(word) == rough for whole, rough in wanted):
            yield found.span()


def _words(text: str, *, apart: bool = False) -> Iterator[str]:
    """The folded words; numbers of nine digits as one, `apart`: their groups as well."""
    for number in _NUMBER.finditer(text):
        yield "".join(number.groups())
    for word in words(fold(text if apart else _NUMBER.sub(" ", text))):
        yield word[:WORD_LETTERS_MAX]
