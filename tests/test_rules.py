"""Rules: what they decide by topic, time, place and kind, in which order, and what they never do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.router.domain.rules import NOTHING, Applied, Rules, Situation
from shared.contracts import CaseKind, Channel, OwnerKind
from shared.municipality import RoadKeeper, Rule, load
from shared.municipality.rules import Certainty
from shared.text import fold, words

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
PLACE = load(ILKADIM)
RULES = Rules.of(PLACE)
MAIN_ROAD = ("ataturk bulvar",)


def a_rule(id: str = "a-rule", **changed: Any) -> Rule:  # noqa: A002
    parts: dict[str, Any] = {
        "name": "Bir kural.",
        "name_en": "A rule.",
        "when": {"topics": ["gurultu"]},
        "then": {"owner": "zabita"},
        "source": "a test",
        "certainty": "high",
    }
    return Rule.model_validate({"id": id, **parts, **changed})


def a_keeper(keeper: str, certainty: Certainty) -> RoadKeeper:
    return RoadKeeper(name="Any", type="Cadde", keeper=keeper, source="a test", certainty=certainty)


def rules_of(*rules: Rule) -> Rules:
    """These rules in İlkadım's calendar, with two levels of urgency and one main road."""
    return Rules(
        rules,
        calendar=PLACE.calendar,
        zone=PLACE.zone,
        levels=["urgent", "routine"],
        owner_kinds={owner.code: owner.kind for owner in PLACE.owners},
        topics_of_group={"trouble": frozenset({"gurultu", "dilenci"})},
        keeper_of_street={
            "ataturk bulvar": a_keeper("samsun-buyuksehir", "high"),
            "lise cadde": a_keeper("samsun-buyuksehir", "low"),
        },
        owner_of_district={"Atakum": "atakum-belediyesi"},
    )


def told(text: str, *topics: str, **more: Any) -> Situation:
    return Situation(words=words(fold(text)), topics=topics, **more)


def at(local: str) -> datetime:
    """An İlkadım wall clock, as "2026-11-25 17:59", in UTC."""
    return datetime.fromisoformat(local).replace(tzinfo=PLACE.zone).astimezone(UTC)


def rule_ids(applied: Applied) -> list[str]:
    return [evidence.code for evidence in applied.evidence]


# --- İlkadım's own rules


@pytest.mark.parametrize(
    ("moment", "owner"),
    [
        ("2026-11-25 07:59", "zabita"),  # a Wednesday, before the office opens
        ("2026-11-25 08:00", "iklim-sifir-atik"),
        ("2026-11-25 12:30", "iklim-sifir-atik"),  # lunch is no closing time
        ("2026-11-25 16:59", "iklim-sifir-atik"),
        ("2026-11-25 17:00", "zabita"),
        ("2026-11-26 01:30", "zabita"),
        ("2026-11-28 11:00", "zabita"),  # Saturday
        ("2026-10-29 11:00", "zabita"),  # Republic Day
        ("2026-10-28 11:59", "iklim-sifir-atik"),  # its eve is worked in the morning
        ("2026-10-28 12:00", "zabita"),
    ],
)
def test_noise_belongs_to_the_municipal_police_out_of_hours_and_is_measured_by_day(moment: str, owner: str) -> None:
    applied = RULES.apply(told("Atölyeden gürültü geliyor", "gurultu", owner="zabita", at=at(moment)))

    assert applied.owner == owner


def test_noise_of_an_unknown_hour_stays_with_who_had_it() -> None:
    assert RULES.apply(told("Gürültü var", "gurultu", owner="zabita")) == NOTHING


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Üst kattan sürekli gürültü geliyor", "gurultu-sokak"),
        ("Her gün havai fişek gürültüsü", "gurultu-sokak"),
        ("Her akşam aynı gürültü", "gurultu-gece"),
        ("Gece saat ikide matkapla çalışıyorlar", "gurultu-gece"),
        ("Sabahın köründe inşaat gürültüsü", "gurultu-gece"),
    ],
)
def test_noise_of_neighbours_and_noise_told_of_the_night_is_the_municipal_polices_by_day_too(
    text: str, rule: str
) -> None:
    applied = RULES.apply(told(text, "gurultu", owner="zabita", at=at("2026-11-25 11:00")))

    assert (applied.owner, rule_ids(applied)) == ("zabita", [rule])


def test_night_is_told_apart_from_what_passes_and_from_gecekondu() -> None:
    text = "Geçen kamyonlar yüzünden gecekonduda gürültü"

    assert rule_ids(RULES.apply(told(text, "gurultu", owner="zabita", at=at("2026-11-25 11:00")))) == ["gurultu-mesai"]


def test_music_of_a_business_is_the_municipal_polices_by_day_too() -> None:
    applied = RULES.apply(told("Kafede yüksek müzik", "gurultu", owner="zabita", at=at("2026-11-25 11:00")))

    assert (applied.owner, applied.is_certain) == ("zabita", True)
    assert rule_ids(applied) == ["gurultu-isletme"]
    assert set(applied.evidence[0].words) == {"yuksek muzik", "kafe"}


def test_a_concert_by_day_is_cultures_and_at_night_the_municipal_polices_who_let_culture_know() -> None:
    by_day, at_night = (
        RULES.apply(told("Konser gürültüsü", "gurultu", owner="zabita", at=at(f"2026-11-25 {hour}:00")))
        for hour in (14, 23)
    )

    assert (by_day.owner, by_day.also) == ("kultur-sosyal-isler", ("zabita",))
    assert (at_night.owner, at_night.also) == ("zabita", ("kultur-sosyal-isler",))


@pytest.mark.parametrize(
    ("topic", "streets", "owner"),
    [
        ("yol-bakim", MAIN_ROAD, "samsun-buyuksehir"),
        ("kaldirim", MAIN_ROAD, "samsun-buyuksehir"),
        ("sokak-supurme", MAIN_ROAD, "samsun-buyuksehir"),
        ("yol-bakim", ("cevre yolu bulvar",), "karayollari-7-bolge"),
        ("yol-bakim", ("70 sokak",), None),
        ("yol-bakim", (), None),
        ("yol-bakim", (*MAIN_ROAD, "70 sokak"), None),  # nobody can say which of the two is meant
        ("cop-toplama", MAIN_ROAD, None),
    ],
)
def test_who_keeps_the_street_sees_to_its_road(topic: str, streets: tuple[str, ...], owner: str | None) -> None:
    assert RULES.apply(told("Yol bozuk", topic, owner="fen-isleri", streets=streets)).owner == owner


def test_a_main_road_is_certain_where_its_keeper_is_and_the_subject_is_likely() -> None:
    def certainty(street: str, confidence: float) -> bool:
        situation = told("Yol bozuk", "yol-bakim", owner="fen-isleri", streets=(street,), confidence=confidence)
        applied = RULES.apply(situation)
        assert applied.owner == "samsun-buyuksehir"
        return applied.is_certain

    assert certainty("ataturk bulvar", 0.6)
    assert not certainty("ataturk bulvar", 0.4)
    assert not certainty("lise cadde", 0.9)


def test_a_manhole_in_a_main_road_is_the_water_administrations() -> None:
    applied = RULES.apply(told("Rögar kapağı çökmüş", "yol-bakim", owner="fen-isleri", streets=MAIN_ROAD))

    assert (applied.owner, applied.topic) == ("saski", "kanalizasyon")


def test_departments_outside_the_district_give_way_to_its_municipality_and_institutions_do_not() -> None:
    there = {"is_outside": True, "district": "Atakum"}

    assert RULES.apply(told("Çöp", "cop-toplama", owner="temizlik-isleri", **there)).owner == "atakum-belediyesi"
    assert RULES.apply(told("Sular akmıyor mu", "su-kalitesi", owner="saski", **there)).owner is None


def test_a_place_outside_in_a_district_nobody_answers_for_leaves_the_owner() -> None:
    assert (
        RULES.apply(told("Çöp", "cop-toplama", owner="temizlik-isleri", is_outside=True, district="Bafra")) == NOTHING
    )


def test_a_claim_for_damages_goes_to_legal_affairs_and_the_causing_department_knows() -> None:
    text = "Çukura düştüm, lastiğim patladı, zararımın karşılanmasını istiyorum"
    applied = RULES.apply(told(text, "yol-bakim", owner="fen-isleri"))

    assert (applied.owner, applied.topic, applied.also) == ("hukuk-isleri", "tazminat", ("fen-isleri",))


def test_a_building_about_to_collapse_is_urgent_and_disaster_management_knows() -> None:
    applied = RULES.apply(told("Metruk bina yıkılmak üzere", "riskli-yapi", owner="yapi-kontrol", level="routine"))

    assert (applied.owner, applied.also, applied.level) == ("yapi-kontrol", ("afet-isleri",), "urgent")


@pytest.mark.parametrize(("kind", "owner"), [(CaseKind.TIP, "teftis-kurulu"), (CaseKind.THANKS, None), (None, None)])
def test_a_tip_of_bribery_goes_to_the_inspection_board(kind: CaseKind | None, owner: str | None) -> None:
    assert RULES.apply(told("Ruhsat için rüşvet istediler", "isyeri-ruhsati", kind=kind)).owner == owner


def test_a_request_to_erase_personal_data_is_seen_by_a_person() -> None:
    applied = RULES.apply(told("KVKK kapsamında verilerimi silin", "bilgi-edinme"))

    assert (applied.person, applied.owner) == ("kisisel-veri", None)


# --- conditions


@pytest.mark.parametrize(
    ("span", "moment", "holds"),
    [
        ({"start": "18:00:00", "end": "08:00:00"}, "17:59", False),
        ({"start": "18:00:00", "end": "08:00:00"}, "18:00", True),
        ({"start": "18:00:00", "end": "08:00:00"}, "07:59", True),
        ({"start": "18:00:00", "end": "08:00:00"}, "08:00", False),
        ({"start": "09:00:00", "end": "18:00:00"}, "17:59", True),
        ({"start": "09:00:00", "end": "18:00:00"}, "18:00", False),
    ],
)
def test_a_span_holds_from_its_start_until_before_its_end(span: dict[str, str], moment: str, holds: bool) -> None:
    rules = rules_of(a_rule(when={"between": [span]}))

    assert (rules.apply(Situation(at=at(f"2026-11-25 {moment}"))).owner == "zabita") is holds


@pytest.mark.parametrize(
    ("when", "situation", "holds"),
    [
        ({"topics": ["trouble"]}, {"topics": ("dilenci", "cop-toplama")}, True),
        ({"topics": ["trouble"]}, {"topics": ("cop-toplama", "dilenci")}, False),
        ({"mentions": ["trouble"]}, {"topics": ("cop-toplama", "dilenci")}, True),
        ({"owners": ["zabita"]}, {"owner": "zabita"}, True),
        ({"owners": ["zabita"]}, {"owner": "fen-isleri"}, False),
        ({"owner_kinds": [OwnerKind.INSTITUTION]}, {"owner": "saski"}, True),
        ({"owner_kinds": [OwnerKind.INSTITUTION]}, {"owner": "zabita"}, False),
        ({"kinds": [CaseKind.TIP]}, {"kind": CaseKind.TIP}, True),
        ({"levels": ["urgent"]}, {"level": "routine"}, False),
        ({"any_of": ["cop", "moloz"]}, {"words": ["moloz", "var"]}, True),
        ({"all_of": ["cop", "moloz"]}, {"words": ["moloz", "var"]}, False),
        ({"all_of": ["cop", "moloz"]}, {"words": ["cop", "ve", "moloz"]}, True),
        ({"any_of": ["cop"], "none_of": ["moloz"]}, {"words": ["cop", "ve", "moloz"]}, False),
        ({"weekdays": [6, 7]}, {"at": at("2026-11-28 11:00")}, True),
        ({"weekdays": [6, 7]}, {"at": at("2026-11-27 23:59")}, False),
        ({"days": "off"}, {"at": at("2026-10-29 11:00")}, True),
        ({"days": "working"}, {"at": at("2026-10-29 11:00")}, False),
        ({"days": "working"}, {}, False),
        ({"weekdays": [1, 2, 3, 4, 5, 6, 7]}, {}, False),
        ({"neighbourhoods": ["61820"]}, {"neighbourhood": "61820"}, True),
        ({"outside": False}, {"is_outside": True}, False),
        ({"keepers": ["samsun-buyuksehir"]}, {"streets": MAIN_ROAD}, True),
        ({"keeper_certainty": ["high"]}, {"streets": MAIN_ROAD}, True),
        ({"keeper_certainty": ["high"]}, {"streets": ("lise cadde",)}, False),
        ({"keeper_certainty": ["high"]}, {"streets": (*MAIN_ROAD, "lise cadde")}, False),
        ({"keepers": ["samsun-buyuksehir"]}, {"streets": (*MAIN_ROAD, "lise cadde")}, True),
        ({"landmarks": ["saathane"]}, {"landmarks": ("saathane",)}, True),
        ({"landmarks": ["saathane"]}, {}, False),
        ({"channels": ["cimer"]}, {"channel": Channel.CIMER}, True),
        ({"confidence": {"below": 0.5}}, {"confidence": 0.49}, True),
        ({"confidence": {"below": 0.5}}, {"confidence": 0.5}, False),
        ({"confidence": {"least": 0.5}}, {"confidence": 1.0}, True),
        ({"topics": ["gurultu"], "kinds": [CaseKind.TIP]}, {"topics": ("gurultu",)}, False),
    ],
)
def test_a_rule_applies_when_every_condition_holds(
    when: dict[str, Any], situation: dict[str, Any], holds: bool
) -> None:
    applied = rules_of(a_rule(when=when, then={"owner": "veteriner-isleri"})).apply(Situation(**situation))

    assert (applied.owner == "veteriner-isleri") is holds


# --- order and effects


def test_the_first_rule_decides_and_others_decide_what_it_leaves_open() -> None:
    rules = rules_of(
        a_rule("second", then={"owner": "fen-isleri", "topic": "dilenci"}),
        a_rule("third", then={"owner": "saski", "topic": "gurultu"}),
        a_rule("first", priority=1, then={"owner": "zabita"}),
    )
    applied = rules.apply(Situation(topics=("gurultu",)))

    assert (applied.owner, applied.topic) == ("zabita", "dilenci")
    assert rule_ids(applied) == ["first", "second"]


def test_further_departments_add_up_and_the_owner_is_never_among_them() -> None:
    rules = rules_of(
        a_rule("one", then={"also": ["zabita", "fen-isleri"]}),
        a_rule("two", then={"owner": "fen-isleri", "also_proposed": True}),
    )
    applied = rules.apply(Situation(topics=("gurultu",), owner="saski"))

    assert (applied.owner, applied.also) == ("fen-isleri", ("zabita", "saski"))


def test_a_level_is_raised_and_never_lowered() -> None:
    to_routine = rules_of(a_rule(then={"level": "routine"}))
    to_urgent = rules_of(a_rule(then={"level": "urgent"}))

    assert to_routine.apply(Situation(topics=("gurultu",), level="urgent")) == NOTHING
    assert to_urgent.apply(Situation(topics=("gurultu",), level="routine")).level == "urgent"


def test_a_certain_rule_is_certain_unless_it_takes_a_danger_from_its_owner() -> None:
    rules = rules_of(a_rule(certain=True))

    assert rules.apply(Situation(topics=("gurultu",), owner="saski")).is_certain
    assert rules.apply(Situation(topics=("gurultu",), owner="zabita", is_emergency=True)).is_certain
    assert not rules.apply(Situation(topics=("gurultu",), owner="saski", is_emergency=True)).is_certain


def test_words_of_any_kind_change_nothing_but_what_they_say() -> None:
    for text in ("", "\0\ud800", "x" * 20_000, "kafe " * 4_000, "٣ 😀", "rüşvet\x00kvkk"):
        applied = RULES.apply(told(text, "gurultu", owner="zabita", at=at("2026-11-25 23:00")))

        assert applied.owner == "zabita"
