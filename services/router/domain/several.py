"""Whether one message tells of matters of several owners ("su borusu patladı, ayrıca çöpler de alınmıyor")."""

from collections.abc import Collection, Sequence
from itertools import pairwise, product
from typing import Final

from shared.contracts import Proposal
from shared.phrases import positions
from shared.topic_words import STRENGTH_MAX, TopicEvidence

FURTHER_MAX: Final = 2
STRENGTH_MIN: Final = 1.75  # two words in order: seldom there by chance
APART_WORDS_MIN: Final = 3  # nearer words are about one thing: "yoldaki su borusu"
WORDS_READ_MAX: Final = 600
# Who goes on to a second matter says so.
JOINING: Final = frozenset({"ayrica", "birde", "ustelik", "ikincisi", "ilaveten", "dahasi"})
JOINING_PAIRS: Final = frozenset(
    {("bir", "de"), ("bir", "diger"), ("bir", "baska"), ("yani", "sira"), ("ek", "olarak")}
)


def further_owners(
    text_words: Sequence[str], topics: Sequence[TopicEvidence], owner: str, nobody: Collection[str]
) -> tuple[Proposal, ...]:
    """Owners of further matters of the message besides `owner`, the likeliest first; `nobody`: who gets none.

    Both matters are told in words of their own, apart from each other, with a word that joins a second one between.
    """
    read = text_words[:WORDS_READ_MAX]
    joints = _joints(read)
    if not joints:
        return ()
    own = [spot for row in topics if row.topic.owner == owner for spot in _spots(row, read)]
    found: dict[str, Proposal] = {}
    for row in topics:
        other = row.topic.owner
        if other == owner or other in nobody or other in found or row.strength < STRENGTH_MIN:
            continue
        if any(_are_two(one, two, joints) for one, two in product(own, _spots(row, read))):
            confidence = round(row.strength / STRENGTH_MAX, 2)
            found[other] = Proposal(owner=other, topic=row.topic.code, confidence=confidence)
    return tuple(found.values())[:FURTHER_MAX]


def _spots(row: TopicEvidence, read: Sequence[str]) -> list[tuple[int, int]]:
    """Where its phrases stand: the first and last word of each."""
    places = [positions(phrase, read) for phrase in row.phrases]
    return [(place[0], place[-1]) for place in places if place]


def _joints(read: Sequence[str]) -> list[int]:
    pairs = enumerate(pairwise(read))
    return [at for at, word in enumerate(read) if word in JOINING] + [at for at, pair in pairs if pair in JOINING_PAIRS]


def _are_two(one: tuple[int, int], two: tuple[int, int], joints: Sequence[int]) -> bool:
    first, second = sorted((one, two))
    between = [joint for joint in joints if first[1] < joint <= second[0]]
    return bool(between) and second[0] - first[1] >= APART_WORDS_MIN
