"""The questions of the dashboard, each asked of the sums kept ready and of every case by plain SQL."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from statistics import median
from typing import Any, Final

import asyncpg

from bench.reporting.filling import DAYS, FIRST_DAY
from services.reporting.domain.asking import Axis, Clock, Question
from services.reporting.figures import Figures
from services.reporting.store import recount

LAST_DAY: Final = FIRST_DAY + timedelta(days=DAYS - 1)
MONTH: Final = LAST_DAY - timedelta(days=29)
CHANNEL: Final = {Axis.CHANNEL: "whatsapp"}
ASKED: Final = {
    "channels, ever": Question(by=(Axis.CHANNEL,)),
    "owners, ever": Question(by=(Axis.OWNER,)),
    "neighbourhoods, ever": Question(by=(Axis.NEIGHBOURHOOD,)),
    "topics, 30 days": Question(MONTH, LAST_DAY, (Axis.TOPIC,)),
    "trend, 30 days": Question(MONTH, LAST_DAY, (Axis.DAY,)),
    "trend by month, ever": Question(by=(Axis.MONTH,)),
    "hours of the week, ever": Question(by=(Axis.HOUR,)),
    "owners of a channel, ever": Question(by=(Axis.OWNER,), where=CHANNEL),
    "topics of a channel, 30 days": Question(MONTH, LAST_DAY, (Axis.TOPIC,), CHANNEL),
    "hours of a channel, 30 days": Question(MONTH, LAST_DAY, (Axis.HOUR,), CHANNEL),
    "owners by topics, 30 days": Question(MONTH, LAST_DAY, (Axis.OWNER, Axis.TOPIC)),
}
TIMED: Final = {
    "times of owners, ever": Question(by=(Axis.OWNER,)),
    "times, 30 days": Question(MONTH, LAST_DAY),
    "times of owners, 30 days": Question(MONTH, LAST_DAY, (Axis.OWNER,)),
}
# Three axes at once are counted case by case, in the days asked for: no promise is made for them.
DEEP: Final = {"three axes, 30 days": Question(MONTH, LAST_DAY, (Axis.NEIGHBOURHOOD, Axis.TOPIC), CHANNEL)}
Asks = dict[str, tuple[Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]]


async def measure(figures: Figures, pool: asyncpg.Pool, rounds: int) -> dict[str, dict[str, float]]:
    """For each question the median and the slowest in ms, as asked and as counted anew; answers must be alike."""
    found = {}
    for name, (quick, plain) in _asks(figures, pool).items():
        if await quick() != await plain():
            raise SystemExit(f"{name}: the sums kept ready and the recount differ")
        took = [await _milliseconds(quick) for _ in range(rounds)]
        recounted = [await _milliseconds(plain) for _ in range(max(3, rounds // 10))]
        found[name] = {"median_ms": median(took), "max_ms": max(took), "recount_ms": median(recounted)}
    return found


def _asks(figures: Figures, pool: asyncpg.Pool) -> Asks:
    asks: Asks = {}
    for name, question in (ASKED | DEEP).items():
        asks[name] = (_bound(figures.ask, question), _bound(recount.ask, pool, question))
    for name, question in TIMED.items():
        asks[name] = (
            _bound(figures.spread, question, Clock.CLOSING),
            _bound(recount.spread, pool, question, Clock.CLOSING),
        )
    late = _bound(figures.overdue, Question(by=(Axis.OWNER,)))
    return asks | {"late now, by owner": (late, late)}


def _bound(ask: Callable[..., Awaitable[Any]], *values: object) -> Callable[[], Awaitable[Any]]:
    return lambda: ask(*values)


async def _milliseconds(ask: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000
