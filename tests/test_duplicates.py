"""`ilkim route --duplicates`: pairs of any list, whatever its columns are called and whatever is wrong in it."""

import csv
import gzip
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest

from ops.duplicates import NO_PLACE_ROWS_MIN, Columns, Summary, write_duplicates
from ops.spreadsheet import UnreadableFile
from shared.municipality import load

PLACE = load(Path(__file__).parent.parent / "municipality" / "ilkadim")
HEADER = "id,tarih,konu,enlem,boylam,metin"
USUAL = Columns()
BURST = (
    "a1,2026-11-23 10:00,su-patlagi,41.2900,36.3300,Gazi caddesinde boru patladı su fışkırıyor",
    "a2,2026-11-23 10:12,su-patlagi,41.2901,36.3301,Gazi caddesi boru patlamış yol göl oldu",
    "a3,2026-11-23 10:15,yol-bakim,41.2700,36.3500,Yolda büyük çukur var",
)


def pairs_of(
    folder: Path, lines: Sequence[str], columns: Columns = USUAL
) -> tuple[list[dict[str, str]], Summary, list[str]]:
    file = folder / "list.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return written(file, columns)


def written(file: Path, columns: Columns = USUAL) -> tuple[list[dict[str, str]], Summary, list[str]]:
    said: list[str] = []
    target = StringIO()
    summary = write_duplicates(file, target, columns, PLACE, said.append)
    return list(csv.DictReader(StringIO(target.getvalue()))), summary, said


def test_reports_of_one_problem_are_paired_and_others_are_not(tmp_path: Path) -> None:
    pairs, summary, _ = pairs_of(tmp_path, [HEADER, *BURST])

    assert [(pair["id_a"], pair["id_b"], pair["decision"], pair["incident"]) for pair in pairs] == [
        ("a1", "a2", "joined", "a1")
    ]
    assert "same topic; 14 m apart (points); 0.2 hours apart" in pairs[0]["why"]
    assert summary == Summary(rows=3, left_out=0, joined=1, proposed=0)


def test_columns_may_be_named(tmp_path: Path) -> None:
    lines = ["ref,wann,art,breite,laenge", *(",".join(line.split(",")[:5]) for line in BURST)]

    pairs, _, _ = pairs_of(tmp_path, lines, Columns(id="ref", time="wann", topic="art", lat="breite", lon="laenge"))

    assert [(pair["id_a"], pair["id_b"]) for pair in pairs] == [("a1", "a2")]


def test_a_list_may_be_packed_and_may_have_semicolons_and_turkish_times(tmp_path: Path) -> None:
    file = tmp_path / "list.csv.gz"
    rows = ["Takip No;Tarih;Konu;Enlem;Boylam", *(f"{n};23.11.2026 10:0{n};su-patlagi;41,29;36,33" for n in (1, 2))]
    file.write_bytes(gzip.compress("\n".join(rows).encode()))

    pairs, _, _ = written(file)

    assert [(pair["id_a"], pair["id_b"]) for pair in pairs] == [("1", "2")]


def test_an_address_will_do_where_there_are_no_coordinates(tmp_path: Path) -> None:
    lines = ["id,time,topic,address", *(f"{n},2026-11-23T10:0{n}:00Z,su-patlagi,Gazi Cad. No 12" for n in (1, 2))]

    pairs, _, _ = pairs_of(tmp_path, lines)

    assert [(pair["id_a"], pair["id_b"], pair["decision"]) for pair in pairs] == [("1", "2", "joined")]


@pytest.mark.parametrize(
    ("bad", "trouble"),
    [
        (",2026-11-23 10:00,su-patlagi,41.29,36.33,x", "it has no id"),
        ("b,,su-patlagi,41.29,36.33,x", "it has no time"),
        ("b,yesterday,su-patlagi,41.29,36.33,x", "is no time"),
        ("b,2026-11-23 10:00,su-patlagi,north,36.33,x", "is no number of degrees"),
        ("b,2026-11-23 10:00,su-patlagi,nan,36.33,x", "is no point on earth"),
        ("b,2026-11-23 10:00,su-patlagi,141.29,36.33,x", "is no point on earth"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_paired(tmp_path: Path, bad: str, trouble: str) -> None:
    pairs, summary, said = pairs_of(tmp_path, [HEADER, BURST[0], bad, BURST[1]])

    assert len(pairs) == 1
    assert summary.left_out == 1
    assert len(said) == 1
    assert "line 3" in said[0] and trouble in said[0]


def test_what_is_never_an_incident_is_never_paired(tmp_path: Path) -> None:
    lines = [HEADER, *(f"{n},2026-11-23 10:0{n},sosyal-yardim,41.29,36.33,Gıda yardımı" for n in (1, 2))]

    pairs, _, _ = pairs_of(tmp_path, lines)

    assert pairs == []


def test_a_point_that_stands_for_no_address_is_no_place(tmp_path: Path) -> None:
    rows = [f"{n},2026-11-23 10:00,lamp,41.2867,36.3300,Lamba yanmıyor" for n in range(NO_PLACE_ROWS_MIN)]

    pairs, _, _ = pairs_of(tmp_path, [HEADER, *rows])

    assert pairs == []


def test_topics_of_another_list_are_shown_to_a_person_rather_than_merged(tmp_path: Path) -> None:
    rows = [f"{n},2026-11-23 10:0{n},Street Light Outage,42.35,-71.06," for n in (1, 2)]

    pairs, _, _ = pairs_of(tmp_path, [HEADER, *rows])

    assert [pair["decision"] for pair in pairs] == ["proposed"]


def test_a_list_without_time_or_place_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="--time-column"):
        pairs_of(tmp_path, ["id,enlem,boylam", "1,41,36"])
    with pytest.raises(UnreadableFile, match="--lat-column"):
        pairs_of(tmp_path, ["id,tarih", "1,2026-11-23"])
