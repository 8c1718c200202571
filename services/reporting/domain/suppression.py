"""Which counts of published sums are left out, so that no small one can be worked out from the others.

The method is cell suppression over a circulation. Tables with their totals are drawn as pipes between nodes: what
flows into a node (the cells of a row) flows out of it again (the row's total). A count from 1 up to `least` - 1 is
small and is hidden. Around each hidden count circles of hidden pipes are closed until the flow along them can raise
and lower it over at least `least` values, without touching a published figure or a sum, or making a hidden count
less than 1. Every such shift is another table that looks the same from outside. So whoever knows all that is
published, and this method, finds at least `least` values for every hidden count. Hiding more later never takes a
possibility away.

Source: Hundepool and others, Statistical Disclosure Control (2012), chapter 4; Gusfield, A graph theoretic approach
to statistical data security (1988): what is hidden in such a table cannot be worked out when it lies on such a circle.
"""

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final

LEAST_MIN: Final = 5
ROOM_MAX: Final = 1_000_000_000  # no count is larger


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
    """A pipe gone through: with its stream its count grows (`sign` 1), against it its count falls (-1)."""

    pipe: Pipe
    sign: int
    to: Hashable


def hidden(pipes: Sequence[Pipe], least: int) -> frozenset[Hashable]:
    """The names of the counts to leave out; counts of 0 are always published.

    Raises ValueError when the counts do not add up at every node: then nothing is known about what they give away.
    """
    if least < LEAST_MIN:
        raise ValueError(f"counts below {LEAST_MIN} are never published, so `least` is at least {LEAST_MIN}")
    _check_sums(pipes)
    return _Hiding(pipes, least).all()


def _check_sums(pipes: Sequence[Pipe]) -> None:
    left: dict[Hashable, int] = {}
    for pipe in pipes:
        if pipe.cases < 0:
            raise ValueError(f"{pipe.name} counts {pipe.cases} cases")
        left[pipe.tail] = left.get(pipe.tail, 0) - pipe.cases
        left[pipe.head] = left.get(pipe.head, 0) + pipe.cases
    if wrong := [node for node, rest in left.items() if rest]:
        raise ValueError(f"the sums do not close at {wrong[0]}")


class _Hiding:
    """The counts hidden so far; grows until every one of them may have enough values."""

    def __init__(self, pipes: Sequence[Pipe], least: int) -> None:
        self._shifts = least - 1
        counted = [pipe for pipe in pipes if pipe.cases]
        small = sorted((pipe for pipe in counted if pipe.cases < least), key=lambda pipe: (pipe.loss, repr(pipe.name)))
        self._left_out = {pipe.name for pipe in small}
        self._unsure = deque(small)
        self._ways: dict[Hashable, list[_Step]] = {}
        for pipe in counted:
            self._ways.setdefault(pipe.tail, []).append(_Step(pipe, 1, pipe.head))
            self._ways.setdefault(pipe.head, []).append(_Step(pipe, -1, pipe.tail))

    def all(self) -> frozenset[Hashable]:
        """What must be hidden for the small counts, and for what is hidden with them."""
        while self._unsure:
            self._protect(self._unsure.popleft())
        return frozenset(self._left_out)

    def _protect(self, pipe: Pipe) -> None:
        """See that a hidden count may have enough values, with as little more hidden as is easily found."""
        at_most = min(self._shifts, pipe.cases - 1)
        fewer = self._shifted(pipe, pipe.tail, pipe.head, at_most, {}, hide=False)
        changes: dict[Hashable, int] = {}
        more = self._shifted(pipe, pipe.head, pipe.tail, self._shifts - fewer, changes, hide=False)
        missing = self._shifts - fewer - more
        if self._shifted(pipe, pipe.head, pipe.tail, missing, changes, hide=True) < missing:
            raise AssertionError("what flows through a pipe flows back to its beginning")

    def _shifted(
        self, around: Pipe, begin: Hashable, end: Hashable, wanted: int, changes: dict[Hashable, int], *, hide: bool
    ) -> int:
        """How much flow, at most `wanted`, goes from `begin` to `end` past a pipe; through hidden ones only, or not.

        `changes`: what was already shifted, by pipe; what is shifted now is added. `hide`: what is gone through is
        hidden from now on.
        """
        done = 0
        while done < wanted and (circle := self._circle(around, begin, end, changes, hide=hide)):
            amount = min(wanted - done, *(_room(step, changes) for step in circle))
            done += amount
            for step in circle:
                changes[step.pipe.name] = changes.get(step.pipe.name, 0) + step.sign * amount
                if step.pipe.name not in self._left_out:
                    self._left_out.add(step.pipe.name)
                    self._unsure.append(step.pipe)
        return done

    def _circle(
        self, around: Pipe, begin: Hashable, end: Hashable, changes: dict[Hashable, int], *, hide: bool
    ) -> list[_Step]:
        """The way that costs readers least (Dijkstra); hidden pipes cost nothing. [] when there is none."""
        nearest: dict[Hashable, int] = {begin: 0}
        came_by: dict[Hashable, tuple[Hashable, _Step]] = {}
        order = count()
        waiting: list[tuple[int, int, Hashable]] = [(0, next(order), begin)]
        while waiting:
            so_far, _, node = heappop(waiting)
            if node == end:
                return list(_walked(came_by, begin, end))
            if so_far > nearest[node]:
                continue
            for step in self._ways.get(node, ()):
                is_hidden = step.pipe.name in self._left_out
                if step.pipe.name == around.name or not (is_hidden or hide) or not _room(step, changes):
                    continue
                cost = so_far + (0 if is_hidden else step.pipe.loss)
                if cost < nearest.get(step.to, cost + 1):
                    nearest[step.to], came_by[step.to] = cost, (node, step)
                    heappush(waiting, (cost, next(order), step.to))
        return []


def _room(step: _Step, changes: dict[Hashable, int]) -> int:
    """How far the count of a pipe can be shifted that way; one that falls stays 1 or more."""
    return ROOM_MAX if step.sign > 0 else step.pipe.cases - 1 + changes.get(step.pipe.name, 0)


def _walked(came_by: dict[Hashable, tuple[Hashable, _Step]], begin: Hashable, end: Hashable) -> Iterator[_Step]:
    node = end
    while node != begin:
        node, step = came_by[node]
        yield step
