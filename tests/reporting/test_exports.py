"""What is exported reads back as it was: text as text, dates as dates, and nothing a spreadsheet would run."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader

from services.reporting.domain.asking import Axis, CaseRow, Counts, Question, Row
from services.reporting.exports import Column, Format, Kind, Table, TooLong, cases_of, counts_of, write
from services.reporting.exports.xlsx_file import write_xlsx
from services.reporting.labels import Labels
from shared.ids import derived_id
from tests.reporting.papers import CATALOGUE, DRAWN_AT, ILKADIM

LABELS: Final = Labels(ILKADIM, CATALOGUE)
ISTANBUL: Final = ZoneInfo("Europe/Istanbul")
SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEMPTING: Final = ['=HYPERLINK("http://x")', "+1", "@x", "-2+3", "\tx", "0042", "1e5", "http://example.org", "Ğış"]
OPENED_AT: Final = datetime(2026, 3, 1, 21, 30, tzinfo=UTC)  # half past midnight in İlkadım


def a_case(place: int = 0, **changed: Any) -> CaseRow:
    """A case of the police, open."""
    values: dict[str, Any] = {
        "case_id": derived_id(OPENED_AT, "exported", place),
        "number": f"{place:09}",
        "day": date(2026, 3, 2),
        "opened_at": OPENED_AT,
        "channel": "whatsapp",
        "owner": "zabita",
        "owner_kind": "department",
        "neighbourhood": "61820",
        "topic": "",
        "kind": "request",
        "urgency": "",
        "state": "routed",
        "outcome": "",
        "source": "",
        "due_at": None,
        "legal_due_at": None,
        "answered_at": None,
        "closed_at": None,
        "on_time": None,
        "returns": 0,
        "reopened": 0,
    }
    return CaseRow(**values | changed)


class Counted:
    """Cases and counts that are given."""

    def __init__(self, cases: Sequence[CaseRow] = (), rows: Sequence[Row] = ()) -> None:
        self._cases, self._rows = cases, list(rows) or [Row((), Counts(cases=len(cases)))]

    async def ask(self, question: Question) -> list[Row]:
        return self._rows

    async def cases(self, question: Question, batch: int = 1000) -> AsyncIterator[list[CaseRow]]:
        for at in range(0, len(self._cases), batch):
            yield list(self._cases[at : at + batch])


async def exported(path: Path, form: Format, *cases: CaseRow, language: str = "tr", **more: Any) -> Path:
    table = await cases_of(Counted(cases), Question(), LABELS, language, ISTANBUL)
    await write(table, form, path / f"cases.{form}", ILKADIM, LABELS, DRAWN_AT, **more)
    return path / f"cases.{form}"


def tempting_table(texts: Sequence[str] = TEMPTING) -> Table:
    async def batches() -> AsyncIterator[Sequence[tuple[str]]]:
        yield [(text,) for text in texts]

    return Table("Metin", "", "tr", ISTANBUL, (Column("text", "Metin", Kind.TEXT),), batches(), len(texts))


def cells(path: Path, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Each cell of a sheet as its type and what it holds; fails on a formula or link."""
    with zipfile.ZipFile(path) as book:
        text = book.read(f"xl/worksheets/sheet{sheet}.xml")
        root = ElementTree.fromstring(text)
        assert not root.findall(f".//{SHEET}f"), "a formula"
        assert not root.findall(f".//{SHEET}hyperlink"), "a link"
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.findall(f"{SHEET}c")]
        for row in root.findall(f".//{SHEET}row")
    ]


async def test_what_looks_like_a_formula_or_number_is_text_in_xlsx(tmp_path: Path) -> None:
    await write(tempting_table(), Format.XLSX, tmp_path / "x.xlsx", ILKADIM, LABELS, DRAWN_AT)

    [_, *rows] = cells(tmp_path / "x.xlsx")
    assert rows == [[("inlineStr", text)] for text in TEMPTING]


async def test_what_looks_like_a_formula_is_defused_in_csv(tmp_path: Path) -> None:
    await write(tempting_table(), Format.CSV, tmp_path / "x.csv", ILKADIM, LABELS, DRAWN_AT)

    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text(encoding="utf-8-sig"), newline="")))
    assert [row["text"].removeprefix("'") for row in rows] == TEMPTING
    assert [row["text"].startswith("'") for row in rows] == [True, True, True, True, True, False, False, False, False]


async def test_parquet_keeps_texts_as_they_are(tmp_path: Path) -> None:
    await write(tempting_table(), Format.PARQUET, tmp_path / "x.parquet", ILKADIM, LABELS, DRAWN_AT)

    assert pq.read_table(tmp_path / "x.parquet").to_pydict() == {"text": TEMPTING}


async def test_a_case_in_csv_has_codes_and_names_and_the_municipality_s_clock(tmp_path: Path) -> None:
    path = await exported(tmp_path, Format.CSV, a_case(7, on_time=True, returns=2))

    [row] = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert (row["number"], row["day"], row["opened_at"]) == ("000000007", "2026-03-02", "2026-03-02T00:30:00+03:00")
    assert (row["owner"], row["owner_name"]) == ("zabita", ILKADIM.owner("zabita").name)
    assert (row["topic"], row["topic_name"], row["closed_at"]) == ("", "Bilinmiyor", "")
    assert (row["on_time"], row["returns"]) == ("true", "2")


async def test_csv_may_have_semicolons_and_no_mark(tmp_path: Path) -> None:
    path = await exported(tmp_path, Format.CSV, a_case(), separator=";", with_mark=False)

    assert path.read_bytes().startswith(b"number;case_id;day;")


async def test_names_are_in_the_reader_s_language(tmp_path: Path) -> None:
    path = await exported(tmp_path, Format.CSV, a_case(), language="en")

    [row] = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert (row["owner_name"], row["topic_name"]) == (ILKADIM.owner("zabita").name_en, "Not known")


async def test_xlsx_has_dates_as_dates_numbers_as_numbers_and_a_frozen_head(tmp_path: Path) -> None:
    path = await exported(tmp_path, Format.XLSX, a_case(7, on_time=False, returns=2))

    head, row = cells(path)
    by_title = dict(zip((text for _, text in head), _with_gaps(path), strict=True))
    assert by_title["Takip numarası"] == ("inlineStr", "000000007")
    assert by_title["Açıldığı gün"] == ("n", "46083")  # days since 30.12.1899
    assert float(by_title["Açıldığı an"][1]) == pytest.approx(46083 + 0.5 / 24)
    assert by_title["Hedefinde"] == ("b", "0")
    assert by_title["İade sayısı"] == ("n", "2")
    assert by_title["Kapandığı an"] is None
    assert len(row) < len(head)
    with zipfile.ZipFile(path) as book:
        assert b'state="frozen"' in book.read("xl/worksheets/sheet1.xml")


async def test_a_full_sheet_is_followed_by_another_with_the_same_head(tmp_path: Path) -> None:
    table = await cases_of(Counted([a_case(place) for place in range(25)]), Question(), LABELS, "tr", ISTANBUL)
    await write_xlsx(table, tmp_path / "x.xlsx", lambda rows: None, sheet_rows_max=11)

    sheets = [cells(tmp_path / "x.xlsx", sheet) for sheet in (1, 2, 3)]
    assert [len(sheet) for sheet in sheets] == [11, 11, 6]
    assert sheets[0][0] == sheets[1][0] == sheets[2][0]
    assert sheets[2][-1][0] == ("inlineStr", "000000024")


async def test_parquet_has_true_types(tmp_path: Path) -> None:
    path = await exported(tmp_path, Format.PARQUET, *(a_case(place, on_time=True) for place in range(2500)))

    table = pq.read_table(path)
    assert table.num_rows == 2500
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["day"], kinds["opened_at"]) == ("date32[day]", "timestamp[us, tz=Europe/Istanbul]")
    assert (kinds["on_time"], kinds["returns"], kinds["number"]) == ("bool", "int64", "string")
    assert table.column("opened_at")[0].as_py() == OPENED_AT
    assert table.column("closed_at")[0].as_py() is None


async def test_progress_adds_up_to_the_rows(tmp_path: Path) -> None:
    for form in Format:
        told: list[int] = []
        await exported(tmp_path, form, *(a_case(place) for place in range(2500)), progress=told.append)
        assert (sum(told), len(told)) == (2500, 3), form


async def test_a_pdf_of_counts_carries_turkish_and_refuses_what_nobody_leafs_through(tmp_path: Path) -> None:
    rows = [Row(("zabita",), Counts(cases=1234, closed=34)), Row(("",), Counts(cases=1))]
    question = Question(date(2026, 3, 1), None, (Axis.OWNER,), {Axis.CHANNEL: "whatsapp"})
    table = await counts_of(Counted(rows=rows), question, LABELS, "tr", ISTANBUL)
    await write(table, Format.PDF, tmp_path / "x.pdf", ILKADIM, LABELS, DRAWN_AT)

    [page] = PdfReader(tmp_path / "x.pdf").pages
    text = page.extract_text()
    assert "Zabıta Müdürlüğü" in text
    assert "01.03.2026 gününden beri açılan talepler · Kanal: WhatsApp" in text
    assert "1.234" in text
    assert "1.200" in text  # open
    with pytest.raises(TooLong, match="up to 5000 rows, and these are 5001"):
        await exported(tmp_path, Format.PDF, *(a_case(place) for place in range(5001)))


def _with_gaps(path: Path) -> list[tuple[str, str] | None]:
    """The first row of cells below the head, with None where there is none."""
    with zipfile.ZipFile(path) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    head, row = root.findall(f".//{SHEET}row")[:2]
    found = {
        (cell.get("r") or "").rstrip("0123456789"): (cell.get("t", "n"), "".join(cell.itertext()))
        for cell in row.findall(f"{SHEET}c")
    }
    return [found.get((cell.get("r") or "").rstrip("0123456789")) for cell in head.findall(f"{SHEET}c")]
