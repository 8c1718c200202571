"""The published months as lines of a file, and the dictionary of its columns."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from services.reporting.domain.open_summary import MONTHS_SHOWN, by_month, known
from services.reporting.domain.opened import Level, Line, Measure, OpenMonth
from shared.municipality import Area, Municipality

DICTIONARY: Final = Path(__file__).parent / "dictionary.toml"
LEVELS: Final = {
    Level.MONTH: "ay",
    Level.TOPIC: "konu",
    Level.NEIGHBOURHOOD: "mahalle",
    Level.CELL: "mahalle_konu",
}
MEASURES: Final = {
    Measure.CASES: "talep",
    Measure.ON_TIME: "zamaninda",
    Measure.LATE: "geciken",
    Measure.OTHER: "diger",
}
UNKNOWN: Final = "Bilinmiyor"


class Words(BaseModel):
    """The same in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tr: str
    en: str


class Column(BaseModel):
    """What a column means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: str
    unit: Words
    meaning: Words
    source: Words
    suppression: Words


COLUMNS: Final = tuple(
    Column.model_validate(column) for column in tomllib.loads(DICTIONARY.read_text(encoding="utf-8"))["column"]
)


def lines(months: Sequence[OpenMonth], place: Municipality) -> Iterator[dict[str, Any]]:
    """Every line of every month by column; None: hidden, or not told apart on that level."""
    topics = {group.code: group.name for group in place.topic_groups}
    neighbourhoods = {row.code: row.name for row in place.neighbourhoods}
    for month in months:
        for line in month.lines:
            yield {
                "ay": f"{month.month:%Y-%m}",
                "duzey": LEVELS[line.level],
                "mahalle_kodu": line.neighbourhood,
                "mahalle": _name(line.neighbourhood, neighbourhoods),
                "konu_kodu": line.topic,
                "konu": _name(line.topic, topics),
                **{name: line.counts.get(measure) for measure, name in MEASURES.items()},
                "gizli": _hidden(line),
                "yayim_gunu": month.drawn_on.isoformat(),
            }


def rows(months: Sequence[OpenMonth], place: Municipality) -> Iterator[list[object]]:
    """The same lines as cells of a table."""
    for line in lines(months, place):
        yield [_cell(value) for value in line.values()]


def collection(months: Sequence[OpenMonth], place: Municipality) -> dict[str, Any]:
    """The neighbourhoods as GeoJSON (RFC 7946) with their cases; without polygons where the municipality has none."""
    areas = {area.code: area for area in place.areas}
    shown = months[-MONTHS_SHOWN:]
    features = []
    for row in place.neighbourhoods:
        found = known(shown, row.code)
        properties = {
            "mahalle_kodu": row.code,
            "mahalle": row.name,
            "nufus": row.population,
            "talep_son_12_ay": found.cases,
            "talep_eksiksiz": found.is_whole,
            "talep": {f"{month:%Y-%m}": cases for month, cases in by_month(months, row.code).items()},
        }
        geometry = _geometry(areas[row.code]) if row.code in areas else None
        features.append({"type": "Feature", "id": row.code, "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def _geometry(area: Area) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": area.polygons}


def _hidden(line: Line) -> list[str]:
    return [MEASURES[measure] for measure, count in line.counts.items() if count is None]


def _name(code: str | None, names: Mapping[str, str]) -> str | None:
    return None if code is None else names.get(code, code or UNKNOWN)


def _cell(value: object) -> object:
    if value is None:
        return ""
    return "|".join(value) if isinstance(value, list) else value
