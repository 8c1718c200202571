"""When two reports are taken for one problem: near in place and time, of one kind, alike in words."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter

import pytest

from services.router.domain.incidents import Index, Matcher, Sighting, Spot, keys, search_keys
from services.router.domain.matching import MatcherError, load_matcher
from services.router.domain.signature import signature
from shared.municipality import MunicipalityError, Reach, load

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "services" / "router" / "model"
ILKADIM = ROOT / "municipality" / "ilkadim"
PLACE = load(ILKADIM)
MATCHER = load_matcher(MODEL)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REACH = Reach(radius_metres=150, window_hours=48, prior=2, join=0.75, propose=0.2)
METRE = 1 / 111_320  # in degrees of latitude
MATCHING_MICROSECONDS_MAX = 2_000
_numbers = count()


def a_report(
    minutes: float = 0,
    metres_north: float = 0,
    text: str = "",
    topic: str = "su-patlagi",
    spot: Spot | None = None,
    group: str = "su",
) -> Sighting:
    here = Spot(latitude=41.29 + metres_north * METRE, longitude=36.33)
    at = NOON + timedelta(minutes=minutes)
    return Sighting(next(_numbers), at, group, topic, spot or here, signature(text))


def confidence(one: Sighting, other: Sighting, reach: Reach = REACH, matcher: Matcher = MATCHER) -> float:
    found = matcher.gather(one, [other], replace_limits(reach))
    return found.proposed[0].confidence if found.proposed else 0.0


def replace_limits(reach: Reach) -> Reach:
    """So that everything compared is shown with its confidence."""
    return reach.model_copy(update={"join": 1.0, "propose": 0.0})


def test_two_reports_at_one_place_within_minutes_are_gathered() -> None:
    first = a_report()

    found = MATCHER.gather(a_report(minutes=10, metres_north=20), [first], REACH)

    assert found.joined and found.joined.other is first


def test_a_report_beyond_the_radius_or_the_window_is_another_problem() -> None:
    far, late = a_report(metres_north=151), a_report(minutes=49 * 60)

    assert MATCHER.gather(far, [a_report()], REACH).proposed == ()
    assert MATCHER.gather(late, [a_report()], REACH).proposed == ()


def test_confidence_falls_with_every_metre_and_hour() -> None:
    first = a_report()

    by_place = [confidence(a_report(metres_north=metres), first) for metres in (0, 20, 50, 100, 150)]
    by_time = [confidence(a_report(minutes=60 * hours), first) for hours in (0, 1, 6, 24, 48)]

    assert by_place == sorted(by_place, reverse=True)
    assert by_time == sorted(by_time, reverse=True)


def test_reports_with_the_same_words_are_surer_to_be_one_than_those_with_others() -> None:
    first = a_report(text="Fevzi Çakmak caddesinde fırının önünde asfalt çöktü, dikkat edin")

    same = a_report(text="Fırının önünde asfalt çöktü Fevzi Çakmak caddesi", minutes=30)
    other = a_report(text="Otobüs durağının karşısındaki rögar etrafı bozulmuş, lastiğim patladı", minutes=30)

    assert confidence(same, first) > confidence(replace(same, signature=frozenset()), first) > confidence(other, first)


def test_words_written_without_turkish_letters_are_the_same_words() -> None:
    assert signature("Çöp konteyneri taştı") == signature("COP KONTEYNERI TASTI")


def test_what_is_not_sure_enough_is_shown_the_nearest_first_and_each_problem_once() -> None:
    shy = REACH.model_copy(update={"join": 1.0})
    head = a_report(metres_north=30)
    member = replace(a_report(metres_north=20), head=head)
    nearest = a_report(metres_north=5)

    found = MATCHER.gather(a_report(minutes=5), [head, member, nearest], shy)

    assert found.joined is None
    assert [match.other.first.id for match in found.proposed] == [nearest.id, head.id]


def test_an_incident_does_not_wander_off_step_by_step() -> None:
    head = a_report()
    step = replace(a_report(metres_north=140), head=head)
    report = a_report(metres_north=240, minutes=1)

    found = MATCHER.gather(report, [step], REACH)

    assert found.joined is None
    assert [match.other.id for match in found.proposed] == [step.id]


def test_a_street_of_a_neighbourhood_is_a_place_too() -> None:
    street = Spot(neighbourhood="kale", street="gazi caddesi", door="12")

    same_door = confidence(a_report(spot=street), a_report(spot=street))
    same_street = confidence(a_report(spot=replace(street, door="80")), a_report(spot=street))
    elsewhere = confidence(a_report(spot=replace(street, neighbourhood="bahcelievler")), a_report(spot=street))

    assert same_door > same_street > elsewhere == 0


def test_only_a_person_gathers_reports_that_name_no_more_than_a_neighbourhood() -> None:
    coarse = Spot(neighbourhood="kale")

    found = MATCHER.gather(a_report(spot=coarse), [a_report(spot=coarse)], REACH)

    assert found.joined is None
    assert len(found.proposed) == 1


def test_a_power_cut_is_as_large_as_its_neighbourhood() -> None:
    coarse = Spot(neighbourhood="kale")
    reach = PLACE.incidents.group_of("elektrik-kesintisi")
    assert reach is not None
    reports = [a_report(spot=coarse, group=reach.code, topic="elektrik-kesintisi", minutes=minute) for minute in (0, 5)]

    assert MATCHER.gather(reports[1], reports[:1], reach).joined


@pytest.mark.parametrize("topic", ["sosyal-yardim", "emlak-vergisi", "personel-sikayeti", "is-basvurusu", "saglik"])
def test_what_concerns_one_person_is_never_an_incident(topic: str) -> None:
    assert PLACE.topic(topic)
    assert PLACE.incidents.group_of(topic) is None


@pytest.mark.parametrize("topic", ["su-patlagi", "elektrik-kesintisi", "sokak-aydinlatma", "olu-hayvan", "yol-bakim"])
def test_what_lies_in_the_street_can_be_told_by_many(topic: str) -> None:
    assert PLACE.incidents.group_of(topic)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('topics = ["su-kalitesi"]', 'topics = ["su-kalites"]', "no topic is called su-kalites"),
        ('topics = ["su-kalitesi"]', 'topics = ["su-patlagi"]', "the topic su-patlagi stands in su too"),
        ("join = 1.0", "join = 0.01", "propose (0.01) must be below join (0.01)"),
        ("radius_metres = 600", "radius = 600", "field `radius` is unknown"),
    ],
)
def test_a_mistake_in_the_limits_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    text = (folder / "incidents.toml").read_text(encoding="utf-8")
    (folder / "incidents.toml").write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(MunicipalityError) as caught:
        load(folder)

    assert "incidents.toml" in str(caught.value)
    assert told in str(caught.value)


# --- finding candidates


@pytest.mark.parametrize("north", [0, 74, 149])
@pytest.mark.parametrize("latitude", [-33.9, 0.0, 41.29, 60.2])
def test_whatever_lies_within_the_radius_shares_a_key(latitude: float, north: float) -> None:
    for longitude in (-71.06, 0.0, 36.33, 179.0):
        one = a_report(spot=Spot(latitude=latitude, longitude=longitude))
        other = a_report(spot=Spot(latitude=latitude + north * METRE, longitude=longitude - north * METRE))

        assert set(keys(one, REACH)) & set(search_keys(other, REACH))


def test_reports_of_different_groups_share_no_key() -> None:
    water, road = a_report(), a_report(group="yol")

    assert not set(keys(water, REACH)) & set(search_keys(road, REACH))


def test_a_report_costs_the_same_however_many_came_before() -> None:
    index = Index()
    for number in range(20_000):
        index.add(a_report(minutes=number / 100, metres_north=number % 7), REACH)
    began = perf_counter()

    for _ in range(20):
        report = a_report(minutes=200)
        MATCHER.gather(report, index.near(report, REACH), REACH)

    assert (perf_counter() - began) / 20 * 1e6 < MATCHING_MICROSECONDS_MAX


# --- the weights


def test_weights_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    with pytest.raises(MatcherError, match="missing"):
        load_matcher(tmp_path)

    (tmp_path / "incidents.json").write_text('{"bias": 1, "weights": [1], "common_stems": {}, "share_of_rarer": 0.1}')
    with pytest.raises(MatcherError, match="has 1 weights, 12 are needed"):
        load_matcher(tmp_path)


def test_a_street_of_nobody_knows_which_neighbourhood_is_too_long_to_gather_by_itself() -> None:
    boulevard = Spot(street="ataturk bulvar")

    found = MATCHER.gather(
        a_report(spot=boulevard), [a_report(spot=boulevard)], REACH.model_copy(update={"propose": 0.05})
    )

    assert found.joined is None
    assert [match.by for match in found.proposed] == ["long street"]
