"""Kills a service every few seconds, as a bad day would: SIGKILL, without a word.

One that is at work dies rather than one that has only just started: that is where something can be lost.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops import processes, supervisor

# They play the outside world, which is not what is tested here.
SPARED: Final = frozenset({"whatsapp"})
AT_WORK_AFTER_SECONDS: Final = 5.0


@dataclass
class Killer:
    """Kills one running service process at random every `seconds`, until cancelled. `killed` counts by name."""

    state: Path
    seconds: float
    chance: random.Random = field(default_factory=random.Random)
    killed: Counter[str] = field(default_factory=Counter)
    _since: dict[int, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(self.seconds)
            self.kill_one()

    def kill_one(self) -> str | None:
        """The name of the process that died now; None when none was running."""
        alive = [
            record
            for name, record in supervisor.records(self.state).items()
            if record.state == "running" and name.partition("-")[0] not in SPARED
        ]
        if not alive:
            return None
        record = self.chance.choice(self._at_work(alive) or alive)
        if processes.is_running(processes.Running(record.pid, record.identity)):
            with suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGKILL)
            self.killed[record.name] += 1
        return record.name

    def _at_work(self, alive: list[supervisor.Record]) -> list[supervisor.Record]:
        """Those that run long enough to have begun; all of them at the first look."""
        now = time.monotonic()
        known = self._since or {record.pid: now - AT_WORK_AFTER_SECONDS for record in alive}
        self._since = {record.pid: known.get(record.pid, now) for record in alive}
        return [record for record in alive if now - self._since[record.pid] >= AT_WORK_AFTER_SECONDS]
