"""Old years from a table: what a mapping may say, what becomes of each row, and that none is lost."""

import asyncio
import csv
import gzip
import json
import os
from collections.abc import Mapping as Values
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.importing.mapping import Mapping, read_mapping
from ops.importing.rows import Reader, Told, code_of, version_of
from ops.importing.taking import Taken, TakingOver
from ops.spreadsheet import UnfitRow, UnreadableFile
from shared.contracts import CaseImported, CaseState, Outcome, OwnerKind
from shared.municipality import MunicipalityError

AS_OF = datetime(2026, 1, 31, 12, tzinfo=UTC)
EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "boston311.toml"
MAPPING = """
source = "records"
zone = "Europe/Istanbul"

[number]
column = "No"

[opened]
column = "Açılış"

[due]
column = "Hedef"

[closed]
column = "Kapanış"

[state]
column = "Durum"
map = { "Kapandı" = "closed", "Açık" = "routed" }

[outcome]
column = "Sonuç"
default = "solved"
contains = { "mükerrer" = "duplicate" }

[channel]
column = "Geliş"
map = { "Telefon" = "phone" }

[owner]
column = "Birim"

[neighbourhood]
column = "Mahalle"
"""
ROW = {
    "No": "2019/1",
    "Açılış": "04.03.2019 23:30",
    "Hedef": "08.03.2019 17:00",
    "Kapanış": "07.03.2019 09:30",
    "Durum": "Kapandı",
    "Sonuç": "",
    "Geliş": "Telefon",
    "Birim": "Park ve Bahçeler",
    "Mahalle": "Çay",
}


def a_mapping(folder: Path, text: str = MAPPING) -> Mapping:
    path = folder / "records.toml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


def mistakes_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(MunicipalityError) as raised:
        a_mapping(folder, text)
    return [str(problem) for problem in raised.value.problems]


@pytest.fixture
def case(tmp_path: Path) -> Any:
    """Makes a case of a row with some values changed."""

    def made(told: Told | None = None, mapping: str = MAPPING, as_of: datetime = AS_OF, **changed: str) -> CaseImported:
        row = ROW | changed
        known = a_mapping(tmp_path, mapping)
        return Reader(known, known.columns(), as_of, told or Told()).case(row)

    return made


# --- the mapping -----------------------------------------------------------------------------------------------


def test_the_example_of_the_documentation_is_a_mapping() -> None:
    assert read_mapping(EXAMPLE).source == "boston-311"


def test_a_mistake_in_a_mapping_is_told_with_its_line_and_remedy(tmp_path: Path) -> None:
    [wrong] = mistakes_of(tmp_path, MAPPING.replace('"routed"', '"rooted"'))
    assert wrong.startswith("records.toml, line 19: the file: state.map.Açık: Input should be 'received', 'routed'")
    assert "Correct it (it is 'rooted')" in wrong

    [unknown] = mistakes_of(tmp_path, MAPPING + 'colour = "Renk"\n')
    assert unknown.endswith("field `neighbourhood.colour` is unknown. Remove it or correct its spelling")

    [zone] = mistakes_of(tmp_path, MAPPING.replace("Europe/Istanbul", "Europe/Samsun"))
    assert "line 3" in zone and "write e.g. Europe/Istanbul or +03:00" in zone

    [missing] = mistakes_of(tmp_path, MAPPING.replace("[number]", "[topic]"))
    assert missing.endswith("field `number` is missing. Add it")


def test_a_mapping_without_an_owner_for_every_case_is_refused(tmp_path: Path) -> None:
    [mistake] = mistakes_of(tmp_path, MAPPING.replace('column = "Birim"', ""))

    assert "[owner] has neither a `column` nor a `default`" in mistake


def test_a_form_of_times_that_leaves_out_the_year_is_refused(tmp_path: Path) -> None:
    [mistake] = mistakes_of(tmp_path, 'times = ["%d.%m. %H:%M"]\n' + MAPPING)

    assert "leaves out the day, the month or the year" in mistake


# --- a row -----------------------------------------------------------------------------------------------------


def test_a_row_becomes_a_case_by_the_mapping(case: Any) -> None:
    made = case()

    assert (made.source, made.number, made.channel, made.owner) == ("records", "2019/1", "phone", "park-ve-bahceler")
    assert (made.state, made.outcome, made.owner_kind) == (CaseState.CLOSED, Outcome.SOLVED, OwnerKind.DEPARTMENT)
    assert made.neighbourhood == "Çay"
    assert made.opened_at == datetime(2019, 3, 4, 20, 30, tzinfo=UTC)
    assert made.on_time is True, "it was closed before its target"


def test_the_day_is_the_day_that_is_written_whatever_the_zone(case: Any) -> None:
    far = MAPPING.replace("Europe/Istanbul", "-05:00")

    assert case(mapping=far).day == case().day == date(2019, 3, 4)


def test_with_a_fixed_offset_differences_are_those_of_the_times_as_written(case: Any) -> None:
    summer = {"Açılış": "2015-03-28T12:00:00", "Kapanış": "2015-03-30T12:00:00"}
    changing, fixed = case(**summer), case(mapping=MAPPING.replace("Europe/Istanbul", "+02:00"), **summer)

    assert changing.closed_at - changing.opened_at == timedelta(hours=47), "clocks went forward in that night"
    assert fixed.closed_at - fixed.opened_at == timedelta(hours=48)


def test_only_the_forms_of_the_mapping_are_read_where_it_has_some(case: Any) -> None:
    american = 'times = ["%m/%d/%Y %H:%M"]\n' + MAPPING
    changed = {"Hedef": "", "Kapanış": "", "Durum": "Açık"}

    assert case(mapping=american, **changed | {"Açılış": "03/04/2019 23:30"}).day == date(2019, 3, 4)
    with pytest.raises(UnfitRow, match="is no time in any of the forms"):
        case(mapping=american, **changed)


def test_what_the_old_system_says_of_a_target_counts_and_what_it_leaves_open_stays_unknown(case: Any) -> None:
    judged = MAPPING + '[on_time]\ncolumn = "Süre"\nmap = { "içinde" = "yes", "aştı" = "no" }\n'

    assert [case(mapping=judged, Süre=said).on_time for said in ("içinde", "AŞTI", "")] == [True, False, None]


def test_an_open_case_has_no_outcome_and_no_time_of_closing(case: Any) -> None:
    told = Told()
    made = case(told, Durum="Açık")

    assert (made.closed_at, made.outcome, made.on_time) == (None, None, None)
    assert told.strange == {"open, with a time of closing that was left out": 1}


def test_a_phrase_within_free_text_tells_the_outcome(case: Any) -> None:
    assert case(Sonuç="MÜKERRER kayıt, 2019/7 ile aynı").outcome is Outcome.DUPLICATE
    assert case(Sonuç="Yerinde yapıldı").outcome is Outcome.SOLVED


def test_a_word_nobody_mapped_becomes_a_code_and_is_told(case: Any) -> None:
    told = Told()

    assert case(told, Geliş="E-Belediye Kapısı").channel == "e-belediye-kapisi"
    assert told.made["channel"] == {"E-Belediye Kapısı": "e-belediye-kapisi"}


def test_two_words_that_become_one_code_are_told(case: Any) -> None:
    told = Told()
    for written in ("Yol / Kaldırım", "Yol-Kaldırım", "Su"):
        case(told, Birim=written)

    assert told.shared() == {"owner": {"yol-kaldirim": ["Yol / Kaldırım", "Yol-Kaldırım"]}}


def test_long_words_make_codes_that_differ() -> None:
    one, other = code_of("a" * 70 + "b"), code_of("a" * 70 + "c")

    assert one != other
    assert len(one) == len(other) == 63


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"No": " "}, "has no case number"),
        ({"No": "9" * 65}, "its case number has 65 letters"),
        ({"Açılış": ""}, "has no time of opening"),
        ({"Açılış": "yesterday"}, "opened: 'yesterday' is no time"),
        ({"Kapanış": "31.02.2019"}, "closed: '31.02.2019' is no time"),
        ({"Açılış": "04.03.1019"}, "opened_at: needs a year from 1990"),
        ({"Durum": "Askıda"}, "state: 'Askıda' is not mapped; it can be received"),
        ({"Durum": ""}, "has no state"),
        ({"Geliş": ""}, "has no channel"),
        ({"Birim": "—"}, "no code can be made of '—'"),
    ],
)
def test_a_row_that_does_not_fit_says_why(case: Any, changed: dict[str, str], reason: str) -> None:
    with pytest.raises(UnfitRow) as raised:
        case(**changed)

    assert str(raised.value).startswith(reason)


# --- the same again --------------------------------------------------------------------------------------------


def test_the_same_row_of_the_same_table_is_the_same_event(case: Any) -> None:
    assert case() == case()


def test_a_changed_row_of_a_later_table_is_the_same_case_with_a_higher_version(case: Any) -> None:
    before, after = case(), case(as_of=AS_OF + timedelta(seconds=1), Açılış="05.03.2019 08:00")

    assert after.case_id == before.case_id
    assert after.version > before.version
    assert after.id != before.id


def test_a_row_that_went_back_to_what_it_was_is_a_new_event(case: Any) -> None:
    assert case(as_of=AS_OF + timedelta(days=2)).id != case().id


def test_versions_fit_into_the_tables_and_start_at_one() -> None:
    assert version_of(datetime(1970, 1, 1, tzinfo=UTC)) == 1
    assert version_of(datetime(2057, 1, 1, tzinfo=UTC)) < 2**31


# --- a whole table ---------------------------------------------------------------------------------------------


def a_table(path: Path, rows: Sequence[Values[str, str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        table = csv.DictWriter(file, list(ROW), delimiter=delimiter)
        table.writeheader()
        table.writerows(rows)
    return path


def take(folder: Path, *files: Path, as_of: datetime | None = AS_OF) -> tuple[list[CaseImported], list[Taken]]:
    cases: list[CaseImported] = []
    sizes: list[int] = []

    async def publish(batch: Sequence[CaseImported]) -> None:
        cases.extend(batch)
        sizes.append(len(batch))

    taking = TakingOver(a_mapping(folder), AS_OF, publish, as_of)
    taken = asyncio.run(taking.take(files))
    assert max(sizes, default=0) <= 200
    return cases, taken


def test_every_row_is_imported_or_rejected_with_its_reason(tmp_path: Path) -> None:
    rows = [ROW | {"No": str(number), "Durum": "Kapandı" if number % 10 else "?"} for number in range(450)]
    cases, [taken] = take(tmp_path, a_table(tmp_path / "old.csv", rows))

    assert (taken.read, taken.imported, taken.rejected) == (450, 405, 45)
    assert taken.closes
    assert len({case.case_id for case in cases}) == 405
    with (tmp_path / "old.csv.rejected.csv").open(encoding="utf-8") as file:
        rejected = list(csv.DictReader(file))
    assert [row["No"] for row in rejected] == [str(number) for number in range(0, 450, 10)]
    assert {row["rejected_because"].partition(";")[0] for row in rejected} == {"state: '?' is not mapped"}
    assert rejected[1]["rejected_line"] == "12"


def test_rejected_rows_can_be_corrected_and_imported_with_the_same_mapping(tmp_path: Path) -> None:
    take(tmp_path, a_table(tmp_path / "old.csv", [ROW | {"Durum": "?"}]))
    rejected = tmp_path / "old.csv.rejected.csv"
    assert rejected.stat().st_mode & 0o077 == 0, "it holds what the table held: for its owner alone"
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(rejected.read_text(encoding="utf-8").replace(",?,", ",Kapandı,"), encoding="utf-8")
    cases, _ = take(tmp_path, corrected)

    assert [case.number for case in cases] == ["2019/1"]


def test_rejected_rows_of_an_earlier_import_go(tmp_path: Path) -> None:
    table = a_table(tmp_path / "old.csv", [ROW | {"Durum": "?"}])
    take(tmp_path, table)
    take(tmp_path, a_table(table, [ROW]))

    assert not (tmp_path / "old.csv.rejected.csv").exists()


def test_a_number_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    one, other = a_table(tmp_path / "one.csv", [ROW, ROW]), a_table(tmp_path / "other.csv", [ROW])
    cases, taken = take(tmp_path, one, other)

    assert len(cases) == 1
    assert [(table.imported, table.rejected) for table in taken] == [(1, 1), (0, 1)]
    assert "stands already in one.csv, line 2" in (tmp_path / "other.csv.rejected.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "cp1254"), ("\t", "utf-16"), ("|", "utf-8-sig")])
def test_any_delimiter_and_encoding_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    cases, _ = take(tmp_path, a_table(tmp_path / "old.csv", [ROW], delimiter, encoding))

    assert [(case.neighbourhood, case.channel) for case in cases] == [("Çay", "phone")]


def test_a_packed_table_is_read(tmp_path: Path) -> None:
    table = a_table(tmp_path / "old.csv", [ROW])
    packed = tmp_path / "old.csv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))

    assert len(take(tmp_path, packed)[0]) == 1


def test_values_without_a_column_and_quotes_never_closed_are_rejected_and_not_cut_off(tmp_path: Path) -> None:
    table = a_table(tmp_path / "old.csv", [ROW])
    good = table.read_text(encoding="utf-8").splitlines()[1]
    table.write_text(f'{",".join(ROW)}\n{good},more\n"{"line" + chr(10) * 150}', encoding="utf-8")
    _, [taken] = take(tmp_path, table)

    assert (taken.read, taken.rejected) == (2, 2)
    reasons = (tmp_path / "old.csv.rejected.csv").read_text(encoding="utf-8")
    assert "has 10 values, the header 9" in reasons
    assert "is a quote in it never closed?" in reasons


def test_a_table_without_a_column_of_the_mapping_is_refused_before_a_row_is_taken(tmp_path: Path) -> None:
    good, bad = a_table(tmp_path / "good.csv", [ROW]), tmp_path / "bad.csv"
    bad.write_text("No,Açılış\n1,04.03.2019\n", encoding="utf-8")

    with pytest.raises(UnreadableFile, match=r"no column called 'Hedef'.*\[due\] in the mapping"):
        take(tmp_path, good, bad)
    assert not (tmp_path / "good.csv.rejected.csv").exists()


def test_a_table_stands_as_of_its_last_change_or_that_of_its_mapping(tmp_path: Path) -> None:
    table = a_table(tmp_path / "old.csv", [ROW])
    changed = {}
    for days in (-1, 1):
        at = AS_OF + timedelta(days=days)
        os.utime(table, (at.timestamp(), at.timestamp()))
        _, [changed[days]] = take(tmp_path, table, as_of=None)

    assert changed[-1].as_of == AS_OF, "the mapping was changed after it"
    assert changed[1].as_of == AS_OF + timedelta(days=1)


# --- the command -----------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_become_of_the_rows(tmp_path: Path) -> None:
    a_mapping(tmp_path)
    table = a_table(tmp_path / "old.csv", [ROW, ROW | {"No": "2", "Durum": "?"}])
    done = CliRunner().invoke(app, ["import", str(tmp_path / "records.toml"), str(table), "--dry-run", "--json"])
    document = json.loads(done.stdout)

    assert done.exit_code == 1, "a row was rejected"
    assert (document["read"], document["imported"], document["rejected"], document["closes"]) == (2, 1, 1, True)
    assert document["codes_made"] == {"owner": {"Park ve Bahçeler": "park-ve-bahceler"}}


def test_a_mapping_with_mistakes_imports_nothing(tmp_path: Path) -> None:
    table = a_table(tmp_path / "old.csv", [ROW])
    done = CliRunner().invoke(app, ["import", str(tmp_path / "none.toml"), str(table)])

    assert done.exit_code == 2
    assert "there is no file" in done.stderr


def test_a_table_cannot_stand_as_of_a_time_that_lies_ahead(tmp_path: Path) -> None:
    a_mapping(tmp_path)
    table = a_table(tmp_path / "old.csv", [ROW])
    arguments = ["import", str(tmp_path / "records.toml"), str(table), "--dry-run", "--as-of", "2099-01-01"]
    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 2
    assert "lies ahead" in done.stderr
