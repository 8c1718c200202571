"""Charts of the figures: pure functions from values to Vega-Lite, drawn as SVG on the server without a browser.

The same chart stands in a page, in a PDF and in a mail: a page fills its colours in by CSS (`on_page`), paper has
colours of its own (`on_paper`). Words come in as they are to be read; nothing here knows a language but by its marks.
"""

from services.reporting.charts.drawing import Artist, draw, on_page, on_paper
from services.reporting.charts.look import FULL, HALF, PHONE, Chart, Colour
from services.reporting.charts.specs import (
    Bar,
    Cell,
    Point,
    Shares,
    bars,
    heat,
    shares,
    trend,
)

__all__ = [
    "FULL",
    "HALF",
    "PHONE",
    "Artist",
    "Bar",
    "Cell",
    "Chart",
    "Colour",
    "Point",
    "Shares",
    "bars",
    "draw",
    "heat",
    "on_page",
    "on_paper",
    "shares",
    "trend",
]
