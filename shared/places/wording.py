"""How places are written: numbers in words, endings, abbreviations, names run together, and names that mean else."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from shared.text import fold, words

WORDS_MAX: Final = 4_000
_TYPO_LETTERS_MIN: Final = 7

# "Kale'de", "Derecik'teki", "Ulugazi'den": what answers "where?" behind a name.
WHERE_ENDINGS: Final = (
    *("de", "da", "te", "ta", "den", "dan", "ten", "tan", "deki", "daki", "teki", "taki"),
    *(
        "nde",
        "nda",
        "nden",
        "ndan",
        "ndeki",
        "ndaki",
        "deyim",
        "dayim",
        "deyiz",
        "dayiz",
        "teyim",
        "tayim",
        "teyiz",
        "tayiz",
    ),
)
NAME_ENDINGS: Final = ("", *WHERE_ENDINGS, "ye", "ya", "e", "a", "nin", "in", "un", "nun", "lilar", "liler")
# Places that are things: they need "mahallesi" behind them, whatever their ending.
_THINGS: Final = (
    "adalet anadolu bilmece cay ciftlik hastane istasyon karadeniz liman merkez pazar kale kisla "
    "bahcelievler zeytinlik tepecik yesiltepe 19mayis"
)
# Places that are also persons or far away; "Fatih'te" with its apostrophe is one.
_NAMES: Final = (
    "baruthane cedit fatih gazi guzeldere hurriyet kadifekale kadikoy kalkanci kapakli kavacik kiran rasathane "
    "resadiye yenidogan zafer cumhuriyet fevzicakmak kazimkarabekir"
)
ORDINARY: Final = frozenset(f"{_THINGS} {_NAMES}".split())
# Of the things, those that a capital and an apostrophe make a place all the same.
APOSTROPHE_TELLS: Final = frozenset(_NAMES.split()) | {"kale", "ciftlik", "tepecik", "kisla", "bahcelievler"}

_NUMBERS: Final = (
    (("on", "dokuz", "mayis"), ("19", "mayis")),
    (("ondokuz",), ("19",)),
    (("ondokuzmayis",), ("19", "mayis")),
    (("yuzuncu",), ("100",)),
    (("yuzuncuyil",), ("100", "yil")),
    (("elli", "alti", "lar"), ("56", "lar")),
    (("elli", "altilar"), ("56", "lar")),
    (("ellialtilar",), ("56", "lar")),
    (("yirmi", "uc", "nisan"), ("23", "nisan")),
    (("yirmiuc", "nisan"), ("23", "nisan")),
    (("otuz", "agustos"), ("30", "agustos")),
)
_NUMBER_OF_FIRST: Final = {
    first: [pair for pair in _NUMBERS if pair[0][0] == first] for first in {pair[0][0] for pair in _NUMBERS}
}
_SHORT: Final = {
    "sht": "sehit",
    "seh": "sehit",
    "doktor": "dr",
    "profesor": "prof",
    "muh": "muhendis",
    "gen": "general",
    "mar": "maresal",
    "cvs": "cavus",
    "uzman": "uzm",
}

STREET_TYPES: Final = (
    ("sokak", ("sokak", "sokag", "sok", "sk", "skk", "sokk")),
    ("cadde", ("cadde", "cad", "cd", "cadd", "cadesi", "caddes")),
    ("bulvar", ("bulvar", "blv", "bulv", "blvr", "bulvr", "blvd")),
    ("meydan", ("meydan",)),
)
_TYPE_OF_START: Final = {start: kind for kind, starts in STREET_TYPES for start in starts}
_NEIGHBOURHOOD_WORDS: Final = frozenset(
    ["mahalle", "mah", "mh", "koyu", "semt", "mhl", "mahal", "mahllesi", "mhallesi"]
)
_NEIGHBOURHOOD_STARTS: Final = ("mahalle", "semti", "mahale", "mahelle", "koyunde", "koyunun", "koyune")


def read(text_words: Sequence[str]) -> list[str]:
    """The words as names have them: "19mayis" and "ondokuz mayıs" become 19 mayis, "56'lar" 56 lar, "Şht." sehit."""
    if not text_words:
        return []
    found: list[str] = []
    position, end = 0, min(len(text_words), WORDS_MAX)
    while position < end:
        word = text_words[position]
        if word[0].isdigit() and not word.isdigit():
            found.extend(_apart(word))
        elif word in _NUMBER_OF_FIRST and (pair := _number_at(text_words, position)):
            found.extend(pair[1])
            position += len(pair[0]) - 1
        else:
            found.append(_SHORT.get(word, word))
        position += 1
    return found


def read_name(written: str) -> list[str]:
    """The words of an official name or a form's field, as `read` has them."""
    return read(words(fold(written)))


def key_of(name_words: Sequence[str]) -> str:
    """What names are compared by: "Ulu Gazi" and "Ulugazi" are one."""
    return "".join(name_words)


@lru_cache(maxsize=16_384)
def street_type(word: str) -> str:
    """ "sokakta", "caddesi" and "bulv" alike; "" for any other word."""
    if word in _TYPE_OF_START:
        return _TYPE_OF_START[word]
    start = word[:6] if word.startswith(("bulvar", "meydan")) else word[:5]
    return _TYPE_OF_START.get(start, "") if len(start) >= 5 else ""


def is_neighbourhood_word(text_words: Sequence[str], position: int) -> bool:
    """Whether "mahallesi" or the like stands there."""
    return position < len(text_words) and _means_neighbourhood(text_words[position])


@lru_cache(maxsize=16_384)
def _means_neighbourhood(word: str) -> bool:
    return word in _NEIGHBOURHOOD_WORDS or word.startswith(_NEIGHBOURHOOD_STARTS)


def is_street_word(text_words: Sequence[str], position: int) -> bool:
    """So that "Hançerli Sokak" is read as a street, not as the neighbourhood Hançerli."""
    return position < len(text_words) and bool(street_type(text_words[position]))


class Misspelt:
    """Long names by what is left of them without a letter: finds them with one letter wrong, missing or too many."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._of: dict[str, set[str]] = {}
        for key in keys:
            if len(key) >= _TYPO_LETTERS_MIN and not key[0].isdigit():
                for short in _without_a_letter(key):
                    self._of.setdefault(short, set()).add(key)
        self._starts = frozenset(key[:2] for names in self._of.values() for key in names)

    def find(self, written: str) -> str | None:
        """The one name that is meant; None where there is none, or more than one. Its first two letters are right."""
        if len(written) < _TYPO_LETTERS_MIN - 1 or written[:2] not in self._starts:
            return None
        found = set(self._of.get(written, ()))
        for short in _without_a_letter(written):
            found |= self._of.get(short, set())
        found = {key for key in found if key[:2] == written[:2] and _differ_by_one(key, written)}
        return found.pop() if len(found) == 1 else None


def _without_a_letter(name: str) -> Iterator[str]:
    yield name
    yield from (name[:at] + name[at + 1 :] for at in range(2, len(name)))


def _differ_by_one(name: str, written: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours exchanged."""
    if name == written:
        return False
    if len(name) != len(written):
        longer, shorter = (name, written) if len(name) > len(written) else (written, name)
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    apart = [at for at, (left, right) in enumerate(zip(name, written, strict=True)) if left != right]
    if len(apart) == 1:
        return True
    if len(apart) != 2 or apart[1] != apart[0] + 1:
        return False
    return name[apart[0]] == written[apart[1]] and name[apart[1]] == written[apart[0]]


def _apart(word: str) -> list[str]:
    digits = 0
    while digits < len(word) and word[digits].isdigit():
        digits += 1
    rest = word[digits:]
    return [word[:digits], rest] if len(rest) > 1 and rest.isalpha() else [word]


def _number_at(text_words: Sequence[str], position: int) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    for said, read_as in _NUMBER_OF_FIRST[text_words[position]]:
        if tuple(text_words[position : position + len(said)]) == said:
            return said, read_as
    return None
