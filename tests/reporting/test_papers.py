"""The bulletin as it is read: each line opens into its sum, and what the source printed stands beside ours."""

import io
from dataclasses import asdict
from datetime import date

import pytest
from pypdf import PdfReader

from services.reporting.papers import Line, Paper, as_pdf, as_pictures, plain_text
from tests.reporting.papers import DRAWN_AT, ILKADIM, a_count, a_paper


def line_of(paper: Paper, code: str) -> Line:
    return next(line for line in (*paper.groups, *paper.lines) if line.code == code)


def test_a_published_figure_stands_beside_ours_and_says_by_how_much_they_differ() -> None:
    paper = a_paper([a_count(3990), a_count(1, state="routed", outcome=None)])

    line = line_of(paper, "whatsapp")
    assert line.cases == "3.991"
    assert not line.is_as_published
    assert line.published == "3.991 talep, 3.850 çözülen. Bizde çözülen 3.990 (140 fazla)."


def test_a_published_figure_like_ours_is_said_to_be_the_same() -> None:
    paper = a_paper([a_count(3850), a_count(141, state="routed", outcome=None)])

    assert line_of(paper, "whatsapp").published == "3.991 talep, 3.850 çözülen. Bizim toplamımız aynı."
    assert line_of(paper, "whatsapp").is_as_published


@pytest.mark.parametrize(
    "days",
    [
        (None, None),
        (date(2020, 1, 1), None),
        (date(2020, 1, 1), date(2020, 9, 29)),
        (date(2026, 1, 1), date(2026, 9, 30)),
    ],
)
def test_days_nothing_was_published_about_show_nothing_published(days: tuple[date | None, date | None]) -> None:
    paper = a_paper([a_count(3850)], days=days)

    assert not paper.published_words
    assert not any(line.published for line in (*paper.groups, *paper.lines))


def test_every_line_opens_into_parts_that_are_the_whole() -> None:
    paper = a_paper(
        [
            a_count(5),
            a_count(2, outcome="answered"),
            a_count(3, channel="phone", state="routed", outcome=None, neighbourhood="61820"),
            a_count(4, channel="phone", owner="saski", owner_kind="institution", state="routed", outcome="forwarded"),
        ]
    )

    assert [(part.label, part.cases) for part in line_of(paper, "whatsapp").parts] == [
        ("Çözüldü", "5"),
        ("Yanıtlandı", "2"),
    ]
    assert [part.cases for part in line_of(paper, "total").parts] == ["7", "4", "3"]
    for line in (*paper.groups, *paper.lines):
        assert line.does_close
        assert sum(int(part.cases) for part in line.parts) == int(line.cases), line.code


def test_a_bulletin_can_be_read_in_english() -> None:
    paper = a_paper([a_count(3991)], "en")

    assert (paper.title, paper.municipality) == (ILKADIM.bulletin.title_en, ILKADIM.name_en)
    assert "Ours: resolved 3,991 (141 more)" in line_of(paper, "whatsapp").published


def test_plain_text_is_narrow_and_holds_every_line_with_its_parts() -> None:
    text = plain_text(a_paper([a_count(5), a_count(2, channel="phone", neighbourhood="61820")]))

    assert all(len(line) <= 78 for line in text.splitlines())
    for group in ILKADIM.bulletin.groups:
        assert group.label in text
    assert ILKADIM.neighbourhood("61820").name in text


def test_an_empty_bulletin_says_so() -> None:
    assert "Bu günlerde açılmış talep yok" in plain_text(a_paper([]))


async def test_the_pdf_carries_turkish_page_numbers_the_date_and_the_sums() -> None:
    counted = [a_count(channel="phone", neighbourhood=row.code) for row in ILKADIM.neighbourhoods]
    paper = a_paper(counted)

    pages = PdfReader(io.BytesIO(await as_pdf("bulletin.typ", asdict(paper), DRAWN_AT))).pages
    texts = [page.extract_text() for page in pages]
    assert len(texts) >= 3
    assert ILKADIM.name in texts[0]
    assert "Bütün toplamlar tutuyor" in texts[0]
    assert f"Sayfa 2 / {len(texts)}" in texts[1]
    assert all("25.11.2026 12.30 itibarıyla" in text for text in texts)
    assert all(any(row.name in text for text in texts) for row in ILKADIM.neighbourhoods)


async def test_very_long_names_stay_on_the_sheet() -> None:
    long = "Çok Uzun Adlı Başvuruların Değerlendirilmesi ve Yönlendirilmesi Müdürlüğü " * 4
    groups = tuple(group.model_copy(update={"label": long.strip()}) for group in ILKADIM.bulletin.groups)
    bulletin = ILKADIM.bulletin.model_copy(update={"groups": groups})
    paper = a_paper([a_count(5)], place=ILKADIM.model_copy(update={"bulletin": bulletin}))

    [page, *_] = await as_pictures("bulletin.typ", asdict(paper))
    assert page.startswith(b"\x89PNG")
    assert all(len(line) <= 78 for line in plain_text(paper).splitlines())
