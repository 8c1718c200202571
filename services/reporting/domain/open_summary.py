"""What the public page says of published months: sums of what anybody can read in the files, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.reporting.domain.opened import Level, Measure, OpenMonth

MONTHS_SHOWN: Final = 12
SHADES: Final = 4


@dataclass(frozen=True, slots=True)
class Known:
    """A sum of published counts. `is_whole` False: some of its counts are hidden, so it is this many or more."""

    cases: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Cases, and of those whose target has passed how many were closed by it; None: too much is hidden to say."""

    code: str
    known: Known
    on_time: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A month of the trend. None: hidden."""

    month: date
    cases: int | None
    on_time: float | None


@dataclass(frozen=True, slots=True)
class Ground:
    """A neighbourhood on the map: its cases, how many these are per 1,000 inhabitants, and its shade from 1.

    None: nobody lives there, or all of it is hidden.
    """

    code: str
    known: Known
    per_thousand: float | None
    shade: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The months of a page, first to last, and what they sum to."""

    months: tuple[date, ...]
    total: Split
    trend: tuple[Bar, ...]
    topics: tuple[Split, ...]
    neighbourhoods: tuple[Ground, ...]
    ends: tuple[float, ...]  # of the shades: the most per 1,000 inhabitants that each still has


def summarise(months: Sequence[OpenMonth], shown: date | None, inhabitants: Mapping[str, int]) -> Summary | None:
    """Of one month, or of the last twelve; None where nothing is published yet. The trend is always of the twelve.

    `inhabitants` by official id of the neighbourhood; every one of them is on the map.
    """
    last = sorted(months, key=lambda month: month.month)[-MONTHS_SHOWN:]
    if not last:
        return None
    wanted = [month for month in months if month.month == shown] or last
    topics = {line.topic or "" for month in wanted for line in month.lines if line.level is Level.TOPIC}
    by_topic = (_split(topic, wanted, Level.TOPIC, topic) for topic in topics)
    grounds, ends = _grounds(wanted, inhabitants)
    return Summary(
        tuple(month.month for month in wanted),
        _split("", wanted, Level.MONTH),
        tuple(_bar(month) for month in last),
        tuple(sorted(by_topic, key=lambda row: (-row.known.cases, row.code))),
        grounds,
        ends,
    )


def by_month(months: Sequence[OpenMonth], neighbourhood: str) -> dict[date, int | None]:
    """The cases of a neighbourhood in each published month; None: hidden."""
    return {month.month: month.count(Measure.CASES, Level.NEIGHBOURHOOD, neighbourhood) for month in months}


def known(months: Sequence[OpenMonth], neighbourhood: str) -> Known:
    """The cases of a neighbourhood in all these months."""
    return _known(list(by_month(months, neighbourhood).values()))


def _known(counts: Sequence[int | None]) -> Known:
    return Known(sum(count or 0 for count in counts), None not in counts)


def _split(code: str, months: Sequence[OpenMonth], level: Level, topic: str | None = None) -> Split:
    cases, on_time, late = (
        [month.count(measure, level, None, topic) for month in months]
        for measure in (Measure.CASES, Measure.ON_TIME, Measure.LATE)
    )
    return Split(code, _known(cases), _share(on_time, late))


def _share(on_time: Sequence[int | None], late: Sequence[int | None]) -> float | None:
    """Over the months that say both; None where no case of them had its target behind it."""
    both = [(a, b) for a, b in zip(on_time, late, strict=True) if a is not None and b is not None]
    due = sum(a + b for a, b in both)
    return sum(a for a, _ in both) / due if due else None


def _bar(month: OpenMonth) -> Bar:
    split = _split("", [month], Level.MONTH)
    return Bar(month.month, split.known.cases if split.known.is_whole else None, split.on_time)


def _grounds(
    months: Sequence[OpenMonth], inhabitants: Mapping[str, int]
) -> tuple[tuple[Ground, ...], tuple[float, ...]]:
    sums = {code: known(months, code) for code in inhabitants}
    rates = {
        code: found.cases * 1000 / inhabitants[code]
        for code, found in sums.items()
        if inhabitants[code] and (found.cases or found.is_whole)
    }
    ends = _ends(sorted(rates.values()))
    grounds = (
        Ground(code, sums[code], rates.get(code), _shade(rates[code], ends) if code in rates else None)
        for code in inhabitants
    )
    return tuple(sorted(grounds, key=lambda ground: (-ground.known.cases, ground.code))), ends


def _ends(rates: Sequence[float]) -> tuple[float, ...]:
    """So that every shade has about as many neighbourhoods."""
    if not rates:
        return ()
    at = [len(rates) * shade // SHADES - 1 for shade in range(1, SHADES + 1)]
    return tuple(sorted({rates[max(number, 0)] for number in at}))


def _shade(rate: float, ends: Sequence[float]) -> int:
    return next(shade for shade, end in enumerate(ends, 1) if rate <= end)
