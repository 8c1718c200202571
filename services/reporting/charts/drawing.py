"""Draws charts as SVG with vl-convert, which has Vega-Lite inside: no browser, no outside host.

Drawing holds Python's lock for some 40 ms (half a second the first time), so that a service draws in a process beside
its own; what was drawn once is kept by its content.
"""

import asyncio
import hashlib
import json
import multiprocessing
import os
import re
import signal
import threading
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final
from xml.sax.saxutils import escape

import vl_convert
from markupsafe import Markup

from services.reporting.charts.look import CSS, NUMBERS, PAPER, VEGA_LITE, Chart

KEPT_MAX: Final = 512  # drawings of some 10 KB
ID_LETTERS: Final = 10
_SENTINEL: Final = re.compile("#010[ab]0[0-9]")
_FONT: Final = re.compile(r' font-family="[^"]*"')
# What a picture does not need: roles within it, what is not shown, and more than two digits behind the point.
_NOT_SHOWN: Final = re.compile(
    r' (?:role="graphics-[^"]*"|aria-[a-z]+="[^"]*"|pointer-events="none"|opacity="1")'
    r'|<path class="(?:back|fore)ground"[^>]*?(?:display="none"|d="M0,0h0v0h0Z")[^>]*/>'
    r'|<text [^>]*opacity="0">[^<]*</text>'
)
_LONG_NUMBER: Final = re.compile(r"(\d+\.\d\d)\d+(?=[^<>]*>)")  # within tags; words stay
_OPENING: Final = re.compile(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>")


def draw(chart: Chart) -> str:
    """The SVG with colours still as `Colour`; takes some 40 ms of the processor and holds Python's lock."""
    svg = vl_convert.vegalite_to_svg(
        chart.spec, vl_version=VEGA_LITE, format_locale=NUMBERS[chart.language], allowed_base_urls=[]
    )
    svg = _LONG_NUMBER.sub(r"\1", _NOT_SHOWN.sub("", svg))
    name = _digest(chart)[:ID_LETTERS]
    words = (
        f'<title id="{name}-title">{escape(chart.title)}</title><desc id="{name}-words">{escape(chart.words)}</desc>'
    )
    opening = (
        rf'<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" aria-labelledby="{name}-title"'
        rf' aria-describedby="{name}-words" \1>{_literal(words)}'
    )
    return _OPENING.sub(opening, svg, count=1)


def on_page(svg: str) -> Markup:
    """With the colours of the page around it, and its letters."""
    return Markup(_SENTINEL.sub(lambda found: CSS[found[0]], _FONT.sub("", svg)))  # noqa: S704 - drawn by ourselves


def on_paper(svg: str) -> str:
    """With colours of its own: what a PDF or a mail is given."""
    return _SENTINEL.sub(lambda found: PAPER[found[0]], svg)


class Artist:
    """Draws for a page in one process beside the service, and keeps what it drew; may be used at once by many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._pool: ProcessPoolExecutor | None = None

    async def draw(self, chart: Chart) -> str:
        """As `draw`, without holding anybody up. Asked for the same at the same time it is drawn once."""
        name = _digest(chart)
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        if name not in self._under_way:
            task = self._under_way[name] = asyncio.create_task(self._drawn(chart))
            task.add_done_callback(lambda _: self._under_way.pop(name))
        svg = await asyncio.shield(self._under_way[name])
        self._kept[name] = svg
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return svg

    def close(self) -> None:
        """Let the process go; safe to call twice."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _drawn(self, chart: Chart) -> str:
        try:
            return await self._in_pool(chart)
        except BrokenProcessPool:  # killed for want of memory, say: a new one draws it
            self.close()
            return await self._in_pool(chart)

    async def _in_pool(self, chart: Chart) -> str:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_follow)
        return await asyncio.get_running_loop().run_in_executor(self._pool, draw, chart)


def _follow() -> None:
    """In the drawing process: leave interruptions to the service, and end when the service does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(0)


def _digest(chart: Chart) -> str:
    content = json.dumps([chart.spec, chart.title, chart.words, chart.language], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _literal(text: str) -> str:
    """Text as the replacement of a pattern: a backslash stays one."""
    return text.replace("\\", r"\\")
