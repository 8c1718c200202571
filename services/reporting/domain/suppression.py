"""Which counts of published sums are left out, so that no small one can be worked out from the others.

The method is cell suppression over a circulation. Tables with their totals are drawn as pipes between nodes: what
flows into a node (the cells of a row) flows out of it again (the row's total). A count from 1 up to `least` - 1 is
small and is hidden. For each small count a circle of hidden pipes through it is closed: along it every true value can
be shifted by 1, 2, ... `least` - 1 without touching a published figure, a sum, or making a hidden count less than 1.
So whoever knows all that is published, and this method, finds at least `least` values for every hidden count.
Hiding more later never takes a possibility away.

Source: Hundepool and others, Statistical Disclosure Control (2012), chapter 4; Gusfield, A graph theoretic approach
to statistical data security (1988): what is hidden in such a table cannot be worked out when it lies on such a circle.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

LEAST_MIN: Final = 5


@dataclass(frozen=True, slots=True)
class Pipe:
    """A count that may be published: it flows from one node to another. `loss`: how much readers miss it."""

    name: Hashable
    tail: Hashable
    head: Hashable
    cases: int
    loss: int = 1


@dataclass(frozen=True, slots=True)
class _Step:
    """A pipe gone through: with its stream its count grows, against it its count falls."""

    pipe: Pipe
    to: Hashable


def hidden(pipes: Sequence[Pipe], least: int) -> frozenset[Hashable]:
    """The names of the counts to leave out; counts of 0 are always published.

    Raises ValueError when the counts do not add up at every node: then nothing is known about what they give away.
    """
    if least < LEAST_MIN:
        raise ValueError(f"counts below {LEAST_MIN} are never published, so `least` is at least {LEAST_MIN}")
    _check_sums(pipes)
    counted = [pipe for pipe in pipes if pipe.cases]
    ways = _ways(counted, least)
    small = sorted((pipe for pipe in counted if pipe.cases < least), key=lambda pipe: (pipe.loss, repr(pipe.name)))
    left_out = {pipe.name for pipe in small}
    for pipe in small:
        left_out.update(step.pipe.name for step in _circle(pipe, ways, left_out))
    return frozenset(left_out)


def _check_sums(pipes: Sequence[Pipe]) -> None:
    left: dict[Hashable, int] = {}
    for pipe in pipes:
        if pipe.cases < 0:
            raise ValueError(f"{pipe.name} counts {pipe.cases} cases")
        left[pipe.tail] = left.get(pipe.tail, 0) - pipe.cases
        left[pipe.head] = left.get(pipe.head, 0) + pipe.cases
    if wrong := [node for node, rest in left.items() if rest]:
        raise ValueError(f"the sums do not close at {wrong[0]}")


def _ways(pipes: Sequence[Pipe], least: int) -> dict[Hashable, list[_Step]]:
    """Where one can go from each node: with the stream always, against it where enough is left to take away."""
    ways: dict[Hashable, list[_Step]] = {}
    for pipe in pipes:
        ways.setdefault(pipe.tail, []).append(_Step(pipe, pipe.head))
        if pipe.cases >= least:  # `least` - 1 less is still 1 or more
            ways.setdefault(pipe.head, []).append(_Step(pipe, pipe.tail))
    return ways


def _circle(start: Pipe, ways: dict[Hashable, list[_Step]], left_out: set[Hashable]) -> list[_Step]:
    """The way back from the head of a pipe to its tail that costs readers least; hidden pipes cost nothing.

    There is one: what flows through a pipe flows back to its beginning somehow (flow decomposition).
    """
    nearest: dict[Hashable, int] = {start.head: 0}
    came_by: dict[Hashable, tuple[Hashable, _Step]] = {}
    order = 0
    waiting: list[tuple[int, int, Hashable]] = [(0, order, start.head)]
    while waiting:
        so_far, _, node = heappop(waiting)
        if node == start.tail:
            return list(_walked(came_by, start))
        if so_far > nearest[node]:
            continue
        for step in ways.get(node, ()):
            if step.pipe.name == start.name:
                continue
            cost = so_far + (0 if step.pipe.name in left_out else step.pipe.loss)
            if cost < nearest.get(step.to, cost + 1):
                nearest[step.to], came_by[step.to] = cost, (node, step)
                order += 1
                heappush(waiting, (cost, order, step.to))
    raise AssertionError("sums that close have a way back")


def _walked(came_by: dict[Hashable, tuple[Hashable, _Step]], start: Pipe) -> Iterator[_Step]:
    node = start.tail
    while node != start.head:
        node, step = came_by[node]
        yield step
