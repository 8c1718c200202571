"""Finds names of persons by what their words are and what stands beside them; names of places and firms stay.

A given name that is no other word is a name wherever it stands. One that is a word as well ("Deniz", "Barış")
is one only beside a surname, a title, "adım", a kinship or a name before it. A surname is one only after a given
name or in "Sayın …" and "… ailesi". Whatever runs into a place's word ("Ali Yılmaz Sokak") is left alone.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from shared.personal.name_words import FAMILY_NAME, NAME, Sign, remembered, signs
from shared.spelling.turkish import is_turkish

NAME_WORDS_MAX: Final = 4
SIGNATURE_WORDS_MAX: Final = 3
HONOUR_WORDS_MAX: Final = 5
_SHOUTED_SHARE: Final = 0.6  # of the words, from which on capitals say nothing

_WORD: Final = re.compile(r"[#@]?[^\W\d_]+")
_ANYTHING: Final = (
    NAME | FAMILY_NAME | Sign.TITLE | Sign.ADDRESSED | Sign.OFFICE | Sign.CALLED | Sign.GREETING | Sign.KIN | Sign.NAMED
)
_NOTHING_ALONE: Final = Sign.GIVEN_WORD | Sign.SURNAME_WORD
_NUMBERED_PLACE: Final = re.compile(r"[ .,]{0,3}\d{1,4}[ .\-]{0,3}(?:sokak|sokag|sok|sk|cadde|cad|cd|blok|etap)")
_LIST_SIGNS: Final = frozenset({",", "/", "-", "&", "+", ")", "("})


class Capitals(Enum):
    """How a text is typed."""

    TELLING = auto()  # as a teacher wants it: capitals tell names
    SMALL = auto()  # none
    SHOUTED = auto()


class Word(NamedTuple):
    """A word of letters in the text, from `start` up to `end`."""

    start: int
    end: int
    signs: int


def find_names(text: str, read: str) -> list[tuple[int, int]]:
    """Where the names stand, in order; `read` is the text in plain letters."""
    told = [sign for sign in map(signs, _WORD.findall(read)) if sign & _ANYTHING]
    if not told or (len(told) == 1 and not told[0] & ~_NOTHING_ALONE):
        return []
    words = [Word(*match.span(), signs(match[0])) for match in _WORD.finditer(read)]
    return list(_Page(text, read, words).names())


class _Page:
    """A text's words with what may be asked about them."""

    def __init__(self, text: str, read: str, words: Sequence[Word]) -> None:
        self._text = text
        self._read = read
        self._words = words
        self._capitals = _capitals(text, words)

    def names(self) -> Iterator[tuple[int, int]]:
        """The spans of all names that are not a place's."""
        at = 0
        last = -1  # the word behind the last name
        while at < len(self._words):
            if not self._words[at].signs and not self._has_capital(at):
                at += 1
                continue
            end = self._end_of_name(at, last)
            if end > at and self._is_of_a_place(at, end):
                whole = self._without_place(at, end)
                at, end = (at, whole) if whole > at else (end, end)
            if end > at:
                yield self._words[at].start, self._words[end - 1].end
                last = end
            at = max(end, at + 1)

    def _end_of_name(self, at: int, last: int) -> int:
        """The word behind the name that starts at a word; the word itself when none does."""
        mine = self._words[at].signs
        if mine & (Sign.NEVER | Sign.PLACE):
            return at
        if mine & Sign.GIVEN:
            return self._with_surname(at)
        if mine & Sign.GIVEN_WORD and (self._is_said_to_be_one(at) or self._follows_in_a_list(at, last)):
            return self._with_surname(at)
        if mine & Sign.GIVEN_WORD and self._goes_on_as_one(at):
            return self._with_surname(at)
        if self._is_initial(at) and self._is_surname(at + 1):
            return at + 2
        if mine & FAMILY_NAME and self._signs_beside(at, 1) & (Sign.FAMILY | Sign.TITLE) and self._counts(at):
            return at + 1
        return self._end_of_unknown(at)

    def _with_surname(self, at: int) -> int:
        """The word behind a name whose first given name is known."""
        end = at + 1
        while end - at < NAME_WORDS_MAX and self._is_beside(end - 1, end):
            sign = self._words[end].signs
            if sign & (Sign.PLACE | Sign.NEVER | Sign.TITLE | Sign.HONOURED | Sign.JOINS):
                break
            if sign & Sign.GIVEN:
                end += 1
            elif sign & FAMILY_NAME and self._counts_after_a_name(end):
                end += 1
                if not sign & Sign.GIVEN_WORD or not self._is_surname(end):
                    break
            elif sign & Sign.GIVEN_WORD and (self._is_title(end) or self._is_surname(end + 1)):
                end += 1
            elif self._is_unknown_with_capital(end) or self._is_initial(end):
                return end + 1
            else:
                break
        return end

    def _is_said_to_be_one(self, at: int) -> bool:
        """A word beside it says so: "Muhtar Deniz", "Deniz Bey", "adım Deniz", "kızım Deniz"."""
        if self._signs_beside(at, 1) & Sign.TITLE and self._counts(at):
            return True
        before = self._signs_beside(at, -1)
        if before & (Sign.ADDRESSED | Sign.OFFICE | Sign.KIN):
            return self._is_title(at) or self._is_surname(at + 1)
        return bool(self._called(at)) and (self._counts(at) or self._is_surname(at + 1))

    def _called(self, at: int) -> str:
        """What stands between "adım", "isim" … and a word: a space or a colon; nothing when it is not called so."""
        if at == 0 or not self._words[at - 1].signs & Sign.CALLED:
            return ""
        between = self._read[self._words[at - 1].end : self._words[at].start]
        return between if between.strip() in ("", ":", "=", ": -") and len(between) <= _BETWEEN_LETTERS_MAX else ""

    def _follows_in_a_list(self, at: int, last: int) -> bool:
        """ "Ayşe, Deniz ve Umut": with capitals that tell, or with a surname of its own."""
        if last < 0 or at not in (last, last + 1):
            return False
        if at == last + 1 and not self._words[last].signs & Sign.JOINS:
            return False
        between = self._read[self._words[last - 1].end : self._words[last].start].strip()
        if not between:  # names in a row, or joined by "ve"
            return self._is_surname(at + 1) or (at > last and self._is_title(at))
        return at == last and between in _LIST_SIGNS and (self._is_title(at) or self._is_surname(at + 1))

    def _goes_on_as_one(self, at: int) -> bool:
        """A surname or a name behind it: "Deniz Yılmaz", "Gül Ayşe"."""
        if not self._is_beside(at, at + 1):
            return False
        behind = self._words[at + 1].signs
        if behind & (Sign.SURNAME | Sign.GIVEN):
            return self._capitals is not Capitals.TELLING or (self._is_title(at) and self._counts(at + 1))
        is_called_up = self._read[self._words[at + 1].end :][:_BETWEEN_LETTERS_MAX].lstrip(" :-").startswith("\0")
        return bool(behind & Sign.SURNAME_WORD) and (is_called_up or (self._is_title(at) and self._is_title(at + 1)))

    def _end_of_unknown(self, at: int) -> int:
        """The word behind a name that no list has, by its capitals and by what stands beside it; else `at`."""
        if not self._is_title(at) or not self._may_be_unknown(at):
            return at
        end = self._end_of_capitals(at)
        before, behind = self._signs_beside(at, -1), self._signs_beside(end - 1, 1)
        if before & Sign.ADDRESSED or self._called(at):
            return at if self._words[end - 1].signs & Sign.OFFICE else end
        if self._signs_beside(at, 1) & Sign.POLITE and at and not self._words[at].signs & Sign.OFFICE:
            return at + 1
        if before & Sign.GREETING or self._greets_before(at):
            return end if end == len(self._words) and end - at > 1 else at
        if end - at < 2 or self._is_ordinary(at):
            return at
        # "Muhtar Xxxx Yyyy", "komşum Xxxx Yyyy", "Xxxx Yyyy isimli", "Xxxx Yılmaz"
        is_said = before & (Sign.OFFICE | Sign.KIN) or behind & Sign.NAMED or self._words[at + 1].signs & Sign.SURNAME
        return end if is_said else at

    def _is_ordinary(self, at: int) -> bool:
        """A word of the language, which has its capital from the beginning of a sentence or for weight."""
        return is_turkish(self._read[self._words[at].start : self._words[at].end])

    def _greets_before(self, at: int) -> bool:
        """ "Saygılarımla," with a comma or a new line behind it."""
        if at == 0 or not self._words[at - 1].signs & Sign.GREETING:
            return False
        return not self._read[self._words[at - 1].end : self._words[at].start].strip(" \n,.!-")

    def _end_of_capitals(self, at: int) -> int:
        end = at + 1
        while (
            end - at < SIGNATURE_WORDS_MAX
            and self._is_beside(end - 1, end)
            and self._is_title(end)
            and self._may_be_unknown(end)
        ):
            end += 1
        return end

    def _is_of_a_place(self, at: int, end: int) -> bool:
        """The name of a street, a school or a firm, or of somebody whom these are named after."""
        last = self._words[end - 1]
        pair = " ".join(self._read[word.start : word.end] for word in self._words[at : at + 2])
        if remembered(pair) or self._is_honoured_before(at):
            return True
        behind = self._signs_beside(end - 1, 1)
        if behind & (Sign.PLACE | Sign.HONOURED) or _NUMBERED_PLACE.match(self._read, last.end):
            return True
        is_whole = end - at > 1 and last.signs & FAMILY_NAME and not behind & Sign.TITLE
        if is_whole or behind & (Sign.GIVEN | Sign.NEVER | Sign.JOINS):
            return False
        # "Mehmet Kafadar Caddesi" with a surname that no list has, "Aslan Bey Mahallesi"
        return bool(self._signs_beside(end, 1) & (Sign.PLACE | Sign.HONOURED)) and self._is_beside(end - 1, end)

    def _is_honoured_before(self, at: int) -> bool:
        """ "Şehit Polis Memuru Xxxx": who fell, and whom the street is named after."""
        for before in range(at - 1, max(at - HONOUR_WORDS_MAX, 0) - 1, -1):
            if not self._signs_beside(before + 1, -1) and not self._is_beside(before, before + 1):
                return False
            if self._words[before].signs & Sign.HONOURS:
                return True
        return False

    def _without_place(self, at: int, end: int) -> int:
        """The word behind a whole name before the name of a place: "Ali Yılmaz Kaya Sokak", or `at`."""
        is_whole = end - at > 2 and self._words[end - 2].signs & FAMILY_NAME and self._words[at].signs & Sign.GIVEN
        is_given = (self._words[end - 2].signs | self._words[end - 1].signs) & Sign.GIVEN
        return end - 1 if is_whole and not is_given else at

    def _is_surname(self, at: int) -> bool:
        """A surname right behind the word before it."""
        return (
            at < len(self._words)
            and bool(self._words[at].signs & FAMILY_NAME)
            and self._is_beside(at - 1, at)
            and self._counts_after_a_name(at)
        )

    def _counts_after_a_name(self, at: int) -> bool:
        """Behind a name with a capital a surname that is a word as well has one, too."""
        is_sure = bool(self._words[at].signs & Sign.SURNAME)
        return is_sure or self._counts(at) or not self._has_capital(at - 1)

    def _counts(self, at: int) -> bool:
        """Its capital does not speak against it."""
        return self._capitals is not Capitals.TELLING or self._has_capital(at)

    def _is_unknown_with_capital(self, at: int) -> bool:
        return self._is_title(at) and self._may_be_unknown(at) and not self._words[at].signs

    def _may_be_unknown(self, at: int) -> bool:
        no_name = Sign.NEVER | Sign.PLACE | Sign.TITLE | Sign.GREETING | Sign.CALLED | Sign.JOINS | Sign.HONOURED
        return not self._words[at].signs & no_name and self._words[at].end - self._words[at].start > 1

    def _is_initial(self, at: int) -> bool:
        """One capital with a full stop: "A. Yılmaz", "Ayşe K."."""
        start, end, _ = self._words[at]
        return end - start == 1 and self._text[start].isupper() and self._text[end : end + 1] == "."

    def _is_title(self, at: int) -> bool:
        """A capital that tells something: the first letter only, in a text that is not shouted."""
        start, end, _ = self._words[at]
        return (
            self._capitals is Capitals.TELLING
            and self._text[start].isupper()
            and not (end - start > 1 and self._text[start + 1].isupper())
        )

    def _has_capital(self, at: int) -> bool:
        return self._text[self._words[at].start].isupper()

    def _is_beside(self, at: int, behind: int) -> bool:
        """Nothing but spaces between two words, or the full stop of an initial."""
        if behind >= len(self._words):
            return False
        between = self._read[self._words[at].end : self._words[behind].start]
        return between in (" ", "  ") or (between in (". ", ".") and self._is_initial(at))

    def _signs_beside(self, at: int, step: int) -> int:
        """What the word before or behind is, when only spaces and a full stop stand between."""
        other = at + step
        if not 0 <= other < len(self._words):
            return 0
        first, second = min(at, other), max(at, other)
        between = self._read[self._words[first].end : self._words[second].start]
        return self._words[other].signs if between in (" ", "  ", ".", ". ") else 0


_BETWEEN_LETTERS_MAX: Final = 4


def _capitals(text: str, words: Sequence[Word]) -> Capitals:
    longer = [word for word in words if word.end - word.start > 1]
    shouted = sum(text[word.start].isupper() and text[word.start + 1].isupper() for word in longer)
    if shouted > _SHOUTED_SHARE * len(longer):
        return Capitals.SHOUTED
    # The first word has a capital in any case on a telephone.
    if any(text[word.start].isupper() for word in words[1:]):
        return Capitals.TELLING
    return Capitals.SMALL
