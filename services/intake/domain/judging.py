"""Tells spam by learned weights of hashed words and signs that any reader sees, and abuse by a list of insults.

The weights were learned by `python -m ops.train_spam`; no text can be read back from them. Only words that ask for
nothing are held: a complaint stays a complaint, however rude or loud.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from services.intake.domain.holding import Judgement
from services.intake.domain.numbers import find_numbers
from shared.contracts import MessageReceived
from shared.municipality import Municipality
from shared.phrases import PhraseBook
from shared.text import fold, words

MODEL: Final = Path(__file__).parent / "model"
BUCKETS: Final = 1 << 13
LETTERS_MAX: Final = 1_500
STEM_LETTERS: Final = (4, 6)
# Shouting is most of a text in capitals, and more than a word or two.
SHOUTED_SHARE: Final = 0.6
SHOUTED_LETTERS_MIN: Final = 20

_LINK: Final = re.compile(r"https?://|www\.|\b[\w-]{2,40}\.(?:com|net|org|tr|ly|me|co|link|xyz|info)\b", re.IGNORECASE)
_OPERATOR: Final = re.compile(r"\bB\d{3}\b")  # the sender's code that commercial SMS in Turkey end with
_MONEY: Final = re.compile(r"\d+ ?(?:tl|lira|%)|% ?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Weights:
    """A logistic regression over hashed words; `threshold` is the probability from which it is believed."""

    values: npt.NDArray[np.float32]
    bias: float
    threshold: float

    def chance(self, buckets: npt.NDArray[np.intp]) -> float:
        """The probability that the words are of this kind."""
        score = float(self.values[buckets].sum()) / max(1.0, len(buckets) ** 0.5) + self.bias
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True)
class WordJudge:
    """Judges words with a municipality's own topics beside it: who names one asks for something."""

    topics: PhraseBook[None]
    insults: PhraseBook[None]

    @classmethod
    def of(cls, place: Municipality) -> "WordJudge":
        """With the phrases of all topics, and what is an insult there."""
        return cls(
            PhraseBook((phrase, None) for topic in place.topics for phrase in topic.phrases),
            PhraseBook((phrase, None) for phrase in place.conversation.abuse.phrases),
        )

    def judge(self, message: MessageReceived) -> Judgement:
        """What the words look like; none of them stands in the answer."""
        text = message.text[:LETTERS_MAX]
        said = words(fold(text))
        if not said:
            return Judgement()
        signs, spam = tuple(signs_of(text)), weights()
        like_spam = spam.chance(buckets_of(said, signs)) >= spam.threshold
        is_abuse = bool(self.insults.find(said))
        if not like_spam and not is_abuse:
            return Judgement()
        asks = self._asks(message, text, said)
        is_spam = like_spam and (not asks or "link" in signs or "operator_code" in signs)
        because = (*(["words_of_spam"] if is_spam else []), *(["words_of_abuse"] if is_abuse else []), *signs)
        return Judgement(is_spam, is_abuse, asks, because if is_spam or is_abuse else ())

    def _asks(self, message: MessageReceived, text: str, said: list[str]) -> bool:
        """Whether it names one of our topics, a case or a point."""
        return bool(self.topics.find(said)) or bool(find_numbers(text)) or message.place.latitude is not None


def signs_of(text: str) -> Iterator[str]:
    """What anybody sees at a glance: links, shouting, a commercial sender's code, money."""
    if "." in text and _LINK.search(text):
        yield "link"
    if _OPERATOR.search(text):
        yield "operator_code"
    if _MONEY.search(text):
        yield "money"
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) >= SHOUTED_LETTERS_MIN and sum(map(str.isupper, letters)) >= SHOUTED_SHARE * len(letters):
        yield "shouting"


def buckets_of(said: list[str], signs: Iterable[str]) -> npt.NDArray[np.intp]:
    """The features of a text: its words by their beginnings, neighbours, and its signs, each once, as buckets."""
    named = {f"w {word[:size]}" for word in said for size in STEM_LETTERS}
    named |= {f"p {first[:5]} {second[:5]}" for first, second in pairwise(said)}
    named |= {f"s {sign}" for sign in signs}
    return np.fromiter({crc32(name.encode()) % BUCKETS for name in named}, dtype=np.intp)


@cache
def weights() -> Weights:
    """The weights of spam as they were learned; read once."""
    card = json.loads((MODEL / "spam.json").read_text(encoding="utf-8"))
    with np.load(MODEL / "spam.npz") as stored:
        return Weights(stored["values"].astype(np.float32), card["bias"], card["threshold"])
