"""Bulletins to lay out: what is counted is given, and the rules are İlkadım's."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from services.reporting.domain.bulletin import draw_up
from services.reporting.labels import catalogue
from services.reporting.papers import Paper, lay_out
from shared.municipality import Municipality, load

FOLDER: Final = Path(__file__).parents[2] / "municipality" / "ilkadim"
ILKADIM: Final = load(FOLDER)
CATALOGUE: Final = catalogue()
PUBLISHED_DAYS: Final = (date(2020, 1, 1), date(2020, 9, 30))
DRAWN_AT: Final = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def a_count(cases: int = 1, **fact: str | None) -> tuple[dict[str, str | None], int]:
    """So many cases with this in common; a solved WhatsApp message unless told."""
    whole = {"channel": "whatsapp", "owner": "zabita", "owner_kind": "department", "neighbourhood": None}
    return whole | {"state": "closed", "outcome": "solved"} | fact, cases


def a_paper(
    counted: Iterable[tuple[dict[str, str | None], int]],
    language: str = "tr",
    days: tuple[date | None, date | None] = PUBLISHED_DAYS,
    place: Municipality = ILKADIM,
) -> Paper:
    """Laid out as of noon in İlkadım, for the days something was published about."""
    return lay_out(draw_up(counted, place), place, CATALOGUE, language, days, DRAWN_AT)
