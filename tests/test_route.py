"""`ilkim route`: the real decision for every row of a file, without any server."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.route import COLUMNS

Rows = list[dict[str, str]]


def routed(tmp_path: Path, content: str | bytes, *options: str) -> tuple[Rows, str]:
    """The rows that are written, and what is said of faults."""
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = CliRunner().invoke(app, ["route", str(file), "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    with out.open(newline="") as written:
        return list(csv.DictReader(written)), result.stderr


def test_every_row_gets_its_decision_in_its_order_beside_its_own_columns(tmp_path: Path) -> None:
    rows, _ = routed(tmp_path, "id,text,label\n7,Sokağımızdaki çöpler üç gündür alınmadı,x\n8,,y\n9,Sular kesik,z\n")

    assert [(row["id"], row["label"]) for row in rows] == [("7", "x"), ("8", "y"), ("9", "z")]
    assert [row["owner"] for row in rows] == ["temizlik-isleri", "cozum-merkezi", "saski"]
    assert [row["automatic"] for row in rows] == ["automatic", "triage", "automatic"]
    assert rows[0]["topic"] == "cop-toplama"
    assert "Çöp toplama" in rows[0]["reasons"]
    assert set(COLUMNS) < set(rows[0])


def test_coordinates_and_an_emergency_are_told(tmp_path: Path) -> None:
    rows, _ = routed(
        tmp_path,
        'metin;enlem;boylam\n"Apartmanda gaz kokusu var";41,2870;36,3300\n',
        *("--text-column", "Metin", "--lat-column", "enlem", "--lon-column", "boylam"),
    )

    assert (rows[0]["urgency"], rows[0]["emergency"], rows[0]["emergency_number"]) == ("emergency", "gas", "187")
    assert rows[0]["neighbourhood_name"]


def test_numbers_that_reach_somebody_are_masked(tmp_path: Path) -> None:
    rows, _ = routed(tmp_path, "text\nBeni 0500 000 00 00 numaradan arayın\n")

    assert rows[0]["masked_text"] == "Beni [telefon] numaradan arayın"


def test_what_cannot_be_read_is_named_and_the_row_is_decided_all_the_same(tmp_path: Path) -> None:
    rows, said = routed(
        tmp_path,
        "text,lat,lon,time\nSular kesik,kuzey,36.33,yarın\n",
        *("--lat-column", "lat", "--lon-column", "lon", "--time-column", "time"),
    )

    assert rows[0]["owner"] == "saski"
    assert "line 2: 'kuzey' is no number of degrees" in said
    assert "line 2: 'yarın' is no time" in said


def test_without_a_model_every_row_goes_to_a_person_loudly(tmp_path: Path) -> None:
    rows, said = routed(tmp_path, "text\nSular kesik\n", "--model", str(tmp_path / "none"))

    assert (rows[0]["owner"], rows[0]["automatic"]) == ("saski", "triage")
    assert "every row goes to a person" in said


def test_a_citizens_words_are_no_formula(tmp_path: Path) -> None:
    rows, _ = routed(tmp_path, 'text,note\n"=1+1, çöpler alınmadı",@cmd\n')

    assert rows[0]["masked_text"].startswith("'=")
    assert rows[0]["note"] == "'@cmd"


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("metin\nÇöp\n", (), "no column called 'text'"),
        ("text\nÇöp\n", ("--lat-column", "enlem"), "--lat-column"),
        ("text\nÇöp\n", ("--municipality", "nowhere"), "municipality"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(
    tmp_path: Path, content: str, options: tuple[str, ...], told: str
) -> None:
    file = tmp_path / "in.csv"
    file.write_text(content)

    result = CliRunner().invoke(app, ["route", str(file), *options])

    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_pairs_that_tell_of_one_problem_are_written_instead_when_asked_for(tmp_path: Path) -> None:
    rows, said = routed(
        tmp_path,
        "id,text,konu,lat,lon,time\n"
        "1,Boru patladı,su-patlagi,41.29,36.33,2026-11-23 10:00\n"
        "2,Su fışkırıyor,su-patlagi,41.29,36.33,2026-11-23 10:05\n",
        "--duplicates",
    )

    assert [(row["id_a"], row["id_b"], row["decision"]) for row in rows] == [("1", "2", "joined")]
    assert "2 rows, 0 left out; 1 gathered, 0 proposed" in said
