"""What every chart has in common: its colours as names, its widths, its letters and how its numbers are written."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# Widths in CSS pixels: what a card of the dashboard leaves free on a phone, in half and in a whole row of a desk.
PHONE: Final = 316
HALF: Final = 516
FULL: Final = 1100
WORDS_PX: Final = 13
VEGA_LITE: Final = "6.1"
NUMBERS: Final = {
    "tr": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""]},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
}


class Colour(StrEnum):
    """A part a colour plays. In a drawing it stands as a code that is no colour of ours, replaced afterwards."""

    INK = "#010a01"
    QUIET = "#010a02"
    LINE = "#010a03"
    EDGE = "#010a04"
    ACCENT = "#010a05"
    GREY = "#010a06"
    DANGER = "#010a07"
    SHADE_0 = "#010b00"  # from nothing ...
    SHADE_1 = "#010b01"
    SHADE_2 = "#010b02"
    SHADE_3 = "#010b03"
    SHADE_4 = "#010b04"  # ... to most


SHADES: Final = (Colour.SHADE_0, Colour.SHADE_1, Colour.SHADE_2, Colour.SHADE_3, Colour.SHADE_4)
CSS: Final[dict[str, str]] = {
    Colour.INK: "var(--ink)",
    Colour.QUIET: "var(--quiet)",
    Colour.LINE: "var(--line)",
    Colour.EDGE: "var(--edge)",
    Colour.ACCENT: "var(--accent)",
    Colour.GREY: "var(--grey-bar)",
    Colour.DANGER: "var(--danger)",
    **{shade: f"var(--shade-{depth})" for depth, shade in enumerate(SHADES)},
}
PAPER: Final[dict[str, str]] = {
    Colour.INK: "#17211f",
    Colour.QUIET: "#55615f",
    Colour.LINE: "#d3dbdb",
    Colour.EDGE: "#75827f",
    Colour.ACCENT: "#0b6e6e",
    Colour.GREY: "#a9b4b2",
    Colour.DANGER: "#a9221a",
    **dict(zip(SHADES, ("#eef2f2", "#c5e2df", "#84c0bb", "#3c9490", "#075757"), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing to be made. `title` and `words` are what is read out in its place; `language`: how numbers look."""

    spec: dict[str, Any]
    title: str
    words: str
    language: str


def framed(layers: list[dict[str, Any]], width: int, height: int | dict[str, int], **more: Any) -> dict[str, Any]:
    """Layers over each other in the house's frame. `height` in pixels, or `{"step": pixels}` for each row."""
    fit = {"type": "fit-x" if isinstance(height, dict) else "fit", "contains": "padding"}
    return {
        "width": width,
        "height": height,
        "autosize": fit,
        "padding": {"left": 0, "right": 2, "top": 8, "bottom": 2},
        "background": None,
        "layer": layers,
        "config": _CONFIG,
        **more,
    }


_CONFIG: Final = {
    "aria": False,  # the drawing is one picture; its table is beside it
    "view": {"stroke": None},
    "axis": {
        "labelColor": Colour.QUIET.value,
        "labelFontSize": WORDS_PX,
        "titleColor": Colour.QUIET.value,
        "titleFontSize": WORDS_PX,
        "titleFontWeight": "normal",
        "gridColor": Colour.LINE.value,
        "domainColor": Colour.EDGE.value,
        "tickColor": Colour.EDGE.value,
    },
    "text": {"color": Colour.INK.value, "fontSize": WORDS_PX},
    "legend": {
        "labelColor": Colour.INK.value,
        "labelFontSize": WORDS_PX,
        "title": None,
        "orient": "top",
        "labelLimit": 220,
        "symbolStrokeWidth": 0,
        "columnPadding": 16,
    },
}
