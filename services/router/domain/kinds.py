"""What a citizen wants of us: a request, a suggestion, a complaint, a tip, information, or only to thank."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import exp
from typing import NamedTuple, TypeAlias

from shared.contracts import CaseKind
from shared.municipality.kinds import Kinds
from shared.phrases import Hit, PhraseBook

WORDS_READ_MAX = 400
WORDS_TOLD_MAX = 5
WORDS_REMEMBERED_MAX = 20_000
COUNTED_PER_SIGN_MAX = 2  # so that a long complaint's one request is still heard
_OPENING_WORDS = 3  # within so few a message opens with a courtesy
_COURTESY_WORDS_MAX = 9  # a longer message with no sign but its courtesy tells of something
_ENDING_LETTERS_BEFORE = 2  # "miyor" by itself is no "alınmıyor"


@dataclass(frozen=True, slots=True)
class KindFound:
    """The likeliest kind, how likely (0 to 1), the words that spoke for it, and whether the sender must stay hidden."""

    kind: CaseKind
    share: float
    words: tuple[str, ...]
    hides_identity: bool = False


class _Role(Enum):
    """What a phrase does: shows a sign, takes one away, or hides who wrote."""

    SHOWS = "shows"
    TAKES_AWAY = "takes_away"
    HIDES = "hides"


_Hit: TypeAlias = Hit[tuple[_Role, int]]


class _Spoke(NamedTuple):
    """A sign found in a text: its number, the phrase or the word that showed it, and whether it opens the text."""

    sign: int
    words: str
    opens: bool


class KindWords:
    """The signs of all kinds, compiled once; safe to share, finding changes nothing."""

    def __init__(self, kinds: Kinds) -> None:
        self._prior: Mapping[CaseKind, float] = {signs.code: signs.prior for signs in kinds.kind}
        self._asked: Mapping[CaseKind, float] = {signs.code: signs.question_mark for signs in kinds.kind}
        self._signs = tuple((signs.code, sign) for signs in kinds.kind for sign in signs.sign)
        numbered = [(number, sign) for number, (_, sign) in enumerate(self._signs)]
        self._phrases = PhraseBook(
            [
                *(((phrase, (_Role.SHOWS, number)) for number, sign in numbered for phrase in sign.phrases)),
                *(((phrase, (_Role.TAKES_AWAY, number)) for number, sign in numbered for phrase in sign.unless)),
                *((phrase, (_Role.HIDES, 0)) for phrase in kinds.hides_identity),
            ]
        )
        self._endings = {ending: number for number, sign in reversed(numbered) for ending in sign.endings}
        self._ending_sizes = sorted({len(ending) for ending in self._endings}, reverse=True)
        self._ending_of = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._longest_ending)

    def find(self, text_words: Sequence[str], text: str) -> KindFound:
        """The kind of a message by the words of its folded text, and by its text for the question marks.

        Deterministic. Who asks to stay unnamed gives a tip, whatever else the message says.
        """
        read = text_words[:WORDS_READ_MAX]
        hits = self._phrases.find(read)
        if hiding := next((hit for hit in hits if hit.key[0] is _Role.HIDES), None):
            return KindFound(CaseKind.TIP, 1.0, (hiding.phrase,), hides_identity=True)
        told = self._told(list(self._spoken(read, hits)), len(read) <= _COURTESY_WORDS_MAX)
        asked = self._asked if "?" in text else {}
        scores = {
            kind: prior + asked.get(kind, 0.0) + sum(told.get(kind, {}).values()) for kind, prior in self._prior.items()
        }
        best = max(scores, key=lambda kind: scores[kind])
        share = 1 / sum(exp(score - scores[best]) for score in scores.values())
        return KindFound(best, share, tuple(told.get(best, {}))[:WORDS_TOLD_MAX])

    def _told(self, spoken: Sequence[_Spoke], is_short: bool) -> dict[CaseKind, dict[str, float]]:
        """What speaks for each kind, and how much; a courtesy only where it opens the text or is about all of it."""
        others = [spoke for spoke in spoken if spoke.opens or not self._signs[spoke.sign][1].alone]
        told: dict[CaseKind, dict[str, float]] = {}
        counted = [0] * len(self._signs)
        for number, words, _ in others or (spoken if is_short else ()):
            kind, sign = self._signs[number]
            if counted[number] < COUNTED_PER_SIGN_MAX and words not in told.setdefault(kind, {}):
                told[kind][words] = sign.weight
                counted[number] += 1
        return told

    def _spoken(self, read: Sequence[str], hits: Sequence[_Hit]) -> Iterator[_Spoke]:
        """The signs of a text in order: of those at one word the longest, of a word without any its ending."""
        longest: dict[int, list[_Hit]] = {}
        taken_away = set()
        for hit in hits:
            if hit.key[0] is _Role.TAKES_AWAY:
                taken_away.add(hit.key[1])
                continue
            others = longest.setdefault(hit.position, [])
            if others and len(hit.phrase) > len(others[0].phrase):
                others.clear()
            if not others or len(hit.phrase) == len(others[0].phrase):
                others.append(hit)
        for position, word in enumerate(read):
            signs = [(hit.key[1], hit.phrase) for hit in longest.get(position, ())]
            if not signs and (ended := self._ending_of(word)) is not None:
                signs = [(ended, word)]
            for sign, words in signs:
                if sign not in taken_away:
                    yield _Spoke(sign, words, opens=position < _OPENING_WORDS)

    def _longest_ending(self, word: str) -> int | None:
        return next(
            (
                self._endings[word[-size:]]
                for size in self._ending_sizes
                if len(word) >= size + _ENDING_LETTERS_BEFORE and word[-size:] in self._endings
            ),
            None,
        )
