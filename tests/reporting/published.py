"""Months as they are published, made by chance from a number: a town of large and small neighbourhoods."""

import random
from collections import Counter
from datetime import date
from functools import cache

import asyncpg

from services.reporting.domain.opened import PARTS, Measure, Month, OpenMonth, Place, last_day, publish
from services.reporting.store import open_months
from shared import municipality
from shared.settings import Settings

PLACE = municipality.load(Settings.model_fields["ilkim_municipality"].default)
YEAR = [date(2025, month, 1) for month in range(1, 13)]


def a_month(month: date, cases_about: int = 1200) -> Month:
    """The true counts of a month."""
    chance = random.Random(month.toordinal())
    size = cases_about * (1 + chance.random() / 3)
    cells: Counter[Place] = Counter()
    groups = [group.code for group in PLACE.topic_groups]
    weights = [1 / (1 + at) for at in range(len(groups))]
    codes = [row.code for row in PLACE.neighbourhoods]
    inhabitants = [row.population + 200 for row in PLACE.neighbourhoods]
    places = chance.choices(codes, inhabitants, k=int(size))
    for code, topic in zip(places, chance.choices(groups, weights, k=len(places)), strict=True):
        cells[Place(code, topic)] += 1
    return Month(month, dict(cells), parts_of(cells))


def parts_of(cells: Counter[Place]) -> dict[tuple[str, Measure], int]:
    """Eight in ten on time, one in ten late."""
    topics: Counter[str] = Counter()
    for place, cases in cells.items():
        topics[place.topic] += cases
    parts = {}
    for topic, cases in topics.items():
        on_time, late = cases * 8 // 10, cases // 10
        split = zip(PARTS, (on_time, late, cases - on_time - late), strict=True)
        parts |= {(topic, part): count for part, count in split}
    return parts


@cache
def opened(month: date) -> OpenMonth:
    """A month as it is published the day after its end."""
    return publish(a_month(month), PLACE.open_data.least, last_day(month))


async def publish_all(pool: asyncpg.Pool, months: list[date]) -> list[OpenMonth]:
    """Keep these months as published."""
    for month in months:
        await open_months.keep(pool, opened(month))
    return [opened(month) for month in months]
