"""Danger to life and limb found in texts: words, model, both together, and what happens without the model."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from prometheus_client import REGISTRY

from shared.municipality import load
from shared.text import fold, words
from shared.urgency import Alarms, DangerError, DangerModel, load_danger_model
from shared.urgency.danger import BUCKETS, CARD_FILE, FOLDER, WEIGHTS_FILE, DangerCard, hashes_of

ROOT: Final = Path(__file__).parents[1]
SENTENCES: Final = ROOT / "ops/alarm_sentences.csv"
PLACE: Final = load(ROOT / "municipality/ilkadim")
WITHOUT_MODEL: Final = Alarms(PLACE.emergencies, PLACE.alarm, None)


def held(truth: str) -> Iterator[tuple[str, str]]:
    """Our own sentences that nothing was learned from, each with its emergency."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["half"], row["truth"]) == ("held", truth):
                yield row["emergency"], row["text"]


def chance(*text: str) -> list[float]:
    model = load_danger_model()
    return [model.chance(words(fold(line))) for line in text]


KINDS: Final = sorted({kind for kind, _ in held("danger")})


@pytest.mark.parametrize("kind", KINDS)
def test_danger_of_every_kind_is_found_in_sentences_nothing_was_learned_from(kind: str) -> None:
    sentences = [text for code, text in held("danger") if code == kind]

    found = [text for text in sentences if PLACE.alarms.in_text(text)]

    assert len(sentences) >= 20
    assert len(found) >= 0.75 * len(sentences)


def test_danger_is_found_in_nearly_nine_of_ten_sentences_of_all_kinds() -> None:
    found = [PLACE.alarms.in_text(text) is not None for _, text in held("danger")]

    assert sum(found) >= 0.87 * len(found)


def test_of_sentences_that_are_meant_to_sound_like_danger_few_raise_an_alarm() -> None:
    found = [PLACE.alarms.in_text(text) is not None for _, text in held("calm")]

    assert len(found) >= 250
    assert sum(found) <= 0.06 * len(found)


@pytest.mark.parametrize(
    "text",
    [
        "Geçen yıl sokağımızda yangın çıktı, hâlâ yangın merdiveni yok",
        "Yarın okulda yangın tatbikatı var mı",
        "Kaza oldu ama yaralı yok, direk onarılsın",
        "Yangın tüpü nereden alınır",
        "Köpek ısırdı geçen ay, aşılarım bitti",
        "Canımız yanıyor bu faturalarla",
    ],
)
def test_what_is_over_played_or_asked_is_no_alarm(text: str) -> None:
    assert PLACE.alarms.in_text(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Geçen yıl da yanmıştı, şimdi yine bina alev alev yanıyor yetişin",
        "Tatbikat değil gerçek, yangın çıktı içeride insanlar var",
    ],
)
def test_danger_now_is_an_alarm_beside_danger_of_before(text: str) -> None:
    assert PLACE.alarms.in_text(text)


def test_an_alarm_tells_the_words_that_told_it_and_how_likely_the_model_says() -> None:
    alarm = PLACE.alarms.in_text("Apartmanda yoğun gaz kokusu var, acil")

    assert alarm is not None
    assert (alarm.emergency.code, alarm.emergency.number, alarm.phrase) == ("gas", "187", "gaz kokusu")
    assert alarm.score is not None
    assert alarm.score > 0.5


def test_a_call_for_help_in_other_words_is_found_by_the_model_alone() -> None:
    alarm = PLACE.alarms.in_text("Ne olur ekip yollayın, dedem içeride, saatlerdir ulaşamıyoruz")

    assert alarm is not None
    assert alarm.emergency.number == "112"


def test_danger_in_english_is_found() -> None:
    alarm = PLACE.alarms.in_text("Please hurry, there is a fire in our building")

    assert alarm is not None
    assert alarm.emergency.code == "fire"


@pytest.mark.parametrize(
    "text",
    [
        "Kale Mah Gazi Cad no 5 çöp konteyneri taştı",
        "Kır Sokak okulun önüne park yapılsın, çocuklar oynayacak yer bulamıyor",
        "Derebahçe mah. Lale sok. no 5 kat 2 sokak lambası yanmıyor, arayın",
        "Kale Mah. 100. Yıl Bulvarı No 12 kat 3 önünde yolda çukur var",
    ],
)
def test_an_ordinary_matter_with_its_address_is_no_call_for_help(text: str) -> None:
    assert PLACE.alarms.in_text(text) is None


def test_without_the_model_words_decide_alone() -> None:
    assert WITHOUT_MODEL.in_text("Apartmanda gaz kokusu var") is not None
    assert WITHOUT_MODEL.in_text("Evi su bastı") is not None
    assert WITHOUT_MODEL.in_text("Çöpler alınmadı") is None
    found = [WITHOUT_MODEL.in_text(text) is not None for _, text in held("danger")]
    assert sum(found) >= 0.7 * len(found)


@pytest.mark.parametrize("broken", ["card", "weights", "shape", "infinite", "missing"])
def test_a_broken_model_is_refused_with_its_folder(tmp_path: Path, broken: str) -> None:
    card = json.loads((FOLDER / CARD_FILE).read_text(encoding="utf-8"))
    weights = np.zeros(BUCKETS if broken != "shape" else 7, dtype=np.float16)
    if broken == "infinite":
        weights[3] = np.inf
    if broken != "missing":
        (tmp_path / CARD_FILE).write_text("{}" if broken == "card" else json.dumps(card), encoding="utf-8")
        np.savez_compressed(tmp_path / WEIGHTS_FILE, weights=weights)
    if broken == "weights":
        (tmp_path / WEIGHTS_FILE).write_bytes(b"PK\x03\x04 not a model")

    with pytest.raises(DangerError, match=str(tmp_path)):
        load_danger_model(tmp_path)


def test_a_missing_model_is_told_loudly_and_words_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> DangerModel:
        raise DangerError("the model of danger cannot be read")

    monkeypatch.setattr("shared.urgency.alarms.shipped_danger_model", missing)

    alarms = Alarms.of(PLACE.emergencies, PLACE.alarm)

    assert alarms.trouble == "the model of danger cannot be read"
    assert "danger_model_missing" in "".join(capsys.readouterr())
    assert REGISTRY.get_sample_value("ilkim_danger_model_missing") == 1
    monkeypatch.undo()
    Alarms.of(PLACE.emergencies, PLACE.alarm)
    assert REGISTRY.get_sample_value("ilkim_danger_model_missing") == 0
    assert alarms.in_text("Yangın var") is not None


def test_the_model_reads_the_features_it_learned_from() -> None:
    weights = np.random.default_rng(1).normal(size=BUCKETS).astype(np.float32)
    text_words = words(fold("Köpek sürüsü küçük bir çocuğu kovalıyor, köpek sürüsü yine geldi"))
    hashes = hashes_of(text_words)
    signed = sum(-weights[code & (BUCKETS - 1)] if code >> 31 else weights[code & (BUCKETS - 1)] for code in hashes)

    score = DangerModel(DangerCard(0.25, 0.5, 0.2), weights).chance(text_words)

    assert score == pytest.approx(1 / (1 + np.exp(-(signed / len(hashes) ** 0.5 + 0.25))), rel=1e-5)


def test_no_words_are_no_danger() -> None:
    assert PLACE.alarms.find([]) is None
    assert PLACE.alarms.in_text("\0\u202e…!?") is None


def test_the_same_words_in_any_spelling_are_the_same_danger() -> None:
    scores = chance("YANGIN ÇIKTI YETİŞİN", "yangin cikti yetisin", "Yangın çıktı, yetişin!")

    assert len(set(scores)) == 1


def test_a_long_hostile_text_is_read_in_bounds() -> None:
    assert PLACE.alarms.in_text("a" * 20_000) is None
    assert PLACE.alarms.in_text("Yangın çıktı! " + "lorem ipsum " * 5_000) is not None


def test_a_phrase_that_may_mean_danger_counts_only_beside_a_text_that_sounds_like_it() -> None:
    fire = next(row for row in PLACE.emergencies if row.code == "fire")
    alarms = Alarms([fire], replace(PLACE.alarm, by_model="fire"), load_danger_model())

    assert alarms.in_text("Duman her yeri sardı, içeride mahsur kaldık, yetişin") is not None
    assert alarms.in_text("Mangal dumanı parkta oturanları rahatsız ediyor") is None
