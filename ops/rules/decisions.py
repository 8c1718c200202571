"""`ilkim rules decisions`: what people decided, as rows that a model learns from; nothing personal in them."""

import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer

from ops.rules.history import lives
from ops.rules.installation import console, in_router
from shared.contracts import (
    CaseAccepted,
    CaseAssigned,
    CaseClosed,
    CaseForwarded,
    CaseOpened,
    CaseReturned,
    Message,
    OwnerKind,
)
from shared.personal import mask

COLUMNS: Final = ("text", "owner", "topic", "source", "decided_at")
_SETTLED: Final = (CaseAccepted, CaseForwarded, CaseClosed)


@dataclass(frozen=True, slots=True)
class Learned:
    """A text and whose it was; `source` is desk (a person decided) or return (settled elsewhere after a return)."""

    text: str
    owner: str
    topic: str | None
    source: str
    decided_at: datetime


def decisions(
    out: Annotated[Path, typer.Option(help="the CSV file to write")],
    weeks: Annotated[int, typer.Option(min=1, max=520, help="cases opened so far back")] = 52,
) -> None:
    """Write what people decided (at the desk, and by returns that settled elsewhere) as rows for `ilkim train`."""
    since = datetime.now(UTC) - timedelta(weeks=weeks)
    rows = in_router(lambda db: _write(db, since, out))
    console.print(f"{out}: {rows} rows; texts are masked, read some before you hand the file on", markup=False)


async def people_decided(connection: asyncpg.Connection, since: datetime) -> AsyncIterator[Learned]:
    """One row a case, for those a person decided or a department moved; in a stream."""
    async for _, steps in lives(connection, since, CaseOpened, CaseAssigned, CaseReturned, *_SETTLED):
        if learned := learned_from(steps):
            yield learned


def learned_from(steps: Sequence[Message]) -> Learned | None:
    """What the life of a case teaches. None: nobody but the router decided, or it is not settled whose it is."""
    opened = next((step for step in steps if isinstance(step, CaseOpened)), None)
    assigned = [step for step in steps if isinstance(step, CaseAssigned)]
    if opened is None or not assigned:
        return None
    last = assigned[-1]
    returned = {step.assignment_id for step in steps if isinstance(step, CaseReturned)}
    is_by_a_person = last.decided_by.startswith("desk:")
    is_settled = any(isinstance(step, _SETTLED) and step.assignment_id == last.assignment_id for step in steps)
    if last.owner_kind is OwnerKind.CENTRE or last.assignment_id in returned:
        return None
    if not is_by_a_person and not (returned and is_settled):
        return None
    source = "desk" if is_by_a_person else "return"
    return Learned(mask(opened.text), last.owner, last.topic, source, last.occurred_at)


async def _write(connection: asyncpg.Connection, since: datetime, out: Path) -> int:
    rows = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        async for learned in people_decided(connection, since):
            writer.writerow(
                (learned.text, learned.owner, learned.topic or "", learned.source, learned.decided_at.isoformat())
            )
            rows += 1
    return rows
