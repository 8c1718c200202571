"""The charts themselves, each a pure function from values to Vega-Lite.

Bars begin at zero, what matters has the accent and the rest is grey, numbers stand beside their bars, and days
without a record are gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.reporting.charts.look import SHADES, WORDS_PX, Chart, Colour, framed

ROW_PX: Final = 42
BAR_PX: Final = 12
TREND_PX: Final = 240
CELL_PX: Final = 24
# Of the width, what a name may take; what stands at the other end has the rest.
BAR_NAME_SHARE: Final = 0.78
NAME_SHARE: Final = 0.6
HOURS_OF_DAY: Final = 24
# So few bars are not stretched over the whole width.
FEW_POINTS: Final = 14
NARROW_BAR_PX: Final = 16


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart: all of it grey, `part` of it in the accent; `beside` is written over its end.

    `before` is a mark to compare with; None draws none.
    """

    label: str
    whole: float
    part: float
    beside: str
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """A row of parts that make a whole, in the order of the chart's series; `beside` is written over its end."""

    label: str
    parts: tuple[int, ...]
    beside: str


@dataclass(frozen=True, slots=True)
class Point:
    """A day or a month. None: nothing is recorded of it, or of its like in the period before."""

    day: date
    cases: int | None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Cases opened in an hour of a weekday, Monday 0."""

    weekday: int
    hour: int
    cases: int


def bars(rows: Sequence[Bar], *, title: str, words: str, language: str, width: int) -> Chart:
    """One bar a row, its name above it."""
    values = [
        {"at": at, "label": row.label, "whole": row.whole, "part": row.part, "beside": row.beside, "before": row.before}
        for at, row in enumerate(rows)
    ]
    most = max((max(row.whole, row.before or 0) for row in rows), default=0) or 1
    across = {"type": "quantitative", "axis": None, "scale": {"domain": [0, most], "nice": False}}
    down = _down()
    bar = {"type": "bar", "height": BAR_PX, "yOffset": ROW_PX / 4}
    layers: list[dict[str, Any]] = [
        {"mark": bar | {"color": Colour.GREY.value}, "encoding": {"x": across | {"field": "whole"}, "y": down}},
        {"mark": bar | {"color": Colour.ACCENT.value}, "encoding": {"x": across | {"field": "part"}, "y": down}},
        {
            "transform": [{"filter": "datum.before != null"}],
            "mark": {
                "type": "tick",
                "thickness": 2,
                "size": BAR_PX + 8,
                "yOffset": ROW_PX / 4,
                "color": Colour.INK.value,
            },
            "encoding": {"x": across | {"field": "before"}, "y": down},
        },
        _label(down, width * BAR_NAME_SHARE),
        _beside(down, width),
    ]
    return Chart(framed(layers, width, {"step": ROW_PX}, data={"values": values}), title, words, language)


def shares(
    rows: Sequence[Shares], series: Sequence[tuple[str, Colour]], *, title: str, words: str, language: str, width: int
) -> Chart:
    """One bar of full width a row, cut into its parts; `series` names the parts and their colours."""
    values = [
        {"at": at, "label": row.label, "beside": row.beside, "part": name, "order": order, "cases": cases}
        for at, row in enumerate(rows)
        for order, ((name, _), cases) in enumerate(zip(series, row.parts, strict=True))
    ]
    down = _down()
    colours = {"domain": [name for name, _ in series], "range": [colour.value for _, colour in series]}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "height": BAR_PX, "yOffset": ROW_PX / 4},
            "encoding": {
                "x": {"field": "cases", "type": "quantitative", "stack": "normalize", "axis": None},
                "y": down,
                "color": {"field": "part", "type": "nominal", "scale": colours},
                "order": {"field": "order", "type": "quantitative"},
            },
        },
        {"transform": [{"filter": "datum.order == 0"}], **_label(down, width * NAME_SHARE)},
        {"transform": [{"filter": "datum.order == 0"}], **_beside(down, width)},
    ]
    return Chart(framed(layers, width, {"step": ROW_PX}, data={"values": values}), title, words, language)


def trend(
    points: Sequence[Point], now: str, before: str, *, title: str, words: str, language: str, width: int, dates: str
) -> Chart:
    """Bars of a period, and the period before as a line over them. `dates`: how d3 writes a day, e.g. "%d.%m"."""
    values = [{"day": point.day.isoformat(), "cases": point.cases, "before": point.before} for point in points]
    has_before = any(point.before is not None for point in points)
    names = [now, before] if has_before else [now]
    colours = {"domain": names, "range": [Colour.ACCENT.value, Colour.INK.value][: len(names)]}
    across = {
        "field": "day",
        "type": "ordinal",
        "axis": {
            "title": None,
            "labelAngle": 0,
            "grid": False,
            "labelOverlap": "greedy",
            "labelSeparation": 14,
            "ticks": False,
            "labelPadding": 6,
            "labelExpr": f"timeFormat(toDate(datum.value + 'T00:00:00'), '{dates}')",
        },
        # Every day, or one without a record would be left out instead of being a gap.
        "scale": {"domain": [value["day"] for value in values], "paddingInner": 0.15, "paddingOuter": 0.1},
    }
    most = max((max(point.cases or 0, point.before or 0) for point in points), default=0)
    up = {
        "type": "quantitative",
        "axis": {"title": None, "domain": False, "ticks": False, "tickCount": max(1, min(4, most)), "format": ",d"},
    }
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar"} | ({"width": NARROW_BAR_PX} if len(points) < FEW_POINTS else {}),
            "encoding": {
                "x": across,
                "y": up | {"field": "cases"},
                "color": {"datum": now, "scale": colours, "legend": {} if has_before else None},
            },
        }
    ]
    if has_before:
        layers.append(
            {
                "mark": {"type": "line", "strokeWidth": 1.5, "point": {"size": 14}},
                "encoding": {"x": across, "y": up | {"field": "before"}, "color": {"datum": before}},
            }
        )
    return Chart(framed(layers, width, TREND_PX, data={"values": values}), title, words, language)


def heat(cells: Sequence[Cell], weekdays: Sequence[str], *, title: str, words: str, language: str, width: int) -> Chart:
    """Hours across, weekdays down; the darker, the more. `weekdays` are seven short names from Monday on."""
    known = {(cell.weekday, cell.hour): cell.cases for cell in cells}
    most = max(known.values(), default=0) or 1
    values = [
        {"weekday": weekday, "hour": hour, "shade": depth(known.get((weekday, hour), 0), most)}
        for weekday in range(len(weekdays))
        for hour in range(HOURS_OF_DAY)
    ]
    names = " : ".join(f"datum.value == {at} ? '{name}'" for at, name in enumerate(weekdays))
    layer = {
        "mark": {"type": "rect"},
        "encoding": {
            "x": {
                "field": "hour",
                "type": "ordinal",
                "axis": {
                    "title": None,
                    "labelAngle": 0,
                    "domain": False,
                    "ticks": False,
                    "values": list(range(0, HOURS_OF_DAY, 3)),
                },
                "scale": {"paddingInner": 0.1},
            },
            "y": {
                "field": "weekday",
                "type": "ordinal",
                "axis": {"title": None, "domain": False, "ticks": False, "labelExpr": f"{names} : ''"},
                "scale": {"paddingInner": 0.1},
            },
            "color": {
                "field": "shade",
                "type": "ordinal",
                "scale": {"domain": list(range(len(SHADES))), "range": [shade.value for shade in SHADES]},
                "legend": None,
            },
        },
    }
    return Chart(framed([layer], width, {"step": CELL_PX}, data={"values": values}), title, words, language)


def depth(value: float, most: float) -> int:
    """Which of the shades a value has: 0 for nothing, the last for more than three quarters of the most."""
    if value <= 0:
        return 0
    return min(1 + int(4 * value / most * 0.999999), len(SHADES) - 1)


def _down() -> dict[str, Any]:
    return {"field": "at", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0, "paddingOuter": 0}}


def _label(down: dict[str, Any], limit: float) -> dict[str, Any]:
    return {
        "mark": {
            "type": "text",
            "align": "left",
            "yOffset": -ROW_PX / 6,
            "limit": limit,
            "color": Colour.INK.value,
            "fontSize": WORDS_PX,
        },
        "encoding": {"x": {"value": 0}, "y": down, "text": {"field": "label"}},
    }


def _beside(down: dict[str, Any], width: int) -> dict[str, Any]:
    return {
        "mark": {"type": "text", "align": "right", "yOffset": -ROW_PX / 6, "fontWeight": 600},
        "encoding": {"x": {"value": width - 2}, "y": down, "text": {"field": "beside"}},
    }
