"""Finds known Turkish words and phrases in a text, whatever endings the words carry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

Key = TypeVar("Key")

SKIPPED_WORDS_MAX = 2  # "çöp (hâlâ) (hiç) alınmadı" is still "çöp alınmadı"
PREFIX_LETTERS_MIN = 3
WORDS_REMEMBERED_MAX = 20_000
_SOFTENED = {"k": "g", "p": "b", "t": "d"}  # köpek, köpeği; dolap, dolabı; kağıt, kağıdı


@dataclass(frozen=True, slots=True)
class Hit(Generic[Key]):
    """A phrase that stands in the text, and the position of its first word."""

    key: Key
    phrase: str
    position: int


@dataclass(frozen=True, slots=True)
class _Word:
    variants: tuple[str, ...]
    is_prefix: bool

    @property
    def starts(self) -> set[str]:
        """The letters by which it is looked up."""
        return {variant[:PREFIX_LETTERS_MIN] for variant in self.variants}

    def matches(self, word: str) -> bool:
        return word.startswith(self.variants) if self.is_prefix else word in self.variants


_Entry = tuple[tuple[_Word, ...], str, Key]  # the words after the first, the phrase, its key


@dataclass(frozen=True, slots=True)
class _Starting(Generic[Key]):
    """The phrases that may start at a word: those of one word, and the others by how their second word begins."""

    alone: tuple[tuple[str, Key], ...]
    by_second: dict[str, list[_Entry[Key]]]

    def followed_by(self, near: Sequence[str]) -> Iterable[_Entry[Key]]:
        """The phrases of several words whose second may be among `near`, each once."""
        starts = dict.fromkeys([word[:PREFIX_LETTERS_MIN] for word in near])
        lists = [self.by_second[start] for start in starts if start in self.by_second]
        if len(lists) < 2:
            return lists[0] if lists else ()
        return {id(entry): entry for entries in lists for entry in entries}.values()


class PhraseBook(Generic[Key]):
    """Many phrases, each with a key, looked up together in one pass over a text's words.

    A phrase is folded words in order; up to `SKIPPED_WORDS_MAX` others may stand between two of them.
    A word of three letters or more stands for every word that starts with it (Turkish adds endings), also with
    its last letter softened; a shorter one, or one written with `=` at its end, only for itself.
    """

    def __init__(self, entries: Iterable[tuple[str, Key]]) -> None:
        self._by_start: dict[str, list[tuple[_Word, _Entry[Key]]]] = {}
        self._starting_with = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._starting)
        for phrase, key in entries:
            first, *rest = map(_word, phrase.split())
            for start in first.starts:
                self._by_start.setdefault(start, []).append((first, (tuple(rest), phrase, key)))

    def find(self, words: Sequence[str]) -> list[Hit[Key]]:
        """All phrases that stand in `words`, in the order of their first words."""
        found: list[Hit[Key]] = []
        for position, word in enumerate(words):
            starting = self._starting_with(word)
            if starting is None:
                continue
            found += [Hit(key, phrase, position) for phrase, key in starting.alone]
            if starting.by_second:
                near = words[position + 1 : position + 2 + SKIPPED_WORDS_MAX]
                for rest, phrase, key in starting.followed_by(near):
                    if _follows(rest, words, position + 1):
                        found.append(Hit(key, phrase, position))
        return found

    def _starting(self, word: str) -> _Starting[Key] | None:
        """The phrases whose first word it is; None: there are none. Remembered, since texts repeat their words."""
        fitting = [entry for first, entry in self._by_start.get(word[:PREFIX_LETTERS_MIN], ()) if first.matches(word)]
        if not fitting:
            return None
        by_second: dict[str, list[_Entry[Key]]] = {}
        for entry in fitting:
            if entry[0]:
                for start in entry[0][0].starts:
                    by_second.setdefault(start, []).append(entry)
        return _Starting(tuple((phrase, key) for rest, phrase, key in fitting if not rest), by_second)


def positions(phrase: str, words: Sequence[str]) -> tuple[int, ...]:
    """Where the words of a phrase stand in `words`, the first time they do; nothing: it is not there."""
    first, *rest = _words_of(phrase)
    start_letters = first.variants[0][:1]
    for start, word in enumerate(words):
        if word[:1] == start_letters and first.matches(word) and (found := _followed(rest, words, start)) is not None:
            return (start, *found)
    return ()


@lru_cache(maxsize=WORDS_REMEMBERED_MAX)
def _words_of(phrase: str) -> tuple[_Word, ...]:
    return tuple(map(_word, phrase.split()))


def _word(written: str) -> _Word:
    stem = written.removesuffix("=")
    if not stem.isalnum():
        raise ValueError(f"not a folded word: {written!r}")
    if written != stem or len(stem) < PREFIX_LETTERS_MIN:
        return _Word((stem,), is_prefix=False)
    softened = stem[:-1] + _SOFTENED.get(stem[-1], stem[-1])
    return _Word((stem, softened) if softened != stem else (stem,), is_prefix=True)


def _followed(rest: Sequence[_Word], words: Sequence[str], start: int) -> list[int] | None:
    found: list[int] = []
    for wanted in rest:
        end = min(start + 1 + SKIPPED_WORDS_MAX + 1, len(words))
        at = next((place for place in range(start + 1, end) if wanted.matches(words[place])), None)
        if at is None:
            return None
        found.append(at)
        start = at
    return found


def _follows(rest: tuple[_Word, ...], words: Sequence[str], start: int) -> bool:
    for wanted in rest:
        for position in range(start, min(start + SKIPPED_WORDS_MAX + 1, len(words))):
            if wanted.matches(words[position]):
                start = position + 1
                break
        else:
            return False
    return True
