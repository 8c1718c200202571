"""`ilkim rules returns`: which rules, topics, owners and versions were wrong, by what departments gave back."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.table import Table

from ops.rules.history import lives
from ops.rules.installation import console, in_router
from services.router.counting import how_assigned, rules_of
from shared.contracts import CaseAssigned, CaseReturned, Message, ReturnReason

AXES: Final = ("rule", "topic", "owner", "version")
NONE: Final = "—"


@dataclass
class Tally:
    """What became of the decisions of one kind; `moved_to` counts who had the case in the end."""

    decided: int = 0
    returned: int = 0
    moved_to: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        """The share that was not given back."""
        return 1 - self.returned / self.decided if self.decided else 1.0


@dataclass
class Returns:
    """Decisions the router made alone, counted by each axis and its values."""

    cases: int = 0
    tallies: dict[str, dict[str, Tally]] = field(default_factory=lambda: {axis: {} for axis in AXES})

    def count(self, steps: Sequence[Message]) -> None:
        """One case: its assignments and returns, in order."""
        self.cases += 1
        assigned = [step for step in steps if isinstance(step, CaseAssigned)]
        returned = {
            step.assignment_id
            for step in steps
            if isinstance(step, CaseReturned) and step.because is ReturnReason.NOT_OURS
        }
        for step in assigned:
            if how_assigned(step) == "automatic":
                moved_to = assigned[-1].owner if step.assignment_id in returned else None
                for axis, values in _values(step).items():
                    for value in values:
                        self._count(self.tallies[axis].setdefault(value, Tally()), moved_to)

    def rows(self, axis: str) -> list[tuple[str, Tally]]:
        """The most wrong first: by how many came back, then by the share."""
        return sorted(self.tallies[axis].items(), key=lambda row: (-row[1].returned, row[1].precision, row[0]))

    def _count(self, tally: Tally, moved_to: str | None) -> None:
        tally.decided += 1
        if moved_to is not None:
            tally.returned += 1
            tally.moved_to[moved_to] += 1


def returns(
    weeks: Annotated[int, typer.Option(min=1, max=520, help="cases opened so far back")] = 12,
    limit: Annotated[int, typer.Option(min=1, help="rows of each table")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Of what the router decided alone: how much was given back, by rule, topic, owner and version."""
    found = in_router(lambda db: count_returns(db, datetime.now(UTC) - timedelta(weeks=weeks)))
    if as_json:
        print(json.dumps({axis: [_row(*row) for row in found.rows(axis)] for axis in AXES}, indent=1))
        return
    for axis in AXES:
        table = Table(axis, "decided", "returned", "precision", "moved to", box=None, pad_edge=False)
        for value, tally in found.rows(axis)[:limit]:
            moved = ", ".join(f"{owner} {count}" for owner, count in tally.moved_to.most_common(3))
            table.add_row(value, str(tally.decided), str(tally.returned), f"{tally.precision:.3f}", moved)
        console.print(table)
        console.print()
    console.print(f"{found.cases} cases of {weeks} weeks")


async def count_returns(connection: asyncpg.Connection, since: datetime) -> Returns:
    """The count over all cases opened since, read in a stream."""
    found = Returns()
    async for _, steps in lives(connection, since, CaseAssigned, CaseReturned):
        found.count(steps)
    return found


def _values(step: CaseAssigned) -> dict[str, tuple[str, ...]]:
    version = step.why.version if step.why else ""
    return {
        "rule": rules_of(step) or (NONE,),
        "topic": (step.topic or NONE,),
        "owner": (step.owner,),
        "version": (version or NONE,),
    }


def _row(value: str, tally: Tally) -> dict[str, Any]:
    return {
        "value": value,
        "decided": tally.decided,
        "returned": tally.returned,
        "precision": round(tally.precision, 4),
        "moved_to": dict(tally.moved_to.most_common()),
    }
