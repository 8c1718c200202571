"""Weights between providers: away from trouble, back with time, never to and fro. By values alone."""

import random
from collections import Counter

from services.notifier.domain import Answer
from services.notifier.domain.failover import (
    DRIFT_SECONDS,
    MOVE_SECONDS,
    SLOW_SECONDS,
    TROUBLES_MIN,
    WEIGHT_MIN,
    WINDOW_SECONDS,
    Weights,
)

NAMES = ("netgsm", "verimor")


def weights() -> Weights:
    return Weights({"netgsm": 50, "verimor": 50}, random.Random(7))


def trouble(found: Weights, at: float, times: int = TROUBLES_MIN, seconds: float = 0.1) -> None:
    answer = Answer.ACCEPTED if seconds >= SLOW_SECONDS else Answer.LATER
    for _ in range(times):
        found.note("netgsm", answer, seconds, at)


def shares(found: Weights, at: float) -> Counter[str]:
    return Counter(found.pick(NAMES, at) for _ in range(1000))


def test_letters_are_shared_by_weight() -> None:
    found = Weights({"netgsm": 75, "verimor": 25}, random.Random(7))

    assert 700 < shares(found, 0.0)["netgsm"] < 800


def test_a_provider_in_trouble_gets_less() -> None:
    found = weights()
    trouble(found, at=100.0)

    assert shares(found, 100.0)["netgsm"] < 400


def test_a_slow_provider_is_in_trouble_too() -> None:
    found = weights()
    trouble(found, at=100.0, seconds=SLOW_SECONDS)

    assert found.weight("netgsm") < found.weight("verimor")


def test_some_trouble_is_chance() -> None:
    found = weights()
    trouble(found, at=100.0, times=TROUBLES_MIN - 1)
    trouble(found, at=101.0 + WINDOW_SECONDS, times=TROUBLES_MIN - 1)

    assert found.weight("netgsm") == found.weight("verimor")


def test_one_bad_moment_moves_a_weight_once() -> None:
    found = weights()
    trouble(found, at=100.0)
    once = found.weight("netgsm")
    trouble(found, at=100.0 + MOVE_SECONDS / 2, times=50)

    assert found.weight("netgsm") == once


def test_a_provider_that_stays_down_keeps_a_trickle_that_shows_when_it_is_back() -> None:
    found = weights()
    for minute in range(100):
        trouble(found, at=100.0 + 10 * minute)

    assert found.weight("netgsm") == 50 * WEIGHT_MIN


def test_a_weight_drifts_back_in_steps() -> None:
    found = weights()
    trouble(found, at=100.0)
    before = found.weight("netgsm")
    found.pick(NAMES, 100.0 + DRIFT_SECONDS)
    between = found.weight("netgsm")
    found.pick(NAMES, 100.0 + 10 * DRIFT_SECONDS)

    assert before < between < 50
    assert found.weight("netgsm") == 50
