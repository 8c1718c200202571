"""The words of a text with their places in it, as the address tagger reads them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.addresses.lexicon import WORD_LETTERS_MAX, WORDS_TOO, WordKind, folded, kind_of

TEXT_LETTERS_MAX: Final = 20_000
# Words further from any word of an address than this are not looked at.
WORDS_BEFORE: Final = 7
WORDS_AFTER: Final = 9
WINDOW_WORDS_MAX: Final = 400

# Digits and letters apart, so that "No22" and "19mayıs" are two words each; marks stay with their letter.
_WORD: Final = re.compile(r"\d+|(?:[^\W\d_][\u0300-\u036f]*)+")
# "Sokak köpekleri" are in no street of a name.
_OF_ANY_STREET: Final = ("kopek", "hayvan", "kedi", "cocuk", "lamba", "satici", "direk", "duzeyi", "sanat")
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_CUES: Final = frozenset(
    {
        WordKind.NEIGHBOURHOOD,
        WordKind.STREET,
        WordKind.VILLAGE,
        WordKind.BUILDING,
        WordKind.BLOCK,
        WordKind.PUBLIC,
        WordKind.NUMBER,
        WordKind.FLOOR,
        WordKind.DISTRICT,
        WordKind.DISTRICT_WORD,
    }
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Parallel columns, one entry a word: where it stands, folded, its kind, its shape and what stands before it."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    words: Sequence[str]
    kinds: Sequence[WordKind]
    shapes: Sequence[str]
    gaps: Sequence[str]

    def __len__(self) -> int:
        return len(self.words)


def read(text: str) -> Tokens:
    """The words of the first `TEXT_LETTERS_MAX` letters; places count in the text as given."""
    text = text[:TEXT_LETTERS_MAX]
    plain = folded(text)
    spans = [match.span() for match in _WORD.finditer(plain)]
    words = [plain[start : min(end, start + WORD_LETTERS_MAX)] for start, end in spans]
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        words = [_MARKS.sub("", word) for word in words]
    shapes = [_shape(text[start : min(end, start + WORD_LETTERS_MAX)]) for start, end in spans]
    end_before, gaps = 0, []
    for start, end in spans:
        gaps.append("_" if start == end_before + 1 and text[end_before] == " " else _gap(text[end_before:start][:4]))
        end_before = end
    return Tokens(
        text,
        [start for start, _ in spans],
        [end for _, end in spans],
        words,
        _kinds(words, shapes),
        shapes,
        gaps,
    )


def windows(tokens: Tokens) -> list[tuple[int, int]]:
    """Where an address can stand: ranges of words round those that only addresses have."""
    found: list[tuple[int, int]] = []
    total = 0
    for at, kind in enumerate(tokens.kinds):
        if kind not in _CUES:
            continue
        start, end = max(0, at - WORDS_BEFORE), min(len(tokens), at + WORDS_AFTER + 1)
        if found and start <= found[-1][1]:
            total += end - found[-1][1]
            found[-1] = (found[-1][0], end)
        else:
            total += end - start
            found.append((start, end))
        if total >= WINDOW_WORDS_MAX:
            break
    return found


def _kinds(words: Sequence[str], shapes: Sequence[str]) -> list[WordKind]:
    kinds = [
        WordKind.OTHER if shape == "l" and word in WORDS_TOO else kind_of(word)
        for word, shape in zip(words, shapes, strict=True)
    ]
    for at, word in enumerate(words[:-1]):
        if word == "sokak" and words[at + 1].startswith(_OF_ANY_STREET):
            kinds[at] = WordKind.COMMON
    return kinds


@lru_cache(maxsize=8192)
def _shape(written: str) -> str:
    if written.isdigit():
        return "d"
    if written.islower():
        return "l"
    if written.isupper():
        return "U" if len(written) > 1 else "C"
    return "C" if written[0].isupper() else "m"


@lru_cache(maxsize=4096)
def _gap(between: str) -> str:
    """What stands between two words, as one of a few letters."""
    if not between:
        return "0"
    bare = between.strip(" ")
    if not bare:
        return "_"
    for sign, name in (("\n", "!"), ("#", "#"), ("@", "@"), (":", ":"), ("(", "("), (")", ")"), (",", ",")):
        if sign in bare:
            return name
    if bare in ("'", "’", "‘", "`"):
        return "'"
    if bare == ".":
        return "." if between == "." else ";"
    if bare in ("/", "\\", "|"):
        return "/"
    return "-" if bare in ("-", "–", "—") else "!"
