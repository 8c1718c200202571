"""Lanes: a queue of letters for each provider, with its pace, so that one that is stuck holds up its own only."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog

from services.notifier.domain import Answer, Result, Ways
from services.notifier.domain.failover import Weights
from services.notifier.senders import Letter, Sender
from shared import metrics
from shared.contracts import Channel

log = structlog.get_logger()

# Letters of one lane that are with the provider at the same time.
CALLS_MAX: Final = 32
# Letters of one lane in memory; what is beyond stays in the database.
LANE_MAX: Final = 1_000
# So long letters gather while others are with the provider, so that one statement marks several.
GATHER_SECONDS: Final = 0.003
# Moments of a line's pace that are booked ahead, as a share of a second.
BOOK_SECONDS: Final = 0.25
# A letter whose lease was not renewed for so long may be somebody else's by now: it is not sent.
TRUST_SECONDS: Final = 30.0


@dataclass
class Held:
    """A letter leased to this process, on its way to a provider."""

    letter: Letter
    notice_id: UUID
    channel: Channel
    provider: str
    is_urgent: bool = False
    trusted_from: float = field(default_factory=time.monotonic)


@dataclass
class Lane:
    """The letters for one provider. Urgent ones go first; what one recipient is told stays in order."""

    name: str
    channel: Channel
    sender: Sender
    per_second: float
    urgent: deque[Held] = field(default_factory=deque)
    routine: deque[Held] = field(default_factory=deque)
    calling: set[str] = field(default_factory=set)
    something: asyncio.Event = field(default_factory=asyncio.Event)
    # When the next letters of each line may go, as booked, by the clock of this process.
    booked: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Letters that were not given to the provider yet."""
        return len(self.urgent) + len(self.routine)

    def put(self, held: Held) -> None:
        """Behind those that wait."""
        (self.urgent if held.is_urgent else self.routine).append(held)
        self.something.set()

    def take(self) -> list[Held]:
        """The next letters, each to a recipient who has none on the way, as many as may be with the provider and as
        its pace allows in one go."""
        taken: list[Held] = []
        at_once = max(1, int(self.per_second * BOOK_SECONDS))
        for queue in (self.urgent, self.routine):
            passed: list[Held] = []
            while queue and len(taken) < at_once and len(self.calling) < CALLS_MAX and len(passed) < CALLS_MAX:
                held = queue.popleft()
                if held.letter.address in self.calling or any(
                    one.letter.address == held.letter.address for one in passed
                ):
                    passed.append(held)
                    continue
                self.calling.add(held.letter.address)
                taken.append(held)
            queue.extendleft(reversed(passed))
        return taken

    def done(self, held: Held) -> None:
        """The provider answered, or was not asked after all."""
        self.calling.discard(held.letter.address)
        self.something.set()


class Lanes:
    """All lanes of this process, and the choice between providers of one channel."""

    def __init__(self, senders: Mapping[str, tuple[Channel, Sender]], rates: Mapping[str, float], weights: Weights):
        self._lanes = {
            name: Lane(name, channel, sender, rates[name]) for name, (channel, sender) in sorted(senders.items())
        }
        self._weights = weights
        by_channel: dict[Channel, set[str]] = {}
        for name, (channel, _) in senders.items():
            by_channel.setdefault(channel, set()).add(name)
        self._by_channel = {channel: frozenset(names) for channel, names in by_channel.items()}

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._lanes.values())

    def ways(self) -> Ways:
        """What can be sent by here, and which channels have no room."""
        return Ways(self._by_channel, self.full())

    def full(self) -> frozenset[Channel]:
        """Channels all of whose lanes are full."""
        return frozenset(
            channel
            for channel, names in self._by_channel.items()
            if all(self._lanes[name].waiting >= LANE_MAX for name in names)
        )

    def pick(self, providers: Collection[str]) -> str:
        """The provider that takes the next letter, of those that have room."""
        roomy = [name for name in providers if self._lanes[name].waiting < LANE_MAX]
        return self._weights.pick(roomy or providers, time.monotonic())

    def has_another(self, channel: Channel, asked: int) -> bool:
        """Whether there are providers of this channel that were not asked yet in `asked` tries."""
        return asked < len(self._by_channel.get(channel, ()))

    def put(self, held: Held) -> None:
        """Into the lane of its provider."""
        self._lanes[held.provider].put(held)

    def drain(self) -> list[Held]:
        """Everything that was not given to a provider yet."""
        left = [held for lane in self for queue in (lane.urgent, lane.routine) for held in queue]
        for lane in self:
            lane.urgent.clear()
            lane.routine.clear()
        return left

    async def call(self, lane: Lane, held: Held, answered: Callable[[Result, Held], None]) -> None:
        """Give one letter to the provider, and note how it went."""
        began = time.monotonic()
        try:
            result = await lane.sender.send(held.letter)
        except Exception as error:  # a sender promises not to raise; should one break it, nobody knows
            log.exception("sender_failed", provider=lane.name)
            result = Result(held.letter.id, Answer.UNKNOWN, error=type(error).__name__)
        now = time.monotonic()
        metrics.NOTICES.labels(channel=held.channel, status=result.answer).inc()
        if self._weights.note(lane.name, result.answer, now - began, now):
            log.warning("provider_weight_moved", provider=lane.name, weight=self._weights.weight(lane.name))
        lane.done(held)
        answered(result, held)

    async def close(self) -> None:
        """Let go of every sender's connections."""
        for lane in self:
            await lane.sender.close()
