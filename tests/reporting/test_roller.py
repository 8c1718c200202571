"""Rolling up at a bad time: what takes too long is tried in smaller parts, until it goes."""

import asyncpg
import pytest

from services.reporting import roller
from services.reporting.roller import MOVES_MIN, Roller
from services.reporting.store.rolling import MOVES_MAX
from shared.messaging import Service
from tests.harness import System

CAN_ROLL = 700


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many moves were tried at a time, with a server that manages no more than `CAN_ROLL`."""
    sizes: list[int] = []

    async def slow(_: asyncpg.Pool, moves_max: int) -> int:
        sizes.append(moves_max)
        if moves_max > CAN_ROLL:
            raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")
        return moves_max

    monkeypatch.setattr(roller, "roll", slow)
    return sizes


@pytest.fixture
def service(system: System) -> Service:
    made = system.service()
    made.pool = system.pool
    return made


async def test_what_takes_too_long_is_tried_in_smaller_parts(service: Service, tried: list[int]) -> None:
    work = Roller(service)
    done = [await work.roll_once() for _ in range(6)]

    assert tried[0] == MOVES_MAX
    assert any(done)
    assert all(size <= CAN_ROLL for size, went in zip(tried, done, strict=True) if went)


async def test_the_smallest_part_is_never_nothing(service: Service, tried: list[int]) -> None:
    work = Roller(service)
    for _ in range(20):
        await work.roll_once()

    assert min(tried) >= MOVES_MIN
