"""Places: neighbourhoods from coordinates, fields and words, with the traps of their names."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.addresses import find
from shared.gazetteer import Clue, ClueCode, Gazetteer, GazetteerError, PlaceFound
from shared.municipality import load
from shared.places.found import KNOWN_FROM
from shared.text import fold, words

ROOT = Path(__file__).parent.parent
MUNICIPALITY = load(ROOT / "municipality/ilkadim")
GAZETTEER = Gazetteer.of(MUNICIPALITY)
CODES = {row.name: row.code for row in MUNICIPALITY.neighbourhoods}


def located(text: str = "", **fields: str | float) -> PlaceFound:
    return GAZETTEER.locate(words(fold(text)), text=text, addresses=find(text), **fields)  # type: ignore[arg-type]


def lies_in(place: PlaceFound) -> tuple[str, ...]:
    assert place.street
    return place.street.neighbourhoods


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
        (0.0, 0.0, ClueCode.REFUSED_ZERO),
        (36.3324, 41.2869, ClueCode.REFUSED_SWAPPED),
        (36.3, 41.35, ClueCode.REFUSED_SWAPPED),
        (float("nan"), 36.3, ClueCode.REFUSED_GLOBE),
        (91.0, 36.3, ClueCode.REFUSED_GLOBE),
        (41.30, 36.40, ClueCode.REFUSED_SEA),
        (41.36, 36.32, ClueCode.REFUSED_SEA),
        (41.33, 36.335, ClueCode.REFUSED_SEA),
    ],
)
def test_impossible_coordinates_are_refused_with_the_reason(
    latitude: float, longitude: float, evidence: ClueCode
) -> None:
    place = located(latitude=latitude, longitude=longitude)

    assert (place.neighbourhood, place.is_outside) == (None, False)
    assert place.refused is evidence
    assert [clue.code for clue in place.evidence] == [evidence]


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
        "Liman Reis'e gittik",
        "Fatih'ten haber alamadık",
        "Pazar'da balık pahalı",
        "gelmemiş, van, uşak, muş",
        "yan sokakta, ana caddede, arka sokakta",
        "kavak ağacı devrildi",
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
        ("Avdan köyünde", "Avdan"),
        ("Aşağı Avdan'da yol kapalı", "Aşağıavdan"),
        ("Derecik'teki park", "Derecik"),
        ("ULUGAZİ MAHALLESİNDE SU YOK", "Ulugazi"),
        ("ulu gazi mh", "Ulugazi"),
        ("Fatih'te yol bozuk", "Fatih"),
        ("ondokuz mayıs mah.", "19 Mayıs"),
        ("on dokuz mayis mahallesi", "19 Mayıs"),
        ("19mayıs mah", "19 Mayıs"),
        ("kılıcdde mahallesi", "Kılıçdede"),
        ("Baruthne mah. çöp", "Baruthane"),
        ("Karasamsn'da kaldırım", "Karasamsun"),
        ("kokcuoglunda elektrik yok", "Kökçüoğlu"),
        ("Liman SB içinde", "Liman SB (serbest bölge)"),
        ("Liman mahallesi", "Liman"),
        ("56'larda su yok", "İstasyon"),
        ("Gaziler Meydanı'nda bank kırık", "Kale"),
        ("Fevzi Çakmak'ta su yok", "Fevzi Çakmak"),
        ("Kale Gazi Cad. no 5", "Kale"),
    ],
)
def test_a_name_with_its_cue_or_without_a_double_is_found(text: str, name: str) -> None:
    assert name_of(located(text)) == name


def test_two_neighbourhoods_in_one_text_leave_the_place_open() -> None:
    assert located("Zafer Mahallesi ile Kale Mahallesi arasında").neighbourhood is None


def test_a_street_of_one_neighbourhood_gives_it_and_one_of_several_stays_evidence() -> None:
    for written in ("Evliya Çelebi Sokak'ta", "evliya celebi sok. no 3", "EVLİYAÇELEBİ SK", "Evliya Celbi Sokağı"):
        assert name_of(located(written)) == "Adalet", written
    assert name_of(located(street="Evliya Çelebi")) == "Adalet"
    open_place = located("Osmaniye Caddesi'nde")
    assert open_place.neighbourhood is None
    assert sum(candidate.probability for candidate in open_place.candidates) <= 1
    assert {"Kale", "Kadıköy"} <= {MUNICIPALITY.neighbourhood(code).name for code in lies_in(open_place)}
    assert open_place.evidence[0] == Clue(ClueCode.STREET_OPEN, ("osmaniye caddesi",))


def test_a_neighbourhood_decides_which_of_the_streets_of_one_name_is_meant() -> None:
    for code in lies_in(located("Osmaniye Caddesi'nde")):
        neighbourhood = MUNICIPALITY.neighbourhood(code).name
        place = located(f"{neighbourhood} Mahallesi Osmaniye Caddesi")
        assert place.neighbourhood == code
        assert place.probability > located(f"{neighbourhood} Mahallesi").probability


def test_the_neighbourhood_field_forgives_typing_errors_but_takes_no_strangers() -> None:
    assert name_of(located(neighbourhood="Kılıcdde mahallesi")) == "Kılıçdede"
    assert located(neighbourhood="Beşiktaş").neighbourhood is None


def test_a_text_that_names_a_neighbouring_district_alone_is_outside() -> None:
    assert located("Atakum'da yol bozuk").outside_district == "Atakum"
    assert not located("Zafer Mahallesi, Canik sınırında").is_outside


def test_a_street_is_not_read_as_the_neighbourhood_of_its_name() -> None:
    place = located("Hürriyet Caddesi'nde çukur")

    assert name_of(place) == "Derecik"
    assert place.street and (place.street.name, place.street.type) == ("hurriyet", "cadde")


@pytest.mark.parametrize("text", ["100. Yıl Bulvarı", "yüzüncü yıl bulvarında", "100yıl blv", "100.YIL BULVARI"])
def test_a_main_road_is_known_by_name_and_type_while_the_neighbourhood_is_open(text: str) -> None:
    place = located(text)

    assert place.neighbourhood is None
    assert place.street and (place.street.name, place.street.type) == ("100 yil", "bulvar")
    assert len(place.street.neighbourhoods) == 18
    assert place.street_keys == ("100 yil bulvar",)


def test_a_street_along_the_border_does_not_speak_against_the_neighbourhood_that_is_named() -> None:
    place = located("Fatih Mah. Osmaniye Cad. No:45")

    assert name_of(place) == "Fatih"
    assert CODES["Fatih"] not in lies_in(place)
    assert Clue(ClueCode.STREET_ELSEWHERE, ("osmaniye cad",), CODES["Fatih"]) in place.evidence


def test_a_street_far_from_the_neighbourhood_that_is_named_leaves_the_place_open() -> None:
    assert located("Derecik Mahallesi Anafartalar Caddesi").neighbourhood is None


def test_a_second_street_narrows_the_first_one_down() -> None:
    names = {MUNICIPALITY.neighbourhood(code).name for code in lies_in(located("Lise Caddesi"))}
    corner = located("Lise Caddesi ile Bahariye Caddesi'nin köşesi")

    assert len(names) == 6
    assert name_of(corner) == "Çiftlik"


def test_a_landmark_of_two_neighbourhoods_stays_open_and_a_street_closes_it() -> None:
    assert [name_of(located("Saathane'de")), located("Saathane'de").landmark] == [None, "saathane"]
    assert name_of(located("Saathane'de Buğday Pazarı Caddesi")) == "Pazar"


def test_what_people_call_a_street_stands_for_it() -> None:
    place = located("Çiftlik Caddesi'nde kaldırım kırık")

    assert place.street and (place.street.name, place.street.type) == ("istiklal", "cadde")


def test_a_point_near_a_border_gives_both_the_one_around_it_first() -> None:
    place = located(latitude=41.2869, longitude=36.3324)

    assert name_of(place) == "Ulugazi"
    assert [MUNICIPALITY.neighbourhood(row.neighbourhood).name for row in place.candidates[:2]] == [
        "Ulugazi",
        "Hürriyet",
    ]
    assert ClueCode.BORDER in [clue.code for clue in place.evidence]


def test_words_that_contradict_the_point_lower_its_probability_and_are_told() -> None:
    alone = located(latitude=41.2869, longitude=36.3324)
    contradicted = located("Liman Mahallesi'nde su yok", latitude=41.2869, longitude=36.3324)

    assert name_of(contradicted) == "Ulugazi"
    assert contradicted.probability < alone.probability
    assert Clue(ClueCode.CONTRADICTION, ("liman",), CODES["Liman"]) in contradicted.evidence


def test_a_street_that_is_elsewhere_is_told() -> None:
    place = located("Saadet Caddesi'nde çukur", latitude=41.308128, longitude=36.336058)

    assert name_of(place) == "Liman"
    assert Clue(ClueCode.STREET_ELSEWHERE, ("saadet caddesi",), CODES["Liman"]) in place.evidence


def test_a_text_full_of_names_is_told_in_few_words() -> None:
    place = located(", ".join(f"{name} Mahallesi" for name in CODES))

    assert place.neighbourhood is None
    assert len(place.evidence) <= 12


def test_two_witnesses_against_the_point_leave_the_place_open() -> None:
    place = located("Liman Mahallesi Öğretmenler Caddesi", latitude=41.2869, longitude=36.3324)

    assert place.neighbourhood is None
    assert {row.neighbourhood for row in place.candidates} >= {CODES["Liman"], CODES["Ulugazi"]}


def test_a_field_and_a_text_that_differ_are_less_sure_than_one_alone() -> None:
    alone = located(neighbourhood="Kale")
    contradicted = located("Zafer Mahallesi", neighbourhood="Kale")

    assert contradicted.probability < alone.probability


def test_the_centre_of_every_neighbour_lies_in_its_own_district() -> None:
    for row in MUNICIPALITY.neighbours:
        assert located(latitude=row.latitude, longitude=row.longitude).outside_district == row.district, row.name


def test_a_quay_is_no_sea() -> None:
    place = located(latitude=41.31, longitude=36.35)

    assert name_of(place) == "Liman"
    assert place.evidence[0].code is ClueCode.NEAR_COAST


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("Atakum'da yol bozuk", "Atakum"),
        ("Mimarsinan Mahallesi'nde çöp", "Atakum"),
        ("Kavak ilçesinde yol bozuk", "Kavak"),
        ("Piazza AVM önündeki kaldırım", "Canik"),
    ],
)
def test_what_lies_next_door_is_told_with_its_district(text: str, district: str) -> None:
    place = located(text)

    assert (place.is_outside, place.outside_district) == (True, district)


@pytest.mark.parametrize(
    "text",
    ["Atakum'a giden otobüs", "Atakum dolmuşu", "Canik sınırında, Zafer Mahallesi", "Canik Sokak", "Bafra pidesi"],
)
def test_the_way_to_another_district_is_not_in_it(text: str) -> None:
    assert not located(text).is_outside


def test_an_address_in_another_province_is_outside() -> None:
    place = located("Adresim Bağdat Caddesi No 5 Kadıköy/İstanbul")

    assert (place.is_outside, place.outside_district, place.street) == (True, None, None)
    assert place.evidence[0].code is ClueCode.FAR


def test_a_district_that_is_no_neighbour_is_outside_and_nobody_s_there() -> None:
    place = located("Bafra'da yol bozuk")

    assert (place.is_outside, place.outside_district) == (True, None)
    assert place.evidence == (Clue(ClueCode.FAR, ("bafra",), "Bafra"),)


def test_a_landmark_that_is_not_sure_decides_nothing_alone() -> None:
    place = located("Toptepe'de lamba yanmıyor")

    assert place.neighbourhood is None
    assert name_of(located("Toptepe'de, Derebahçe Mahallesi")) == "Derebahçe"


def test_the_address_that_was_read_is_told_by_its_place_in_the_text() -> None:
    text = "İlkadım'da oturuyorum. Kale Mah. Gazi Cad. No 12 önünde çukur var"
    place = located(text)

    assert place.address
    assert text[place.address.start : place.address.end] == "Kale Mah. Gazi Cad. No 12"


def test_every_clue_has_a_sentence() -> None:
    sentences = tomllib.loads((ROOT / "shared/explaining.toml").read_text(encoding="utf-8"))["place"]

    assert set(ClueCode) <= set(sentences)


def test_an_empty_gazetteer_finds_nothing_and_claims_nothing() -> None:
    empty = Gazetteer.empty()

    assert empty.locate(["kale", "mahallesi"], "Gazi Caddesi", "Kale", 39.93, 32.85) == PlaceFound()


def test_a_municipality_without_ground_is_refused() -> None:
    with pytest.raises(GazetteerError, match="no polygons"):
        Gazetteer.of(MUNICIPALITY.model_copy(update={"areas": ()}))


ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.floats(35, 43)
NAMES = [row.name for row in MUNICIPALITY.neighbourhoods]
PIECES = [*NAMES, "Mahallesi", "Gazi Caddesi", "Atakum'da", "no 5", "56'lar"]


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=12).map(" ".join),
    st.none() | ANY_NUMBER,
    st.none() | ANY_NUMBER,
)
@settings(max_examples=300, deadline=None)
def test_any_text_and_any_point_give_a_place(text: str, latitude: float | None, longitude: float | None) -> None:
    place = GAZETTEER.locate(
        words(fold(text)), text[:40], text[:20], latitude, longitude, text=text, addresses=find(text)
    )

    shares = [candidate.probability for candidate in place.candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1 + 1e-9
    assert place.neighbourhood is None or (place.probability >= KNOWN_FROM and not place.is_outside)


@pytest.mark.parametrize(
    "text", ["Atakum sahilinde çöpler alınmadı", "Atakum İstiklal mahallesinde kaçak kat çıkılıyor"]
)
def test_a_district_next_door_is_meant_whatever_follows_its_name(text: str) -> None:
    found = located(text)

    assert (found.is_outside, found.outside_district) == (True, "Atakum")
