"""What a citizen answers is kept, what their program quotes beneath is cut, in every form programs write it."""

import pytest

from services.intake.channels.mail.quotes import answer_in
from tests.intake.mail.samples import a_mail, a_multipart, a_part, text_of

ANSWER = "Teşekkür ederim, bugün alındı.\n\nAma 12 numaranın önü hâlâ dolu."
QUOTED = "Başvurunuz alındı. Takip numaranız: 482-715-936\nİlkadım Çözüm Merkezi"
WITH_ARROWS = "\n".join(f"> {line}" for line in QUOTED.split("\n"))

FORMS = {
    "Outlook, Turkish": (
        f"________________________________\nGönderen: Çözüm Merkezi <cozum@ilkadim.example>\n"
        f"Gönderildi: 2 Mart 2026 Pazartesi 12:30\nKime: Ayşe Yılmaz\nKonu: Başvurunuz\n\n"
        f"{QUOTED}"
    ),
    "Outlook, Turkish, without letters": (
        f"Gonderen: Cozum Merkezi\nGonderildi: 2 Mart 2026\nKime: Ayse\nKonu: Basvurunuz\n{QUOTED}"
    ),
    "Outlook, newer": (
        f"Kimden: Çözüm Merkezi <cozum@ilkadim.example>\nGönderilme: 2 Mart 2026 12:30\n"
        f"Kime: ayse@example.org\nBilgi: baska@example.org\nKonu: RE: Başvurunuz\n\n{QUOTED}"
    ),
    "Outlook, bold": (
        f"*Kimden:* Çözüm Merkezi\n*Gönderim Tarihi:* 2 Mart 2026\n*Kime:* Ayşe\n*Konu:* Başvurunuz\n\n{QUOTED}"
    ),
    "Outlook, original message": (
        f"-----Özgün İleti-----\nKimden: Çözüm Merkezi\nGönderilme Tarihi: 2 Mart 2026\nKime: Ayşe\n\n{QUOTED}"
    ),
    "original message alone": f"----- Orijinal Mesaj -----\n{QUOTED}",
    "Samsung": (
        f"-------- Orijinal mesaj --------\nKimden: Çözüm Merkezi\n"
        f"Tarih: 02.03.2026 12:30 (GMT+03:00)\nAlıcı: ayse@example.org\nKonu: Başvurunuz\n\n"
        f"{QUOTED}"
    ),
    "Gmail, Turkish": (
        f"Çözüm Merkezi <cozum@ilkadim.example>, 2 Mar 2026 Pzt, 12:30 tarihinde şunu yazdı:\n\n{WITH_ARROWS}"
    ),
    "Gmail, Turkish, two lines": (
        f"Çözüm Merkezi <cozum@ilkadim.example>, 2 Mar 2026 Pzt, 12:30 tarihinde\nşunu yazdı:\n\n{WITH_ARROWS}"
    ),
    "Gmail, older": f"2 Mart 2026 12:30 tarihinde Çözüm Merkezi <cozum@ilkadim.example> yazdı:\n\n{WITH_ARROWS}",
    "Yahoo, Turkish": (
        f"2 Mart 2026 Pazartesi 12:30:00 GMT+3 tarihinde Çözüm Merkezi <cozum@ilkadim.example> şunu yazdı:\n\n{QUOTED}"
    ),
    "Apple, Turkish": f"Çözüm Merkezi <cozum@ilkadim.example> şunları yazdı (2 Mar 2026 12:30):\n\n{WITH_ARROWS}",
    "iPhone, Turkish": (
        f"iPhone’umdan gönderildi\n\n"
        f"2 Mar 2026 tarihinde, saat 12:30’de, Çözüm Merkezi <cozum@ilkadim.example> şunları yazdı:\n"
        f"\n{WITH_ARROWS}"
    ),
    "Thunderbird, Turkish": f"02.03.2026 12:30 tarihinde Çözüm Merkezi yazdı:\n{WITH_ARROWS}",
    "Android, Turkish": (
        f"Android telefonumdan gönderildi\n\nGönderen: Çözüm Merkezi\nGönderildi: 2 Mart 2026\n"
        f"Kime: Ayşe\nKonu: Başvurunuz\n{QUOTED}"
    ),
    "Outlook for Android": (
        f"Android için Outlook’u edinin<https://example.org/>\n"
        f"________________________________\nKimden: Çözüm Merkezi\nGönderilme: 2 Mart 2026\n"
        f"Kime: Ayşe\n{QUOTED}"
    ),
    "Gmail, English": f"On Mon, Mar 2, 2026 at 12:30 PM Çözüm Merkezi <cozum@ilkadim.example>\nwrote:\n\n{WITH_ARROWS}",
    "Outlook, English": (
        f"From: Centre <cozum@ilkadim.example>\nSent: Monday, March 2, 2026 12:30 PM\n"
        f"To: Ayşe\nSubject: RE: case\n\n{QUOTED}"
    ),
    "Outlook, German": f"Von: Centre\nGesendet: Montag, 2. März 2026\nAn: Ayşe\nBetreff: AW: Fall\n\n{QUOTED}",
    "Gmail, German": f"Am Mo., 2. März 2026 um 12:30 Uhr schrieb Centre <cozum@ilkadim.example>:\n\n{WITH_ARROWS}",
    "Gmail, French": f"Le lun. 2 mars 2026 à 12:30, Centre <cozum@ilkadim.example> a écrit :\n\n{WITH_ARROWS}",
    "Yandex": f'02.03.2026, 12:30, "Çözüm Merkezi" <cozum@ilkadim.example>:\n{QUOTED}',
    "our own line": f"--- Lütfen yanıtınızı bu satırın üzerine yazın ---\n\n{QUOTED}",
    "arrows alone": WITH_ARROWS,
    "a signature": "-- \nAyşe Yılmaz\nMuhasebe\nTel: 0500 000 00 00",
}


@pytest.mark.parametrize("below", FORMS.values(), ids=FORMS.keys())
def test_what_is_quoted_beneath_is_cut(below: str) -> None:
    assert answer_in(f"{ANSWER}\n\n{below}") == ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "iPhone'umdan gönderildi",
        "iPad’imden gönderildi",
        "Android telefonumdan gonderildi",
        "Samsung Galaxy akıllı telefonumdan gönderildi.",
        "Huawei telefonumdan gönderildi",
        "Windows için Posta ile gönderildi",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
    ],
)
def test_a_line_the_telephone_added_is_cut(line: str) -> None:
    assert answer_in(f"{ANSWER}\n\n{line}") == ANSWER


def test_answers_between_quoted_lines_stay() -> None:
    text = (
        "Merhaba,\n\n"
        "Çözüm Merkezi <cozum@ilkadim.example>, 2 Mar 2026 12:30 tarihinde şunu yazdı:\n"
        "> Hangi sokak?\n\nGül Sokak.\n\n> Saat kaçta?\n\nSabah sekizde."
    )

    assert answer_in(text) == "Merhaba,\n\nGül Sokak.\n\nSabah sekizde."


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "---------- Yönlendirilmiş ileti ---------",
        "İletilen mesaj başlangıcı:",
    ],
)
def test_what_was_forwarded_stays(mark: str) -> None:
    text = (
        f"Bunu size iletiyorum.\n\n{mark}\nGönderen: Muhtar <muhtar@example.org>\n"
        f"Date: 1 Mart 2026\nKonu: Yol\nKime: ayse@example.org\n\nYol çöktü, iki araç düştü."
    )

    assert answer_in(text) == text


def test_an_outlook_mail_forwarded_to_us_stays_by_its_subject() -> None:
    text = f"Gereği için.\n\n{FORMS['Outlook, newer']}"

    assert answer_in(text, "İLT: Başvurunuz") == text
    assert answer_in(text, "YNT: Başvurunuz") == "Gereği için."


def test_a_mail_that_only_quotes_is_kept_whole() -> None:
    assert answer_in(FORMS["Gmail, Turkish"]) == FORMS["Gmail, Turkish"]


@pytest.mark.parametrize(
    "text",
    [
        "Muhtar bana şunu yazdı: yol yapılacak.\nAma hâlâ yapılmadı.",
        "Saat 14:30'da belediyeye gittim, görevli şunu söyledi:\nyarın gelin.\nYarın gittim, kimse yoktu.",
        "Konu: Çöp\nSokağımızdaki çöp alınmadı.\nTarih olarak 3 Mart diyorum.",
        "- bir: çöp\n- iki: su\n-- üç: elektrik",
        "Kime: söyleyeceğimi bilemedim.\nBeklediğim cevap gelmedi.",
    ],
)
def test_ordinary_sentences_are_no_quote(text: str) -> None:
    assert answer_in(text) == text


def test_html_quotes_marked_by_the_program_are_cut() -> None:
    quote = f"<div>2 Mart 2026 tarihinde yazdı:</div><blockquote>{QUOTED}</blockquote>"
    html = f"<div>Bugün alındı.</div><div class=gmail_quote>{quote}</div>"

    assert text_of(a_mail(html, Content_Type="text/html; charset=utf-8")) == "Bugün alındı."


def test_a_mail_forwarded_as_a_file_is_read_too() -> None:
    inner = a_mail("Kaldırım kırık, yaşlılar düşüyor.", Subject="Kaldırım")
    raw = a_multipart(a_part("Ekteki iletiyi inceleyin."), a_part(inner, "message/rfc822"))

    assert text_of(raw) == "Ekteki iletiyi inceleyin.\n\nKaldırım kırık, yaşlılar düşüyor."
