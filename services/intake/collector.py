"""Runs the collectors of all providers in one process: each supervised by itself, none stops another.

`/health/ready` tells what runs and when each last worked (`collectors`).
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from services.intake.bookmarks import KeptBookmarks, only_here
from services.intake.channels import ADAPTERS, Collector
from services.intake.edge import Edge
from services.intake.webhooks import lane_of_payload
from shared import metrics
from shared.contracts import WebhookReceived
from shared.messaging import Service
from shared.urgency import Alarms

log = structlog.get_logger()

LOCK_RETRY_SECONDS: Final = 5.0
BACK_OFF_SECONDS: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
# One that ran so long was healthy: its next failure is its first.
HEALTHY_AFTER_SECONDS: Final = 120.0
# Reading a larger body would hold up the other collectors.
READ_ASIDE_BYTES: Final = 128 * 1024


def configured_collectors() -> dict[str, Collector]:
    """The collectors whose settings are there."""
    found = {name: adapter.collector() for name, adapter in ADAPTERS.items()}
    return {name: collector for name, collector in found.items() if collector is not None}


@dataclass(slots=True)
class State:
    """How a collector does: `starting`, `running`, `elsewhere` (another replica has it) or `failing`."""

    state: str = "starting"
    restarts: int = 0
    accepted: int = 0
    error: str | None = None
    worked_at: float | None = None
    accepted_at: float | None = None
    in_a_row: int = field(default=0, repr=False)

    def works(self) -> None:
        """It read its bookmark, moved it, or gave us something."""
        self.worked_at = time.time()

    def told(self) -> dict[str, Any]:
        """For `/health/ready`; times in Unix seconds."""
        return {
            "state": self.state,
            "worked_at": self.worked_at,
            "accepted_at": self.accepted_at,
            "accepted": self.accepted,
            "restarts": self.restarts,
            "error": self.error,
        }


class Collectors:
    """Supervises every collector, with the edge's own way to make a payload safe."""

    def __init__(
        self,
        service: Service,
        edge: Edge,
        alarms: Alarms,
        collectors: Mapping[str, Collector],
        database_url: str,
        schema: str,
    ) -> None:
        self._service = service
        self._edge = edge
        self._alarms = alarms
        self._collectors = collectors
        self._database_url, self._schema = database_url, schema
        self.states = {name: State() for name in collectors}

    def told(self) -> dict[str, Any]:
        """The state of each, by name."""
        return {name: state.told() for name, state in self.states.items()}

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            for name, collector in self._collectors.items():
                group.create_task(self._supervise(name, collector))

    async def _supervise(self, name: str, collector: Collector) -> None:
        state = self.states[name]
        while True:
            began = time.monotonic()
            try:
                await (self._run_alone if collector.exclusive else self._run)(name, collector)
                state.in_a_row, state.error = 0, None
            except Exception as error:
                state.in_a_row = 1 if time.monotonic() - began > HEALTHY_AFTER_SECONDS else state.in_a_row + 1
                state.state, state.error = "failing", type(error).__name__
                state.restarts += 1
                metrics.COLLECTOR_RESTARTS.labels(collector=name).inc()
                log.warning("collector_failed", collector=name, error=type(error).__name__, exc_info=True)
                await asyncio.sleep(BACK_OFF_SECONDS[min(state.in_a_row, len(BACK_OFF_SECONDS)) - 1])

    async def _run(self, name: str, collector: Collector) -> None:
        state = self.states[name]
        state.state = "running"

        async def accept(payload: WebhookReceived) -> None:
            await self._accept(payload)
            state.accepted += 1
            state.accepted_at = time.time()
            state.works()
            metrics.COLLECTED.labels(collector=name).inc()

        await collector.run(accept, KeptBookmarks(self._service.pool, name, state.works))
        raise RuntimeError("the collector ended by itself")

    async def _run_alone(self, name: str, collector: Collector) -> None:
        """While this process holds the lock; ended at once when the lock is lost."""
        async with only_here(self._database_url, self._schema, name) as lost:
            if lost is None:
                self.states[name].state = "elsewhere"
                await asyncio.sleep(LOCK_RETRY_SECONDS)
                return
            running, losing = asyncio.ensure_future(self._run(name, collector)), lost()
            try:
                await asyncio.wait({running, losing}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (running, losing):
                    task.cancel()
                ended = await asyncio.gather(running, losing, return_exceptions=True)
            if isinstance(ended[0], Exception):
                raise ended[0]
            raise ConnectionError("the lock was lost")

    async def _accept(self, payload: WebhookReceived) -> None:
        """Return when it is safe. Raises BothAway."""
        if len(payload.body) > READ_ASIDE_BYTES:
            lane = await asyncio.to_thread(lane_of_payload, payload, self._alarms)
        else:
            lane = lane_of_payload(payload, self._alarms)
        await self._edge.accept(payload, lane)
