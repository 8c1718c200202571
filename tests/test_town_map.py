"""Maps of one place: drawn from our own ground alone, small, with the pin on the very point."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared import municipality
from shared.pages.town_map import METRES_PER_UNIT, VIEW_UNITS, PlaceMaps, Shade, ShadedMaps

PLACE = municipality.load(Path(__file__).parent.parent / "municipality" / "ilkadim")
MAPS = PlaceMaps(PLACE)


@pytest.mark.parametrize("row", PLACE.neighbourhoods, ids=lambda row: row.name)
def test_every_neighbourhood_is_drawn_and_named(row: municipality.Neighbourhood) -> None:
    drawn = MAPS.draw(None, None, row.code, "Yer")

    assert ElementTree.fromstring(drawn).get("aria-label") == "Yer"
    assert drawn.count('class="here"') == 1
    assert f">{row.name}</text>" in drawn
    assert len(drawn) < 20_000


def test_the_point_stands_in_the_middle_and_the_frame_is_as_wide_as_said() -> None:
    drawn = MAPS.draw(41.2853, 36.3321, "61820", "Yer")

    left, top, width, height = (int(number) for number in re.findall(r'viewBox="([-\d ]+)"', drawn)[0].split())
    x, y = (int(number) for number in re.findall(r'class="pin" d="M(-?\d+) (-?\d+)', drawn)[0])
    assert (width, height) == VIEW_UNITS
    assert abs(x - (left + width / 2)) <= 1 and abs(y - (top + height / 2)) <= 1


def test_the_scale_is_two_hundred_metres_long() -> None:
    [units] = re.findall(r'class="scale" d="M-?\d+ -?\d+v\d+h(\d+)', MAPS.draw(41.2853, 36.3321, None, "Yer"))

    assert round(int(units) * METRES_PER_UNIT) == pytest.approx(200, abs=2)


@pytest.mark.parametrize(("latitude", "longitude"), [(39.93, 32.85), (0.0, 0.0), (None, None)])
def test_what_lies_outside_is_not_drawn(latitude: float | None, longitude: float | None) -> None:
    assert MAPS.draw(latitude, longitude, None, "Yer") == ""


def test_what_is_read_out_cannot_leave_its_attribute() -> None:
    drawn = MAPS.draw(41.2853, 36.3321, None, '"><script>')

    assert "<script>" not in drawn


def test_a_shaded_map_shows_every_neighbourhood_and_links_those_with_a_figure() -> None:
    known, *others = [area.code for area in PLACE.areas]

    drawn = ShadedMaps(PLACE).draw({known: Shade(3, 'A & "B": 12', "/?neighbourhood=1&x=2")}, "Mahalleler")

    root = ElementTree.fromstring(drawn)
    links = root.findall("{http://www.w3.org/2000/svg}a")
    assert [(link.get("href"), link.get("aria-label")) for link in links] == [("/?neighbourhood=1&x=2", 'A & "B": 12')]
    assert drawn.count('class="shade-3"') == 1
    assert drawn.count('class="no-shade"') == len(others)


def test_a_hidden_figure_is_hatched_and_links_nowhere() -> None:
    hidden = PLACE.areas[0].code

    drawn = ShadedMaps(PLACE).draw({hidden: Shade(None, "Kale: gizli")}, "Mahalleler")

    assert drawn.count('class="hatched"') == 1
    assert "<title>Kale: gizli</title>" in drawn
    assert "<a " not in drawn
