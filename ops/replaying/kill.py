"""Kills a service every few seconds, as a bad day would: SIGKILL, without a word."""

import asyncio
import os
import random
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops import processes, supervisor

# They play the outside world, which is not what is tested here.
SPARED: Final = frozenset({"whatsapp"})


@dataclass
class Killer:
    """Kills one running service process at random every `seconds`, until cancelled. `killed` counts by name."""

    state: Path
    seconds: float
    chance: random.Random = field(default_factory=random.Random)
    killed: Counter[str] = field(default_factory=Counter)

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
        record = self.chance.choice(alive)
        if processes.is_running(processes.Running(record.pid, record.identity)):
            with suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGKILL)
            self.killed[record.name] += 1
        return record.name
