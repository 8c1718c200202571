"""What a message wants: its kind, in plain and in tricky words, and who must stay unnamed."""

import csv
from pathlib import Path

import pytest

from services.router.domain.kinds import KindFound, KindWords
from shared.contracts import CaseKind
from shared.municipality import load
from shared.text import fold, words

KINDS = KindWords(load(Path(__file__).parent.parent / "municipality" / "ilkadim").kinds)
SENTENCES = Path(__file__).parent / "router" / "kinds.csv"
ACCURACY_MIN = 0.9


def kind_of(text: str) -> KindFound:
    return KINDS.find(words(fold(text)), text)


def test_nine_sentences_in_ten_are_understood_among_those_no_sign_was_chosen_by() -> None:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        held = [row for row in csv.DictReader(file) if row["held"] == "1"]

    right = sum(kind_of(row["text"]).kind == row["kind"] for row in held)

    assert len(held) > 150
    assert right / len(held) >= ACCURACY_MIN


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Teşekkür ederim", CaseKind.THANKS),
        ("Parkımız çok güzel olmuş, emeğinize sağlık", CaseKind.THANKS),
        ("Çöpler alınmıyor, şimdiden teşekkürler", CaseKind.COMPLAINT),
        ("Size teşekkür etmiyorum, yol hâlâ çamur", CaseKind.COMPLAINT),
        ("Verdiğiniz hizmetten hiç memnun değiliz", CaseKind.COMPLAINT),
        ("Kolay gelsin, köprünün bağlantı yerleri açılmış, araba takır tukur", CaseKind.COMPLAINT),
        (
            "Konteynerde iğneler var, çok tehlikeli bir durum, çocuklar oynuyor. İyi günler. Sağ olun",
            CaseKind.COMPLAINT,
        ),
        ("Kolay gelsin, sağ olun", CaseKind.THANKS),
        ("Sokağımıza lamba istiyoruz. Teşekkür ederim.", CaseKind.REQUEST),
        ("Şikâyet değil, sokağımıza bir bank rica ediyorum", CaseKind.REQUEST),
        ("Şikâyet değil öneri: parka saat konulsa iyi olur", CaseKind.SUGGESTION),
        ("Öneri değil şikâyet ediyorum, rezalet", CaseKind.COMPLAINT),
        ("Nikâh için hangi belgeler lazım?", CaseKind.INFORMATION),
        ("Bilgi almak istiyorum, kurs ücretli mi", CaseKind.INFORMATION),
        ("Sular kesik, ne zaman çözülecek bu rezalet", CaseKind.COMPLAINT),
        ("Bu nasıl belediye, kimse ilgilenmiyor", CaseKind.COMPLAINT),
        ("Karşıda kaçak kat çıkılıyor", CaseKind.TIP),
        ("Su kaçağı var, yoldan akıyor, gelip onarın", CaseKind.REQUEST),
    ],
)
def test_negations_and_courtesies_are_no_traps(text: str, kind: CaseKind) -> None:
    for spelling in (text, fold(text), text.replace("i", "İ").upper()):
        assert kind_of(spelling).kind is kind


@pytest.mark.parametrize(
    "text",
    [
        "İsmim gizli kalsın, çöpleri dereye döküyorlar",
        "şikayetçi olduğum bilinmesin lütfen",
        "Adımı vermeyin, gece müzik çalıyorlar",
        "Teşekkürler, kimliğimin gizli tutulmasını isterim",
    ],
)
def test_who_asks_to_stay_unnamed_gives_a_tip_whatever_else_is_said(text: str) -> None:
    found = kind_of(text)

    assert (found.kind, found.hides_identity, found.share) == (CaseKind.TIP, True, 1.0)
    assert found.words


def test_a_tip_alone_does_not_hide_who_told_it() -> None:
    assert not kind_of("Kaçak yapı ihbar ediyorum").hides_identity


def test_the_words_that_spoke_are_told() -> None:
    assert kind_of("Teşekkür ederim").words == ("tesekkur",)
    assert "alinmiyor" in kind_of("Çöpler alınmıyor").words


@pytest.mark.parametrize("text", ["", "?", "\x00\x1f", "مرحبا", "a" * 20_000, "mi " * 7_000])
def test_any_text_has_a_kind(text: str) -> None:
    assert 0 < kind_of(text).share <= 1
