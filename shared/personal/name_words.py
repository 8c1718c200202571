"""What a single word says about names: the lists, and the words that stand beside names or make them a place's."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Final

from shared.personal.plain import plain

ENDED_LETTERS_MIN: Final = 4  # "aliyi" is not taken for "Ali": a shorter name shows its ending by an apostrophe
FAMILY_LETTERS_MIN: Final = 8
WORDS_REMEMBERED_MAX: Final = 50_000


class Sign:
    """What a word can be, as bits of a plain number (an IntFlag costs more than all the rest); one may be several."""

    GIVEN: Final = 1  # a given name and nothing else
    GIVEN_WORD: Final = 2  # a given name and another word, or a rare one
    SURNAME: Final = 4
    SURNAME_WORD: Final = 8
    TITLE: Final = 16  # stands after a name: "Deniz abi"
    OFFICE: Final = 32  # stands before a name: "Muhtar Deniz"
    ADDRESSED: Final = 64  # stands before a name, known or not: "Sayın Deniz"
    CALLED: Final = 128  # "adım Deniz"
    KIN: Final = 256  # "kızım Deniz"
    FAMILY: Final = 512  # "Deniz ailesi"
    PLACE: Final = 1024  # makes what stands before it a place, a house or a firm
    NEVER: Final = 2048  # no part of a name, even with a capital
    HONOURED: Final = 4096  # behind a name: somebody whom places are named after, "Osman Paşa"
    NAMED: Final = 131072  # stands behind a name, known or not: "Deniz isimli"
    HONOURS: Final = 65536  # the same before a name: "Şehit Polis Xxxx"
    GREETING: Final = 8192  # a signature may follow: "Saygılarımla"
    JOINS: Final = 16384  # "Ayşe ve Deniz"
    POLITE: Final = 32768  # a title that stands after names only, known or not: "Deniz Bey"


NAME: Final = Sign.GIVEN | Sign.GIVEN_WORD
FAMILY_NAME: Final = Sign.SURNAME | Sign.SURNAME_WORD


@lru_cache(maxsize=WORDS_REMEMBERED_MAX)
def signs(word: str) -> int:
    """What a word of plain letters can be, with or without an ending."""
    known = _KNOWN.get(word)
    if known is not None:
        return known
    if word[0] in "#@":
        return 0
    if word.startswith(_PLACE_STARTS):
        return Sign.PLACE
    if word.startswith(_NEVER_STARTS):
        return Sign.NEVER
    return _without_ending(word)


def _without_ending(word: str) -> int:
    """A name that no other word of the language equals may carry an ending ("ayseye", "mehmetin")."""
    if word in _NOT_NAMES:
        return 0
    for letters in range(len(word) - 1, max(ENDED_LETTERS_MIN, len(word) - _ENDING_LETTERS_MAX) - 1, -1):
        if word[letters:] in _ENDINGS:
            sure = _KNOWN.get(word[:letters], 0) & (Sign.GIVEN | Sign.SURNAME)
            if sure:
                return sure
    if word.endswith(_FAMILY_ENDINGS) and len(word) >= FAMILY_LETTERS_MIN:
        return Sign.SURNAME
    return 0


def remembered(words: str) -> bool:
    """Whether two words of plain letters name somebody whom places are named after."""
    return words in _REMEMBERED


def _known() -> dict[str, int]:
    known: dict[str, int] = {}
    for sign, names in (
        (Sign.GIVEN, _listed("given.txt").split()),
        (Sign.GIVEN_WORD, _listed("given_words.txt").split()),
        (Sign.SURNAME, _listed("surnames.txt").split()),
        (Sign.SURNAME_WORD, _listed("surname_words.txt").split()),
    ):
        for name in names:
            known[name] = known.get(name, 0) | sign
    # A trade is a shop's name more often than a person's: "İbrahim Kuyumcu".
    known = {
        name: sign for name, sign in known.items() if sign != Sign.SURNAME_WORD or not name.startswith(_PLACE_STARTS)
    }
    for kind, words in _TABLES["whole"].items():
        # What stands beside a name is none itself, whatever the lists say.
        known.update(dict.fromkeys(words.split(), _SIGN_OF[kind]))
    return known


def _listed(file: str) -> str:
    """A list in plain letters; lines with `#` are remarks."""
    text = resources.files(__package__).joinpath(file).read_text("utf-8")
    return plain(" ".join(line for line in text.splitlines() if not line.startswith("#")))


_SIGN_OF: Final = {
    "title": Sign.TITLE,
    "polite": Sign.TITLE | Sign.POLITE,
    "office": Sign.OFFICE,
    "addressed": Sign.ADDRESSED,
    "called": Sign.CALLED,
    "kin": Sign.KIN,
    "family": Sign.FAMILY,
    "place": Sign.PLACE,
    "honoured": Sign.HONOURED,
    "honours": Sign.HONOURS,
    "greeting": Sign.GREETING,
    "joins": Sign.JOINS,
    "named": Sign.NAMED,
    "never": Sign.NEVER,
}
_TABLES: Final = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
_PLACE_STARTS: Final = tuple(_TABLES["starts"]["place"].split())
_NEVER_STARTS: Final = tuple(_TABLES["starts"]["never"].split())
_ENDINGS: Final = frozenset(_TABLES["endings"]["case"].split())
_ENDING_LETTERS_MAX: Final = max(map(len, _ENDINGS))
_FAMILY_ENDINGS: Final = tuple(_TABLES["endings"]["family"].split())
_KNOWN: Final = _known()
_NOT_NAMES: Final = frozenset(_listed("not_names.txt").split())
_REMEMBERED: Final = frozenset(pair.strip() for pair in _listed("remembered.txt").split(","))
