"""Where a report lies: random points in the polygons, the neighbours' centres, and sentences of our own."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Final

from shapely import MultiPolygon, Point, Polygon

from bench.quality.figure import Better, Figure, share
from bench.quality.rows import PLACE
from shared.addresses import find
from shared.gazetteer import Gazetteer
from shared.municipality import Area
from shared.text import fold, words

SEED: Final = 20260101
POINTS_EACH: Final = 200
DRAWS_MAX: Final = 20_000
SENTENCES: Final = Path(__file__).parent / "places.csv"
OPEN: Final = "-"  # in the table: nothing may be said
_LANDMARKS: Final = ("önünde çukur var", "lambalar yanmıyor", "çöp alınmadı")


def measure(data: Path) -> list[Figure]:
    """All rows of places; `data` is not needed, the ground is the municipality's own."""
    gazetteer = Gazetteer.of(PLACE)
    return [_points(gazetteer), _neighbours(gazetteer), *_sentences(gazetteer), _streets(gazetteer), _cost(gazetteer)]


def _points(gazetteer: Gazetteer) -> Figure:
    chance = random.Random(SEED)
    right = count = 0
    for area in PLACE.areas:
        for latitude, longitude in _points_in(area, chance):
            place = gazetteer.locate((), latitude=latitude, longitude=longitude)
            right += place.neighbourhood == area.code and not place.is_outside
            count += 1
    value, interval = share(right, count)
    how = f"{count} random points in {len(PLACE.areas)} polygons, seed {SEED}"
    return Figure("point → neighbourhood", value, interval, 1.0, how=how)


def _points_in(area: Area, chance: random.Random) -> Iterator[tuple[float, float]]:
    ground = MultiPolygon([Polygon(rings[0], rings[1:]) for rings in area.polygons])
    west, south, east, north = ground.bounds
    found = 0
    for _ in range(DRAWS_MAX):
        point = Point(chance.uniform(west, east), chance.uniform(south, north))
        if ground.contains(point):
            found += 1
            yield point.y, point.x
        if found == POINTS_EACH:
            return


def _neighbours(gazetteer: Gazetteer) -> Figure:
    """Each neighbour's centre, found by all the others: as well as any other point out there."""
    right = 0
    for row in PLACE.neighbours:
        others = [other for other in PLACE.neighbours if other is not row]
        without = Gazetteer.of(PLACE.model_copy(update={"neighbours": tuple(others), "streets": ()}))
        right += without.locate((), latitude=row.latitude, longitude=row.longitude).outside_district == row.district
    value, interval = share(right, len(PLACE.neighbours))
    return Figure("point outside → district", value, interval, how=f"{len(PLACE.neighbours)} centres, each left out")


def _sentences(gazetteer: Gazetteer) -> Iterator[Figure]:
    """Sentences of our own with traps: what must be found, and what must not."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    named = {row.name: row.code for row in PLACE.neighbourhoods}
    found = [gazetteer.locate(words(fold(row["text"])), text=row["text"], addresses=find(row["text"])) for row in rows]
    told = [(row["place"], place) for row, place in zip(rows, found, strict=True)]
    ours = [place.neighbourhood == named[name] for name, place in told if name in named]
    value, interval = share(sum(ours), len(ours))
    yield Figure("text → neighbourhood", value, interval, how=f"{len(ours)} own sentences")
    open_ = [place.neighbourhood is None and not place.is_outside for name, place in told if name == OPEN]
    value, interval = share(len(open_) - sum(open_), len(open_))
    how = f"{len(open_)} own sentences with names that mean something else"
    yield Figure("place read into a text that has none", value, interval, better=Better.LOWER, how=how)


def _streets(gazetteer: Gazetteer) -> Figure:
    """Every street by name and type: right is its only neighbourhood, or to leave open which of several it is."""
    right = 0
    for row in PLACE.streets:
        place = gazetteer.locate(words(fold(f"{row.name} {row.type} {_LANDMARKS[0]}")))
        lies_in = place.street.neighbourhoods if place.street else ()
        right += row.neighbourhood in lies_in and place.neighbourhood in (None, row.neighbourhood)
    value, interval = share(right, len(PLACE.streets))
    return Figure("street → its neighbourhoods, none guessed", value, interval, how=f"{len(PLACE.streets)} streets")


def _cost(gazetteer: Gazetteer) -> Figure:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        texts = [f"{row['text']} {_LANDMARKS[at % 3]}" for at, row in enumerate(csv.DictReader(file))]
    micros = []
    for text in texts * 5:
        text_words = words(fold(text))
        began = perf_counter_ns()
        gazetteer.locate(text_words, text=text, addresses=find(text))
        micros.append((perf_counter_ns() - began) / 1000)
    return Figure("place and addresses of a text", median(micros), better=Better.LOWER, unit="µs", how="median")
