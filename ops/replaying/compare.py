"""The bulletin as reporting draws it up, what it grew by during a replay, and the truth beside it."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from ops.nine_months import Figure, Truth

ATTEMPTS_MAX: Final = 60
WAIT_SECONDS: Final = 0.5
Bulletin = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """A line of the truth and what the bulletin's grew by; `parts` are those that differ, as (truth, bulletin)."""

    code: str
    label: str
    truth: Mapping[str, int]
    bulletin: Mapping[str, int]
    parts: Mapping[str, tuple[int, int]]

    @property
    def matches(self) -> bool:
        """Figures and parts are the same to the unit."""
        return self.truth == self.bulletin and not self.parts


@dataclass(frozen=True)
class Figures:
    """What reporting says: the bulletin, and how many contacts were registered."""

    bulletin: Bulletin
    contacts: int


async def read(reporting_url: str) -> Figures:
    """What reporting says now; a reporting that was just killed is asked again. Raises aiohttp.ClientError."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(reporting_url, timeout=timeout, raise_for_status=True) as session:
        for attempt in range(ATTEMPTS_MAX):
            try:
                async with session.get("/api/bulletin") as answer, session.get("/api/overview") as overview:
                    counted = (await overview.json())["contacts"]
                    return Figures(await answer.json(), sum(row["contacts"] for row in counted))
            except (aiohttp.ClientError, TimeoutError):
                if attempt == ATTEMPTS_MAX - 1:
                    raise
                await asyncio.sleep(WAIT_SECONDS)
    raise AssertionError("the last attempt raised or returned")


def compare(truth: Truth, before: Figures, after: Figures) -> list[Compared]:
    """Every line of the bulletin, groups first, and the contacts; a line the truth does not know is left out."""
    lines = [
        _compared(new, truth.lines[new["code"]], old)
        for new, old in _pairs(before.bulletin, after.bulletin)
        if new["code"] in truth.lines
    ]
    contacts = Compared("contacts", "Temas", {"cases": truth.contacts}, {"cases": after.contacts - before.contacts}, {})
    return [*lines, contacts]


def _pairs(before: Bulletin, after: Bulletin) -> Iterator[tuple[Bulletin, Bulletin]]:
    old = {row["code"]: row for row in (*before["groups"], *before["lines"])}
    for row in (*after["groups"], *after["lines"]):
        yield row, old.get(row["code"], {})


def _compared(new: Bulletin, truth: Figure, old: Bulletin) -> Compared:
    grown = {"cases": new["cases"] - old.get("cases", 0)}
    wanted = {"cases": truth.cases}
    if truth.resolved is not None:
        grown["resolved"] = (new["resolved"] or 0) - (old.get("resolved") or 0)
        wanted["resolved"] = truth.resolved
    return Compared(new["code"], new["label"], wanted, grown, _differing_parts(new, truth, old))


def _differing_parts(new: Bulletin, truth: Figure, old: Bulletin) -> dict[str, tuple[int, int]]:
    if truth.parts is None:
        return {}
    grown = _parts(new)
    for code, count in _parts(old).items():
        grown[code] = grown.get(code, 0) - count
    codes = sorted(grown.keys() | truth.parts.keys())
    both = {code: (truth.parts.get(code, 0), grown.get(code, 0)) for code in codes}
    return {code: figures for code, figures in both.items() if figures[0] != figures[1]}


def _parts(row: Bulletin) -> dict[str, int]:
    return {part["code"]: part["cases"] for part in row.get("parts", ())}
