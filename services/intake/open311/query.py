"""Reads what a list of requests is asked for: the standard's filters, and those that real servers added."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.intake.domain import find_numbers
from services.intake.open311.words import Fault, Refused, refused
from services.intake.store import Listing
from shared.contracts.base import YEARS

SPAN_DAYS_MAX: Final = 90
REQUESTS_MAX: Final = 1_000
PAGES_MAX: Final = 1_000
_MOMENT: Final = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$", re.ASCII)


def moment(text: str) -> datetime:
    """A W3C date with a zone, in UTC. Raises ValueError. A `+` that a client forgot to quote came as a space."""
    text = text.strip().replace(" ", "+")
    if not _MOMENT.match(text):
        raise ValueError("not a W3C date with a zone")
    at = datetime.fromisoformat(text.upper().replace(",", "."))
    if not YEARS[0] < at.year < YEARS[1]:
        raise ValueError("a year beyond reason")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. `numbers` overrides every filter; None: not asked by number."""

    numbers: tuple[str, ...] | None
    services: frozenset[str] | None
    listing: Listing
    with_notes: bool


class Parameters:
    """Parameters of an address; an empty one counts as not sent."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if value.strip():
                self._values.setdefault(name, []).append(value.strip())

    def get(self, name: str) -> str | None:
        """The last value of that name."""
        return self._values[name][-1] if name in self._values else None

    def several(self, name: str) -> tuple[str, ...] | None:
        """All values of that name, divided at commas; None: not asked."""
        if name not in self._values:
            return None
        return tuple(part.strip() for value in self._values[name] for part in value.split(",") if part.strip())


def read_query(asked: Parameters, now: datetime) -> Query:
    """The query. Raises Refused with the faults."""
    with_notes = asked.get("extensions") == "true"
    ids = asked.several("service_request_id")
    if ids is not None:
        if len(ids) > REQUESTS_MAX:
            raise refused("too_many_ids", most=REQUESTS_MAX)
        numbers = tuple(dict.fromkeys(number for given in ids for number in find_numbers(given)))
        return Query(numbers, None, Listing(limit=REQUESTS_MAX), with_notes)
    services = asked.several("service_code")
    return Query(None, frozenset(services) if services is not None else None, _listing(asked, now), with_notes)


def _listing(asked: Parameters, now: datetime) -> Listing:
    faults: list[Fault] = []
    dates = {name: _date(asked, name, faults) for name in ("start_date", "end_date", "updated_after", "updated_before")}
    page = _whole(asked, "page", 1, PAGES_MAX, faults)
    size = _whole(asked, "page_size", REQUESTS_MAX, REQUESTS_MAX, faults)
    is_open = _is_open(asked, faults)
    if faults:
        raise Refused(*faults)
    updated_from, updated_to = dates["updated_after"], dates["updated_before"]
    by_change = updated_from is not None or updated_to is not None
    opened_from, opened_to = _span(dates["start_date"], dates["end_date"], now, whole=by_change)
    if updated_from and updated_to and updated_from > updated_to:
        raise refused("backwards", name="updated_after")
    return Listing(
        opened_from=opened_from,
        opened_to=opened_to,
        updated_from=updated_from,
        updated_to=updated_to,
        is_open=is_open,
        by_change=by_change,
        limit=size,
        offset=(page - 1) * size,
    )


def _span(
    start: datetime | None, end: datetime | None, now: datetime, *, whole: bool
) -> tuple[datetime | None, datetime | None]:
    """At most 90 days of openings, the last ones unless asked; `whole`: none asked means all of them."""
    longest = timedelta(days=SPAN_DAYS_MAX)
    if start is None and end is None:
        return (None, None) if whole else (now - longest, None)
    if start and end:
        if start > end:
            raise refused("backwards", name="start_date")
        if end - start > longest:
            raise refused("long_span")
    return start or (end or now) - longest, end or (start or now) + longest


def _date(asked: Parameters, name: str, faults: list[Fault]) -> datetime | None:
    text = asked.get(name)
    if text is None:
        return None
    try:
        return moment(text)
    except ValueError:
        faults.append(Fault("bad_date", {"name": name}))
        return None


def _whole(asked: Parameters, name: str, default: int, most: int, faults: list[Fault]) -> int:
    text = asked.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    faults.append(Fault("bad_number", {"name": name, "least": 1, "most": most}))
    return default


def _is_open(asked: Parameters, faults: list[Fault]) -> bool | None:
    """None: both kinds are asked for."""
    wished = set(asked.several("status") or ("open", "closed"))
    if not wished <= {"open", "closed"}:
        faults.append(Fault("bad_status"))
    return None if len(wished) != 1 else "open" in wished
