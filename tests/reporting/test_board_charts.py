"""Charts are values until they are drawn; drawn, pictures that say what they show, in the colours around them."""

import asyncio
import re
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

from services.reporting.charts import (
    PHONE,
    Artist,
    Bar,
    Cell,
    Chart,
    Colour,
    Point,
    Shares,
    bars,
    draw,
    heat,
    on_page,
    on_paper,
    shares,
    trend,
)
from services.reporting.charts.specs import depth

WORDS: dict[str, Any] = {
    "title": "Kim <ne> yaptı?",
    "words": "İki satır & bir toplam",
    "language": "tr",
    "width": PHONE,
}
DAY = date(2026, 3, 1)


def every_chart() -> list[Chart]:
    return [
        bars([Bar("Park ve Bahçeler", 12_345, 12_000, "12.345", before=11_000), Bar("Zabıta", 0, 0, "0")], **WORDS),
        bars([], **WORDS),
        shares([Shares("Acil", (3, 1), "%75,0")], [("Zamanında", Colour.ACCENT), ("Geç", Colour.DANGER)], **WORDS),
        trend([Point(DAY, 3, 4), Point(date(2026, 3, 2), None, 2)], "Bu dönem", "Önceki", dates="%d.%m", **WORDS),
        heat([Cell(0, 9, 4)], ["Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"], **WORDS),
    ]


@pytest.mark.parametrize("chart", every_chart(), ids=["bars", "no bars", "shares", "trend", "heat"])
def test_a_drawing_is_one_picture_with_its_words_and_no_colour_or_letters_of_its_own(chart: Chart) -> None:
    drawn = on_page(draw(chart))

    root = ElementTree.fromstring(drawn)
    by_id = {element.get("id"): element.text for element in root if element.get("id")}
    assert root.get("role") == "img"
    assert by_id[root.get("aria-labelledby")] == WORDS["title"]
    assert by_id[root.get("aria-describedby")] == WORDS["words"]
    assert "font-family" not in drawn
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) <= {"none", "transparent"} | set(
        re.findall(r"var\(--[a-z0-9-]+\)", drawn)
    )


def test_on_paper_every_colour_is_a_colour() -> None:
    drawn = "".join(on_paper(draw(chart)) for chart in every_chart())

    assert "var(" not in drawn
    assert not [colour for colour in Colour if colour.value in drawn]


def test_numbers_of_an_axis_are_written_as_the_reader_writes_them() -> None:
    points = [Point(DAY, 4_000)]

    in_turkish = draw(trend(points, "Bu dönem", "Önceki", dates="%d.%m", **WORDS))
    in_english = draw(trend(points, "Now", "Before", dates="%-d %b", **WORDS | {"language": "en"}))

    assert ">4.000<" in in_turkish
    assert ">4,000<" in in_english


def test_a_day_without_a_record_has_its_place_but_no_bar() -> None:
    known = [Point(DAY, 3), Point(date(2026, 3, 2), None), Point(date(2026, 3, 3), 5)]

    drawn = draw(trend(known, "Bu dönem", "Önceki", dates="%d.%m", **WORDS))

    assert drawn.count(f'fill="{Colour.ACCENT.value}"') == 2
    assert ">02.03<" in drawn


def test_an_axis_of_few_cases_counts_in_whole_ones() -> None:
    drawn = draw(trend([Point(DAY, 1)], "Bu dönem", "Önceki", dates="%d.%m", **WORDS))

    assert [drawn.count(f">{number}<") for number in (0, 1, 2)] == [1, 1, 0]


@pytest.mark.parametrize(("value", "shade"), [(0, 0), (1, 1), (25, 1), (26, 2), (75, 3), (76, 4), (100, 4)])
def test_the_darker_the_more_and_nothing_is_a_shade_of_its_own(value: int, shade: int) -> None:
    assert depth(value, 100) == shade


async def test_what_was_drawn_is_kept_and_drawn_once_for_all_who_ask() -> None:
    artist = Artist()
    chart = bars([Bar("Tek", 1, 1, "1")], **WORDS)
    try:
        first, second = await asyncio.gather(artist.draw(chart), artist.draw(chart))

        assert first is second is await artist.draw(chart)
        assert first == draw(chart)
    finally:
        artist.close()


async def test_the_loop_goes_on_while_charts_are_drawn() -> None:
    artist = Artist()
    try:
        drawing = asyncio.create_task(artist.draw(every_chart()[0]))
        turns = 0
        while not drawing.done():
            await asyncio.sleep(0.005)
            turns += 1

        assert turns > 10
    finally:
        artist.close()
