"""Whether a word can be Turkish: a known word, or a known stem with endings in their order behind it."""

import re
from functools import lru_cache
from importlib import resources
from typing import Final

STEM_LETTERS_MIN: Final = 3
WORD_LETTERS_MAX: Final = 30
WORDS_REMEMBERED_MAX: Final = 50_000
# Others of two letters are the beginning of too many errors.
_SHORT_STEMS: Final = frozenset(
    (
        *("ac", "ag", "ak", "al", "an", "as", "at", "az", "de", "di", "ed", "ek", "em", "en", "er", "es"),
        *("et", "ev", "ez", "ic", "il", "im", "in", "is", "it", "iz", "ol", "on", "ot", "oy", "su", "uc"),
        *("um", "un", "us", "ut", "uy", "uz", "ye", "yi"),
    )
)


@lru_cache(maxsize=WORDS_REMEMBERED_MAX)
def is_turkish(word: str) -> bool:
    """Whether a folded word can be Turkish; names and foreign words seldom can. Forgives some errors in endings."""
    if word in _WORDS:
        return True
    if len(word) > WORD_LETTERS_MAX:
        return False
    if word[:2] in _SHORT_STEMS and _ENDINGS.fullmatch(word, 2):
        return True
    return any(
        (word[:letters] in _WORDS or (word[letters] in _VOWELS and word[:letters] in _BEFORE_VOWELS))
        and _ENDINGS.fullmatch(word, letters)
        for letters in range(len(word) - 1, STEM_LETTERS_MIN - 1, -1)
    )


def _endings() -> re.Pattern[str]:
    """The endings of nouns and verbs in plain letters: vowels are told only as front-or-back pairs.

    `after_vowel` and `after_consonant` look at the letter before: -yi, -si and -nin follow a vowel, -i and -in none.
    """
    after_vowel, after_consonant = "(?<=[aeiou])", "(?<=[^aeiou])"
    narrow, wide, hard = "[iu]", "[ae]", "[dt]"
    whose = (
        rf"(?:{after_consonant}{narrow}m(?:{narrow}z)?|{after_vowel}m(?:{narrow}z)?"
        rf"|{after_consonant}{narrow}n(?:{narrow}z)?|{after_vowel}n(?:{narrow}z)?"
        rf"|{after_consonant}{narrow}|{after_vowel}s{narrow}|l{wide}r{narrow})"
    )
    case = (
        rf"(?:{after_consonant}{narrow}|{after_vowel}[yn]{narrow}|{after_consonant}{wide}|{after_vowel}[yn]{wide}"
        rf"|{after_consonant}{narrow}n|{after_vowel}n{narrow}n|{hard}{wide}n?|{after_vowel}nd{wide}n?"
        rf"|{after_consonant}l{wide}|{after_vowel}yl{wide}|n?c{wide})"
    )
    being = (
        rf"(?:{after_consonant}{narrow}[mz]|{after_vowel}y{narrow}[mz]|s{narrow}n(?:{narrow}z)?|{after_vowel}yken"
        rf"|{hard}{narrow}r(?:l{wide}r)?|{after_vowel}yd{narrow}[mnk]?|{after_consonant}{hard}{narrow}[mnk]?"
        rf"|{after_vowel}ym{narrow}s|m{narrow}s|{after_vowel}ys{wide}|s{wide})"
    )
    made = rf"(?:l{narrow}[kg]|l{narrow}|s{narrow}z|c{narrow})"
    noun = rf"{made}?(?:l{wide}r)?{whose}?{case}?(?:ki(?:l{wide}r)?(?:n?{narrow}n?)?(?:d{wide}n?)?)?{being}?"
    who = (
        rf"(?:{after_consonant}{narrow}m|{after_vowel}m|s{narrow}n(?:{narrow}z)?|{after_consonant}{narrow}z"
        rf"|{after_vowel}y{narrow}z|{after_vowel}n(?:{narrow}z)?|{after_consonant}{narrow}n{narrow}z|k|l{wide}r)"
    )
    voice = rf"(?:{after_consonant}{narrow}[lns]|{after_vowel}[nst]|{hard}{narrow}r)"
    can = rf"(?:(?:{after_consonant}{wide}|{after_vowel}y{wide})(?:bil|m{wide}?))"
    tense = (
        rf"(?:{after_consonant}{narrow}yor|{after_vowel}yor|{hard}{narrow}|m{narrow}s|{after_consonant}{wide}c{wide}[kg]"
        rf"|{after_vowel}y{wide}c{wide}[kg]|{after_consonant}[iuae]r|{after_vowel}r|z|m{wide}l{narrow}|s{wide}|m{wide}kt{wide})"
    )
    second = rf"(?:y?d{narrow}|t{narrow}|m{narrow}s|y?s{wide}|[td]{narrow}r)"
    as_noun = (
        rf"(?:m{wide}k|m{wide}s?|{after_consonant}{wide}n|{after_vowel}y{wide}n|{hard}{narrow}[kg]"
        rf"|{after_vowel}y{narrow}s|{after_consonant}{narrow}s|y?{wide}c{wide}[kg])(?:l{wide}r)?{whose}?{case}?{being}?"
    )
    as_adverb = (
        rf"{after_consonant}{narrow}p|{after_vowel}y{narrow}p|{after_consonant}{wide}r{wide}k|{after_vowel}y{wide}r{wide}k"
        rf"|{after_consonant}{narrow}nc{wide}|{after_vowel}y{narrow}nc{wide}|m{wide}d{wide}n"
        rf"|(?:{after_consonant}[iuae]r|{after_vowel}r|yor)?ken|{after_consonant}{wide}l{narrow}|{after_vowel}y{wide}l{narrow}"
    )
    asked = rf"y?{narrow}n(?:{narrow}z)?|s{narrow}n(?:l{wide}r)?"
    finite = rf"{tense}{second}?{who}?(?:l{wide}r)?"
    verb = rf"(?:l{wide}[snt]?)?{voice}{{0,3}}{can}?(?:m[aeiu])?(?:{finite}|{as_noun}|{as_adverb}|{asked})"
    return re.compile(rf"{noun}|{verb}")


def _listed() -> tuple[frozenset[str], frozenset[str]]:
    """Whole words and stems, and those marked `-`, which stand only before a vowel: "kitab-", "bekl-"."""
    text = resources.files(__package__).joinpath("words.txt").read_text("utf-8")
    listed = text.split("\n", 1)[1].split()
    whole = frozenset(word for word in listed if not word.endswith("-"))
    return whole, frozenset(word.removesuffix("-") for word in listed if word.endswith("-"))


_VOWELS: Final = frozenset("aeiou")
_ENDINGS: Final = _endings()
_WORDS, _BEFORE_VOWELS = _listed()
