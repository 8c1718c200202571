"""Which provider of a channel takes the next letter: weights that move away from trouble and drift back."""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.notifier.domain.status import Answer

WINDOW_SECONDS: Final = 60.0
# Fewer troubles than this within the window are chance.
TROUBLES_MIN: Final = 3
# After a move of a weight the next waits, so that one bad minute does not swing it to and fro.
MOVE_SECONDS: Final = 5.0
STEP_DOWN: Final = 0.5
WEIGHT_MIN: Final = 0.05
DRIFT_SECONDS: Final = 60.0
STEP_UP: Final = 0.25
SLOW_SECONDS: Final = 5.0


@dataclass
class Health:
    """How one provider does, as this process saw it: its weight is `factor` of what the data give it."""

    factor: float = 1.0
    moved_at: float = 0.0
    troubles: deque[float] = field(default_factory=deque)

    def note(self, answer: Answer, seconds: float, now: float) -> bool:
        """One send: refused for now or slow is trouble, an acceptance in good time is none. True: the weight moved."""
        while self.troubles and now - self.troubles[0] > WINDOW_SECONDS:
            self.troubles.popleft()
        if answer is Answer.LATER or seconds >= SLOW_SECONDS:
            self.troubles.append(now)
        if len(self.troubles) < TROUBLES_MIN or now - self.moved_at < MOVE_SECONDS or self.factor <= WEIGHT_MIN:
            return False
        self.factor, self.moved_at = max(self.factor * STEP_DOWN, WEIGHT_MIN), now
        self.troubles.clear()
        return True

    def drift(self, now: float) -> None:
        """Back towards the whole weight, a step for each minute without a move."""
        steps = int((now - self.moved_at) / DRIFT_SECONDS)
        if steps > 0 and self.factor < 1.0:
            self.factor, self.moved_at = min(1.0, self.factor + STEP_UP * steps), now


class Weights:
    """The providers' weights in this process. In memory: each process learns by itself within some sends."""

    def __init__(self, weights: dict[str, int], chance: random.Random | None = None) -> None:
        self._base = weights
        self._health = {name: Health() for name in weights}
        self._chance = chance or random.Random()

    def note(self, provider: str, answer: Answer, seconds: float, now: float) -> bool:
        """What became of a send, which took `seconds`. True: the weight moved."""
        return self._health[provider].note(answer, seconds, now)

    def pick(self, providers: Iterable[str], now: float) -> str:
        """One of these, by weight."""
        names = sorted(providers)
        for name in names:
            self._health[name].drift(now)
        return self._chance.choices(names, [self.weight(name) for name in names])[0]

    def weight(self, provider: str) -> float:
        """The weight now."""
        return self._base[provider] * self._health[provider].factor
