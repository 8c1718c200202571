"""The subjects of one message: its parts, each with what it is about, so that a second matter is not lost.

"Çöpler alınmıyor, ayrıca sokak lambası yanmıyor" has two owners; "çöp kamyonu köpeğe çarptı" has one. A message is cut
at sentence ends, commas and the words people go on with, and an owner counts as a further one only where a part
speaks clearly for it and not for the first.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

from shared.contracts import Proposal
from shared.text import fold, words
from shared.topic_words import STRENGTH_MAX, TopicEvidence, TopicWords

LETTERS_READ_MAX: Final = 5_000
PARTS_MAX: Final = 40
FURTHER_MAX: Final = 2

# How strongly a part has to speak for a further owner, by what stands between it and the first one's.
_WITH_JOINING_WORD: Final = 1.0  # one word that is no hint
_SAID_SHORTLY: Final = 1.75  # two words in order
_SAID_AT_LENGTH: Final = 2.5  # three, or more phrases than one: who tells a long story names much besides
_SHORT_LETTERS_MAX: Final = 130
_MORE_WHERE_RELATED: Final = 0.75  # owners of the same topics: likelier one matter than two
_FIRST_LEAST: Final = 1.0  # the first owner needs a part of its own as well
_FIRST_PART_OF_FURTHER: Final = 0.6  # more than so much for the first, and the part is its own

_CUT: Final = re.compile(r"[.!?;:,\n]+| ve | VE ")
_JOINING_PAIRS: Final = frozenset(
    {
        *(("bir", "de"), ("bir", "diger"), ("bir", "baska"), ("yani", "sira"), ("ek", "olarak"), ("hem", "de")),
        *(("bunun", "yaninda"), ("bununla", "birlikte"), ("bundan", "baska"), ("bunun", "disinda"), ("diger", "konu")),
        *(("ikinci", "olarak"), ("ikinci", "konu"), ("ikinci", "sorun"), ("diger", "sorun"), ("baska", "bir")),
    }
)
_JOINING: Final = frozenset(["ayrica", "birde", "ustelik", "ikincisi", "ilaveten", "dahasi", "hemde"])


@dataclass(frozen=True, slots=True)
class Subject:
    """A part of a message with what it is most about. `start` and `end` are letters of the text.

    `share` is how much of what the part's words speak for is this topic's owner; `joined`: a word before it says that
    a further matter follows.
    """

    start: int
    end: int
    topic: str
    owner: str
    strength: float
    share: float
    joined: bool
    evidence: tuple[TopicEvidence, ...]


def subjects(text: str, topics: TopicWords, found: Sequence[TopicEvidence]) -> tuple[Subject, ...]:
    """The parts of a text that are about something, in their order; hints (weak words) make no subject.

    `found` is what the text as a whole is about: nothing else is found in a part. With one owner there is nothing to
    cut: the text is one subject.
    """
    codes = {row.topic.code for row in found if not row.is_hint}
    owners = {row.topic.owner for row in found if not row.is_hint}
    if len(owners) < 2:
        whole = _Part(0, len(text), [], joined=False)
        return (_subject(whole, tuple(row for row in found if not row.is_hint)),) if owners else ()
    parts = ((part, topics.find(part.words)) for part in _parts(text[:LETTERS_READ_MAX]))
    told = ((part, tuple(row for row in rows if row.topic.code in codes and not row.is_hint)) for part, rows in parts)
    return tuple(_subject(part, rows) for part, rows in told if rows)


def further_owners(parts: Sequence[Subject], owner: str, nobody: Collection[str]) -> tuple[Proposal, ...]:
    """Owners of further matters of the message besides `owner`, the surest first; `nobody`: who gets none."""
    first = [at for at, part in enumerate(parts) if _strength_for(owner, part) >= _FIRST_LEAST]
    found: dict[str, Subject] = {}
    for at, part in enumerate(parts):
        if part.owner == owner or part.owner in nobody:
            continue
        if _strength_for(owner, part) > _FIRST_PART_OF_FURTHER * part.strength:
            continue
        if any(part.strength >= _needed(parts, at, other, owner) for other in first if other != at):
            found[part.owner] = max(found.get(part.owner, part), part, key=lambda each: each.strength)
    surest = sorted(found.values(), key=lambda part: (-part.strength, part.owner))
    return tuple(
        Proposal(owner=part.owner, topic=part.topic, confidence=round(part.strength / STRENGTH_MAX, 2))
        for part in surest[:FURTHER_MAX]
    )


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    end: int
    words: list[str]
    joined: bool


def _parts(text: str) -> Iterator[_Part]:
    """The text cut at signs and joining words; at most about `PARTS_MAX`, the rest is in the last."""
    start = 0
    for cut in islice(_CUT.finditer(text), PARTS_MAX):
        yield from _cut_at_joining_words(start, cut.start(), words(fold(text[start : cut.start()])))
        start = cut.end()
    yield from _cut_at_joining_words(start, len(text), words(fold(text[start:])))


def _cut_at_joining_words(start: int, end: int, read: list[str]) -> Iterator[_Part]:
    begins = [0, *_joints(read), len(read)]
    for at, (begin, until) in enumerate(pairwise(begins)):
        if until > begin:
            yield _Part(start, end, read[begin:until], joined=at > 0)


def _joints(read: Sequence[str]) -> list[int]:
    """Where a joining word, or the first of two that join together, stands."""
    alone = {at for at, word in enumerate(read) if word in _JOINING}
    return sorted(alone | {at for at, pair in enumerate(pairwise(read)) if pair in _JOINING_PAIRS})


def _subject(part: _Part, evidence: tuple[TopicEvidence, ...]) -> Subject:
    best = evidence[0]
    total = sum(max(row.strength for row in evidence if row.topic.owner == owner) for owner in _owners(evidence))
    return Subject(
        part.start,
        part.end,
        topic=best.topic.code,
        owner=best.topic.owner,
        strength=best.strength,
        share=best.strength / total,
        joined=part.joined,
        evidence=evidence,
    )


def _owners(evidence: Sequence[TopicEvidence]) -> set[str]:
    return {row.topic.owner for row in evidence}


def _needed(parts: Sequence[Subject], at: int, first: int, owner: str) -> float:
    """How strongly the part at `at` has to speak for a matter besides that of the part at `first`."""
    joined = any(part.joined for part in parts[min(at, first) + 1 : max(at, first) + 1])
    more = _MORE_WHERE_RELATED if _are_related(parts[at], parts[first], owner) else 0.0
    apart = _SAID_SHORTLY if parts[-1].end <= _SHORT_LETTERS_MAX else _SAID_AT_LENGTH
    return (_WITH_JOINING_WORD if joined else apart) + more


def _strength_for(owner: str, part: Subject) -> float:
    return max((row.strength for row in part.evidence if row.topic.owner == owner), default=0.0)


def _are_related(part: Subject, other: Subject, owner: str) -> bool:
    """Whether the two topics concern each other's owners."""
    mine = next(row.topic for row in other.evidence if row.topic.owner == owner)
    yours = part.evidence[0].topic
    return part.owner in {row.owner for row in mine.also} or owner in {row.owner for row in yours.also}
