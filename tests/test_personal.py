"""What identifies a person is found in every form and hidden; what names a place, a firm or nothing stays."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.personal import Found, Kind, hidden, mask


@pytest.mark.parametrize(
    "number",
    [
        "0532 123 45 67",
        "05321234567",
        "5321234567",
        "532 123 45 67",
        "+90 532 123 45 67",
        "+905321234567",
        "0090 532 1234567",
        "90 532 123 45 67",
        "0 (532) 123-45-67",
        "(0532) 123 4567",
        "0532.123.45.67",
        "0532-123-4567",
        "0532_123_45_67",
        "0532,123,45,67",
        "0 5 3 2 1 2 3 4 5 6 7",
        "0362 431 10 00",
        "(0362) 4311000",
        "362 431 10 00",
        "+49 171 1234567",
        "٠٥٣٢١٢٣٤٥٦٧",
        "O532 123 45 67",
        "0532 oo0 l2 3o",
        "0532 123 45 6",
        "sıfır beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi",
        "SIFIR BEŞ OTUZ İKİ, YÜZ YİRMİ ÜÇ, KIRK BEŞ, ALTMIŞ YEDİ",
        "beşyüzotuziki yüzyirmiüç 45 67",
        "0532 sonra 123 45 67",
    ],
)
def test_phone_numbers_are_masked_in_every_form(number: str) -> None:
    expected = "Beni [telefon] numaradan arayın."

    assert mask(f"Beni {number} numaradan arayın.") == expected


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("tel05001112233den arayın", "tel[telefon]den arayın"),
        ("0500 000 00 00 0500 000 00 01", "[telefon] [telefon]"),
        ("0500 000 00 00/0500 000 00 01", "[telefon]/[telefon]"),
        ("05000000000,05000000001", "[telefon],[telefon]"),
        ("0500000000005000000001", "[telefon]"),
        ("0500 000 00 00 no lu hat", "[telefon] no lu hat"),
        ("tel: 431 10 00", "tel: [telefon]"),
        ("cep no: 4311000", "cep no: [telefon]"),
    ],
)
def test_numbers_in_a_row_glued_or_only_called_so_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("biri.baska+x@example.com.tr adresim", "[e-posta] adresim"),
        ("biri (at) gmail.com", "[e-posta]"),
        ("biri@gmail com yazın", "[e-posta] yazın"),
        ("TC 10000000146, hesap TR33 0006 1005 1978 6457 8413 26", "TC [tc], hesap [iban]"),
        ("tc kimlik no: 12345678901", "tc kimlik no: [tc]"),
        ("kartım 4111 1111 1111 1111", "kartım [kart]"),
        ("55 ABC 123 ve 34ab1234 ile 55 a 1234", "[plaka] ve [plaka] ile [plaka]"),
    ],
)
def test_mail_bank_and_identity_numbers_and_plates_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Hiç rakam yok",
        "153, 185 ve 112'yi aradım",
        "27.06.2020 14:02 tarihinde, 2024-06-27 14.30",
        "12345678901 abone no",
        "4111 1111 1111 1112 sayılı dosya",
        "500 tl fatura, 10 tl 500 kuruş",
        "Cumhuriyet Cad. No: 12/3 Kat 4 Daire 15",
        "CUMHURİYET MAH 23 SOK 45 ÖNÜ",
        "444 15 15",
        "tel 444 15 15",
        "1234. sokak 5678",
        "beş yüz otuz iki lira ceza, iki yüz elli metre boru",
    ],
)
def test_ordinary_numbers_stay(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Adım Ayşe Yılmaz, çöpümüz alınmadı", "Adım [kişi], çöpümüz alınmadı"),
        ("Adım Melda Şentürk, sokak lambası yanmıyor", "Adım [kişi], sokak lambası yanmıyor"),
        ("Kale Mah. Gazi Cad. 5 Ayşe Kaya kat 3 no 5", "Kale Mah. Gazi Cad. 5 [kişi] kat 3 no 5"),
        ("Kale Mah. Gazi Cad. No 3 Ayşe Kaya", "Kale Mah. Gazi Cad. No 3 [kişi]"),
        ("benim adım deniz yılmaz", "benim adım [kişi]"),
        ("adım Xelatkan Yzmaroğlu", "adım [kişi]"),
        ("ismim: Umut", "ismim: [kişi]"),
        ("Dün Xelat Yzmaroğlu geldi, Xelat Yılmaz da", "Dün [kişi] geldi, [kişi] da"),
        ("Xelat Yzmar isimli kişi, komşum Zerdok Xelat", "[kişi] isimli kişi, komşum [kişi]"),
        ("tamir için tican korucu 0500 000 00 00", "tamir için [kişi] [telefon]"),
        ("adı soyadı: Gül Taş", "adı soyadı: [kişi]"),
        ("ben ahmet, parktayım", "ben [kişi], parktayım"),
        ("AHMET ÖZTÜRK VE AİLESİ SU BASTI", "[kişi] VE AİLESİ SU BASTI"),
        ("mehmet kara evde yok", "[kişi] evde yok"),
        ("sikayetim huseyin ozturk hakkinda", "sikayetim [kişi] hakkinda"),
        ("Ahmet'in bahçesi", "[kişi]'in bahçesi"),
        ("ayşeye haber verin, mehmetin evi", "[kişi] haber verin, [kişi] evi"),
        ("Sayın Yılmaz, yardım edin", "Sayın [kişi], yardım edin"),
        ("Dr. Barış Kaya ve öğretmen Umut Bey", "Dr. [kişi] ve öğretmen [kişi] Bey"),
        ("Muhtar Deniz ilgilenmiyor", "Muhtar [kişi] ilgilenmiyor"),
        ("Başkan Mehmet Aksoy söz vermişti", "Başkan [kişi] söz vermişti"),
        ("deniz bey ve can abi gördü", "[kişi] bey ve [kişi] abi gördü"),
        ("Ayşe, Deniz ve Umut gelemedi", "[kişi], [kişi] ve [kişi] gelemedi"),
        ("Kızım Yağmur okula gidemiyor", "Kızım [kişi] okula gidemiyor"),
        ("komşumuz Yılmaz ailesi gürültü yapıyor", "komşumuz [kişi] ailesi gürültü yapıyor"),
        ("Ali Rıza Çelik 0500 000 00 00", "[kişi] [telefon]"),
        ("A. Yılmaz ile Ayşe K. gördü", "[kişi] ile [kişi]. gördü"),
        ("Sokağımız karanlık. Saygılarımla, Xelatkan Yzmar", "Sokağımız karanlık. Saygılarımla, [kişi]"),
        ("Rojda Zana ve Muhammed Halid yeni komşularım", "[kişi] ve [kişi] yeni komşularım"),
    ],
)
def test_names_are_masked_however_they_are_written(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Şehit Ali Yılmaz Sokak'ta çukur var",
        "Fevzi Çakmak Mahallesi 12. sokak",
        "Ahmet Yesevi Cad. ile Mehmet Akif Ersoy Bulvarı kesişimi",
        "HASAN BASRİ APT. ÖNÜ",
        "Mustafa Kemal Atatürk Anadolu Lisesi önü",
        "Ali Kuşçu İlkokulu'nun bahçesi",
        "Hacı Mehmet Camii yanındaki market",
        "Mehmet Ali 3. Sokak no 5",
        "Osman Paşa'nın heykeli, Yunus Emre'de",
        "İbrahim Kuyumcu'nun önü, Hasan Ticaret yanı",
        "Gazi çok kalabalık, deniz kirli, güneş enerjisi, yağmur yağdı, barış istiyoruz, umut yok",
        "Deniz kenarında Güneş batarken Yağmur yağdı",
        "Aslan heykeli kırık, Çiçek ekilsin, Demir kapı paslı",
        "Yeni Yılmaz sitesi, Büyük Samsun Oteli, Başkan Yardımcısı Bey, Annem Samsun Devlet Hastanesi'nde",
        "Sayın yetkili, Sayın Belediye Başkanım, Sayın Başkan",
        "Adım atacak yer yok, adım adım ilerliyoruz",
        "Saygılarımla, iyi günler",
        "Muhtar Bey ilgilenmiyor, Müdür Hanım toplantıda",
        "İskenderun'dan taşındım, Samsun'u sevdim",
        "Şehit Polis Memuru Xelat Ahmet Yılmaz parkı, Şehit Uzman Çavuş Ali Kara'nın sokağı",
        "Ahmet Muhtar Paşa Sokak, orhan xelatmaz sokak'ta",
        "#ahmet @mehmet",
        "Cemal Gürsel tarafında su yok",
        "ses seda çıkmadı, buna rıza göstermem",
    ],
)
def test_places_firms_and_ordinary_words_stay(text: str) -> None:
    assert mask(text) == text


def test_a_whole_name_before_a_street_is_masked_and_the_street_stays() -> None:
    assert mask("Osman Demir Odabaşı Mahallesi kırk beşinci sokak") == "[kişi] Odabaşı Mahallesi kırk beşinci sokak"


def test_in_an_address_the_name_is_the_streets() -> None:
    assert (
        mask("Kale Mahallesi Hasan Xelat No 5 önü, Hasan Xelat dedi")
        == "Kale Mahallesi Hasan Xelat No 5 önü, [kişi] dedi"
    )


def test_what_was_found_is_told_by_its_place_in_the_original() -> None:
    text = "İşte Ayşe Öztürk: 0500 000 00 00"

    assert hidden(text).found == (Found(Kind.NAME, 5, 16), Found(Kind.PHONE, 18, 32))


_PIECES = st.sampled_from(
    (
        *("Ahmet", "ayşe", "DENİZ", "Deniz", "Yılmaz", "kaya", "Kaya", "bey", "ve", "Sayın", "adım", "sokak", "Sok."),
        *("Kale Mahallesi", "No 5", "Mah.", "12. sokak", "Apt"),
        *("0500 000 00 00", "[kişi]", "[telefon]", ",", "A.", "Saygılarımla", "muhtar", "Xelat", "ailesi", "'in", "\n"),
        *("Paşa", "10000000146", "beş yüz", "otuz iki", "55", "abc", "@", "gmail", "com", "hayat", "Umut", "kızım"),
    )
)


@given(st.one_of(st.text(st.characters(), max_size=200), st.lists(_PIECES, max_size=14).map(" ".join)))
@example("5" * 40)
@example("0500000000" * 5)
def test_masking_is_total_and_idempotent(text: str) -> None:
    assert mask(mask(text)) == mask(text)
