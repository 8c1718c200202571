"""A trial tells which cases would move, whence and whither, and what speaks for it."""

import shutil
from pathlib import Path

import pytest

from ops.rules.trial import Trial
from services.router.app import MODEL
from services.router.domain.decision import Report
from services.router.domain.versions import Known, load_known

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
RUBBISH = Report("Çöp konteyneri taştı, çöpler üç gündür alınmıyor")
GREETING = Report("Merhaba, iyi çalışmalar")
RULE = """
[[rule]]
id = "container"
name = "Konteynerlere bu ay Destek Hizmetleri bakar."
name_en = "This month Support Services see to containers."
source = "a test"
certainty = "high"
priority = 1
certain = true
when.any_of = ["cop konteyner"]
then.owner = "destek-hizmetleri"
"""


@pytest.fixture(scope="module")
def before() -> Known:
    return load_known(ILKADIM, MODEL)


def changed(folder: Path, file: str, old: str, new: str) -> Known:
    """İlkadım with one text of one file changed."""
    copy = shutil.copytree(ILKADIM, folder / "changed")
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return load_known(copy, MODEL)


def with_rule(folder: Path, rule: str) -> Known:
    copy = shutil.copytree(ILKADIM, folder / "ruled")
    (copy / "rules.toml").write_text(rule, encoding="utf-8")
    return load_known(copy, MODEL)


def tried(before: Known, after: Known, *reports: Report, moves_max: int = 10) -> Trial:
    trial = Trial(before, after, "tr", moves_max)
    for number, report in enumerate(reports, 1):
        trial.try_case(f"case {number}", report)
    return trial


def test_nothing_moves_when_nothing_changes(before: Known) -> None:
    trial = tried(before, before, RUBBISH, GREETING)

    assert (trial.cases, trial.moved, trial.moves) == (2, 0, [])


def test_a_new_rule_moves_its_cases_and_gives_its_reason(before: Known, tmp_path: Path) -> None:
    trial = tried(before, with_rule(tmp_path, RULE), RUBBISH, GREETING)

    (move,) = trial.moves
    assert (move.name, move.before.owner, move.after.owner) == ("case 1", "temizlik-isleri", "destek-hizmetleri")
    assert any(line.startswith("+") and "Destek Hizmetleri" in line for line in move.why)
    assert trial.summary()["owners"] == [{"from": "temizlik-isleri", "to": "destek-hizmetleri", "cases": 1}]


def test_cases_that_a_rule_newly_sends_to_a_person_are_counted(before: Known, tmp_path: Path) -> None:
    asks = RULE.replace("certain = true", "").replace('then.owner = "destek-hizmetleri"', "then.person = true")
    there = with_rule(tmp_path, asks)

    assert (tried(before, there, RUBBISH).to_triage, tried(there, before, RUBBISH).from_triage) == (1, 1)


def test_a_topic_that_changes_hands_is_named(before: Known, tmp_path: Path) -> None:
    after = changed(tmp_path, "topics/temizlik.toml", 'owner = "temizlik-isleri"', 'owner = "insan-kaynaklari"')
    trial = tried(before, after, RUBBISH)

    assert any(
        "Temizlik İşleri Müdürlüğü → İnsan Kaynakları ve Eğitim Müdürlüğü" in line for line in trial.moves[0].why
    )


def test_moves_are_bounded_and_all_are_counted(before: Known, tmp_path: Path) -> None:
    trial = tried(before, with_rule(tmp_path, RULE), *[RUBBISH] * 5, moves_max=2)

    assert (len(trial.moves), trial.moved) == (2, 5)
