"""Addresses in free text: found where they stand, with their parts, and nowhere else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.addresses import AddressSpan, find


def the(text: str) -> AddressSpan:
    (found,) = find(text)
    return found


def written(text: str) -> str:
    found = the(text)
    return text[found.start : found.end]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Kale Mah. 100. Yıl Bulvarı No 12 kat 3 önünde çukur var", "Kale Mah. 100. Yıl Bulvarı No 12 kat 3"),
        ("KILIÇDEDE MAH İNÖNÜ CAD NO 15 D 3 SU AKMIYOR", "KILIÇDEDE MAH İNÖNÜ CAD NO 15 D 3"),
        ("kilicdede mahallesi inonu caddesi no 15 su akmiyor", "kilicdede mahallesi inonu caddesi no 15"),
        (
            "Adresim 19 Mayıs mahallesi 70. sokak Güneş Apt. B blok 3. kat daire 9 İlkadım/Samsun",
            "19 Mayıs mahallesi 70. sokak Güneş Apt. B blok 3. kat daire 9 İlkadım",
        ),
        ("1234. Sokak'ta elektrik direği eğik", "1234. Sokak'ta"),
        ("Avdan köyü yolunda çukur", "Avdan köyü"),
        ("Saathane Meydanı'nda bankların hepsi kırık", "Saathane Meydanı'nda"),
        ("saathane meydanında bankların hepsi kırık", "saathane meydanında"),
        ("Çınar Sitesi B Blok kat:2 önünde su var", "Çınar Sitesi B Blok kat:2"),
    ],
)
def test_an_address_is_found_where_it_stands(text: str, address: str) -> None:
    assert written(text) == address


def test_the_parts_of_an_address_are_told_apart() -> None:
    found = the("Liman Mahallesi Şehit Ali Yılmaz Sokak Çınar Apt. no:4 kat:2 daire:7 İlkadım/Samsun çöp alınmıyor")

    assert (found.neighbourhood, found.street, found.street_type) == ("Liman", "Şehit Ali Yılmaz", "sokak")
    assert (found.building, found.number, found.floor, found.flat) == ("Çınar Apt", "4", "2", "7")
    assert (found.district, found.city) == ("İlkadım", "Samsun")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Belediye binasının önündeki parkta lambalar yanmıyor",
        "sokak köpekleri çok fazla, caddede yürüyemiyoruz",
        "Çöp konteyneri dolu, koku var, lütfen alın",
        "Geçmiş olsun, vana bozuk, uşak gibi çalıştık",
    ],
)
def test_what_is_no_address_is_left_alone(text: str) -> None:
    assert find(text) == ()


def test_a_persons_name_beside_an_address_is_not_in_it() -> None:
    text = "Merhaba, Liman Mahallesi Gazi Sokak no:4'te su yok. Adım Ayşe Demir"

    assert "Ayşe" not in written(text)


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_spans_in_order_that_lie_in_it(text: str) -> None:
    found = find(f"{text} Gazi Cad. No 5 {text}")

    ends = [0] + [span.end for span in found]
    for span, before in zip(found, ends, strict=False):
        assert before <= span.start < span.end <= 2 * len(text) + 16


def test_a_text_without_end_costs_no_more_than_its_first_addresses() -> None:
    assert len(find("Gazi Cad. No 5, x y z w q e r t y u ı o p a s d f. " * 1000)) <= 20
