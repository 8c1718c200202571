"""How urgent an item is, as a number: 0 is the gravest."""

from collections.abc import Mapping

from shared.contracts import Lane


def urgent_ranks(levels: Mapping[str, Lane]) -> int:
    """How many ranks, from the gravest on, are urgent."""
    return 1 + max((at for at, lane in enumerate(levels.values()) if lane == "urgent"), default=0)


def rank_of(urgency: str | None, lane: Lane, levels: Mapping[str, Lane]) -> int:
    """The place of a level among all, the gravest first; what the urgent lane brought is urgent, whatever its level."""
    codes = list(levels)
    known = codes.index(urgency) if urgency is not None and urgency in levels else len(codes)
    return min(known, urgent_ranks(levels) - 1) if lane == "urgent" else known
