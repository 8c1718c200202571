"""Places: neighbourhoods from coordinates, fields and words, with the traps of their names."""

from pathlib import Path

import pytest

from shared.gazetteer import Gazetteer, PlaceFound
from shared.municipality import load
from shared.text import fold, words

MUNICIPALITY = load(Path(__file__).parent.parent / "municipality/ilkadim")
GAZETTEER = Gazetteer.of(MUNICIPALITY)
CODES = {row.name: row.code for row in MUNICIPALITY.neighbourhoods}


def located(text: str = "", **fields: str | float) -> PlaceFound:
    return GAZETTEER.locate(words(fold(text)), **fields)  # type: ignore[arg-type]


def name_of(place: PlaceFound) -> str | None:
    return MUNICIPALITY.neighbourhood(place.neighbourhood).name if place.neighbourhood else None


def test_every_neighbourhood_is_known_by_name_alias_and_any_spelling() -> None:
    for row in MUNICIPALITY.neighbourhoods:
        for written in (row.name, *row.aliases):
            for spelling in (written, written.replace("i", "İ").upper(), fold(written), f"{written} Mah."):
                assert located(neighbourhood=spelling).neighbourhood == row.code, spelling
            assert located(f"Biz {written} Mahallesi'nde oturuyoruz").neighbourhood == row.code, written


def test_a_point_inside_each_polygon_gives_its_neighbourhood() -> None:
    from shapely import Polygon

    for area in MUNICIPALITY.areas:
        point = Polygon(area.polygons[0][0]).representative_point()
        assert located(latitude=point.y, longitude=point.x).neighbourhood == area.code


@pytest.mark.parametrize(
    ("latitude", "longitude", "evidence"),
    [
        (0.0, 0.0, "0,0"),
        (36.3324, 41.2869, "swapped"),
        (float("nan"), 36.3, "globe"),
        (91.0, 36.3, "globe"),
    ],
)
def test_impossible_coordinates_are_refused_with_the_reason(latitude: float, longitude: float, evidence: str) -> None:
    place = located(latitude=latitude, longitude=longitude)

    assert place.neighbourhood is None
    assert not place.is_outside
    assert evidence in place.evidence[0]


def test_refused_coordinates_leave_the_text_to_speak() -> None:
    assert name_of(located("Zafer Mahallesi", latitude=0.0, longitude=0.0)) == "Zafer"


def test_a_point_in_a_neighbouring_district_is_outside_and_the_district_is_named() -> None:
    place = located(latitude=41.3324, longitude=36.2690)

    assert (place.neighbourhood, place.is_outside, place.outside_district) == (None, True, "Atakum")


def test_a_point_far_away_is_outside_of_everything() -> None:
    place = located(latitude=39.93, longitude=32.85)

    assert (place.is_outside, place.outside_district) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "Fatih Bey ilgilenmedi",
        "Zafer Bayramı kutlu olsun",
        "pazar günü geldiler",
        "hastane önünde bekledik",
        "kale gibi sağlam",
        "istasyon durağında",
        "çay içtik",
        "adalet istiyoruz",
        "Kazım Karabekir Paşa",
        "liman",
        "Hançerli Sokak",
        "gelmemiş, van, uşak, muş",
        "",
    ],
)
def test_ordinary_words_and_persons_are_no_neighbourhoods(text: str) -> None:
    assert located(text).neighbourhood is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fatih Mahallesinde su yok", "Fatih"),
        ("PAZAR MAH. çöp", "Pazar"),
        ("Hastanebaşı mahallesi", "Hastane"),
        ("Kılıçdede'de elektrik yok", "Kılıçdede"),
        ("kilicdedede elektrik yok", "Kılıçdede"),
        ("19 Mayıs Mahallesi", "19 Mayıs"),
        ("Aşağıavdan mahallesi", "Aşağıavdan"),
        ("Avdan mahallesi", "Avdan"),
    ],
)
def test_a_name_with_its_cue_or_without_a_double_is_found(text: str, name: str) -> None:
    assert name_of(located(text)) == name


def test_two_neighbourhoods_in_one_text_leave_the_place_open() -> None:
    assert located("Zafer Mahallesi ile Kale Mahallesi arasında").neighbourhood is None


def test_a_street_of_one_neighbourhood_gives_it_and_one_of_several_stays_evidence() -> None:
    places = GAZETTEER._streets
    unique = next(name for (kind, name), codes in places.items() if kind == "sokak" and len(codes) == 1)
    shared = next(name for (kind, name), codes in places.items() if kind == "sokak" and len(codes) > 1)

    assert located(f"{unique} sokakta").neighbourhood in places["sokak", unique]
    assert located(f"{unique} sok. no 3").neighbourhood in places["sokak", unique]
    assert located(street=unique).neighbourhood is not None or len(places["", unique]) > 1
    open_place = located(f"{shared} sokağında")
    assert open_place.neighbourhood is None
    assert shared in open_place.evidence[0]


def test_a_neighbourhood_decides_which_of_the_streets_of_one_name_is_meant() -> None:
    (_, name), codes = next(item for item in GAZETTEER._streets.items() if item[0][0] == "sokak" and len(item[1]) > 1)
    for code in codes:
        neighbourhood = MUNICIPALITY.neighbourhood(code).name
        assert located(f"{neighbourhood} Mahallesi {name} sokak").neighbourhood == code


def test_the_neighbourhood_field_forgives_typing_errors_but_takes_no_strangers() -> None:
    assert name_of(located(neighbourhood="Kılıcdde mahallesi")) == "Kılıçdede"
    assert located(neighbourhood="Beşiktaş").neighbourhood is None


def test_a_text_that_names_a_neighbouring_district_alone_is_outside() -> None:
    assert located("Atakum'da yol bozuk").outside_district == "Atakum"
    assert not located("Zafer Mahallesi, Canik sınırında").is_outside
