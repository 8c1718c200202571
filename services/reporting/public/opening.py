"""Publishes ended months, each once and for good, and remembers what was published."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

import structlog

from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.opened import Month, OpenMonth, counted, ended_months, last_day, publish
from services.reporting.figures import Figures
from services.reporting.store import open_months
from shared.contracts import CaseKind
from shared.database import is_away
from shared.messaging import Service
from shared.municipality import Municipality

log = structlog.get_logger()

LOOK_SECONDS: Final = 120.0
# Cases of an old system were sorted by other rules, and come in long after their months: they are not published.
OURS: Final[Mapping[Axis, str]] = {Axis.SOURCE: ""}
# A citizen who reports somebody must not be found by where and about what.
NEVER: Final[Mapping[Axis, str]] = {**OURS, Axis.KIND: CaseKind.TIP}


class Opening:
    """Looks every two minutes whether a month can be published; several replicas may do so at once."""

    def __init__(self, service: Service, figures: Figures, place: Municipality) -> None:
        self._service = service
        self._figures = figures
        self._place = place
        self._group_of = {topic: group for group, topics in place.topics_of_group.items() for topic in topics}
        self._seen: dict[date, int] = {}
        self._kept: dict[date, OpenMonth] = {}

    async def run(self) -> None:
        """For ever; a database that is away is waited for."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("open_data_waits", reason=repr(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, now: datetime) -> None:
        """Publish every month that ended long enough ago and to which no case came since the last look.

        So what is still being counted, e.g. after a backlog, is not published in the middle of it.
        """
        today = now.astimezone(self._place.zone).date()
        rows = await self._figures.ask(Question(by=(Axis.MONTH,), where=OURS))
        cases = {date.fromisoformat(row.values[0]): row.counts.cases for row in rows if row.values[0]}
        ended = ended_months(cases, today, self._place.open_data.settle_days)
        missing = set(ended) - set(await open_months.published(self._service.pool))
        for month in sorted(missing):
            if self._seen.get(month) == cases[month]:
                await self._publish(month, today)
        self._seen = cases

    async def months(self) -> list[OpenMonth]:
        """What is published, in order. Each month is read once: it does not change.

        Also while the database is away, where something was read before.
        """
        try:
            there = await open_months.published(self._service.pool)
            for opened in await open_months.read(self._service.pool, set(there) - set(self._kept)):
                self._kept[opened.month] = opened
        except Exception as error:
            if not (self._kept and is_away(error)):
                raise
            there = sorted(self._kept)
        return [self._kept[month] for month in there]

    async def _publish(self, month: date, today: date) -> None:
        least = self._place.open_data.least
        opened = await asyncio.to_thread(publish, await self._count(month), least, today)
        await open_months.keep(self._service.pool, opened)
        log.info("month_published", month=month.isoformat(), lines=len(opened.lines))

    async def _count(self, month: date) -> Month:
        last, places, topics = last_day(month), (Axis.NEIGHBOURHOOD, Axis.TOPIC), (Axis.TOPIC,)
        return counted(
            month,
            await self._figures.ask(Question(month, last, places, OURS)),
            await self._figures.ask(Question(month, last, places, NEVER)),
            await self._figures.overdue(Question(month, last, topics, OURS)),
            await self._figures.overdue(Question(month, last, topics, NEVER)),
            self._group_of,
        )
