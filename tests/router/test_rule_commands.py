"""The commands of `ilkim rules` on a real history: trial, versions, returns, and what people decided."""

import asyncio
import csv
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from ops.deploy import owner_codes
from ops.rules import installation
from ops.rules.commands import commands
from services.router import kept, store
from services.router.app import MODEL
from services.router.domain.versions import load_known
from shared.contracts import CaseEvent, CaseOpened, Evidence, EvidenceKind, Why
from shared.ids import new_id
from shared.settings import Settings
from tests.builders import a_case_accepted, a_case_assigned, a_case_opened, a_case_returned
from tests.harness import System, a_system

ILKADIM: Path = Settings.model_fields["ilkim_municipality"].default
RUBBISH = "Çöp konteyneri taştı, numaram 0500 000 00 00"
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
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "router", owner_codes(ILKADIM)) as system:
        yield system


@pytest.fixture
async def system(module_system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """An empty history, which the commands read."""
    await module_system.forget()
    monkeypatch.setattr(installation, "addresses", lambda: module_system)
    return module_system


@pytest.fixture
def changed_folder(tmp_path: Path) -> Path:
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    (folder / "rules.toml").write_text(RULE, encoding="utf-8")
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, [*arguments], catch_exceptions=False)


async def remember(system: System, *steps: CaseOpened | CaseEvent) -> None:
    async with system.pool.acquire() as connection:
        await store.add_history(connection, steps)


async def in_thread(*arguments: str) -> Result:
    """As a process of its own would run it, beside this loop."""
    return await asyncio.to_thread(run, *arguments)


def lately() -> datetime:
    return datetime.now(UTC) - timedelta(days=2)


def a_life(owner: str = "temizlik-isleri", *, rule: str = "", **assigned: Any) -> list[CaseOpened | CaseEvent]:
    """A case that was opened lately and given to an owner by the router alone."""
    case: UUID = new_id()
    evidence = (Evidence(kind=EvidenceKind.RULE, code=rule),) if rule else ()
    opened = a_case_opened(case_id=case, occurred_at=lately(), text=RUBBISH, number=f"N-{case.hex[:8]}")
    values = {"owner": owner, "topic": "cop-toplama", "why": Why(version="v1", evidence=evidence), **assigned}
    return [opened, a_case_assigned(case_id=case, assignment_id=new_id(), **values)]


def returned(life: list[Any], to: str, *, settled: bool = True) -> list[Any]:
    """The owner gives it back, and it goes to another."""
    case, given = life[0].case_id, life[-1]
    back = a_case_returned(
        case_id=case, version=3, assignment_id=given.assignment_id, returned_by=given.owner, owner=given.owner
    )
    again = a_case_assigned(
        case_id=case,
        version=4,
        assignment_id=new_id(),
        owner=to,
        automatic=False,
        decided_by=f"return:{given.owner}",
        topic="moloz",
    )
    taken = a_case_accepted(case_id=case, version=5, assignment_id=again.assignment_id, owner=to)
    return [*life, back, again, *([taken] if settled else [])]


async def test_a_trial_lists_what_would_move_among_the_cases_of_late_and_no_words_of_citizens(
    system: System, changed_folder: Path
) -> None:
    known = load_known(ILKADIM, MODEL)
    async with system.pool.acquire() as connection:
        await kept.keep(connection, known.version, known.files, "here")
    lives = [a_life() for _ in range(3)]
    old = a_case_opened(occurred_at=datetime.now(UTC) - timedelta(weeks=9), text=RUBBISH)
    await remember(system, *[step for life in lives for step in life], old)
    found = json.loads((await in_thread("try", str(changed_folder), "--json", "--limit", "2")).stdout)

    assert (found["cases"], found["moved"], found["left_out"]) == (3, 3, 1)
    assert found["owners"] == [{"from": "temizlik-isleri", "to": "destek-hizmetleri", "cases": 3}]
    assert found["before"] == known.version != found["after"]
    assert {move["case"] for move in found["moves"]} <= {life[0].number for life in lives}
    assert any("Destek Hizmetleri" in line for line in found["moves"][0]["why"])
    assert "numaram" not in json.dumps(found)


async def test_a_trial_on_a_file_needs_no_database_and_shows_masked_words_when_asked(
    changed_folder: Path, tmp_path: Path
) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(f'text,tarih\n"{RUBBISH}",2026-03-02 10:00\nMerhaba,\n', encoding="utf-8")
    shown = (await in_thread("try", str(changed_folder), "--file", str(cases), "--texts")).stdout

    assert "line 2  temizlik-isleri" in shown
    assert "destek-hizmetleri" in shown
    assert "0500" not in shown
    assert "2 cases, 1 would move" in shown


async def test_a_trial_of_a_broken_folder_names_the_mistake(changed_folder: Path) -> None:
    (changed_folder / "rules.toml").write_text(RULE.replace("destek-hizmetleri", "nobody"), encoding="utf-8")
    result = await in_thread("try", str(changed_folder), "--file", "none.csv")

    assert result.exit_code == 1
    assert "rules.toml, line 11: container: then.owner" in result.stdout


async def test_a_trial_without_a_version_to_compare_with_says_what_to_do(system: System) -> None:
    result = await in_thread("try")

    assert result.exit_code == 1
    assert "no version was kept yet" in result.stdout


async def test_a_version_this_program_cannot_read_any_more_is_told(system: System) -> None:
    async with system.pool.acquire() as connection:
        await kept.keep(connection, "old", {"municipality/rules.toml": b""}, "here")
    result = await in_thread("try")

    assert result.exit_code == 1
    assert "--against" in result.stdout


async def test_versions_are_listed_and_their_difference_shown(system: System, changed_folder: Path) -> None:
    known, changed = load_known(ILKADIM, MODEL), load_known(changed_folder, MODEL)
    async with system.pool.acquire() as connection:
        await kept.keep(connection, known.version, known.files, "host:1")
        await kept.keep(connection, changed.version, changed.files, "host:2")
    listed = json.loads((await in_thread("versions", "--json")).stdout)
    shown = (await in_thread("versions", known.version[:6], changed.version)).stdout

    assert [row["version"] for row in listed] == [changed.version, known.version]
    assert listed[0]["loaded_by"] == "host:2"
    assert '+id = "container"' in shown
    assert '-id = "ilce-disi"' in shown


async def test_returns_count_what_came_back_by_rule_topic_owner_and_version(system: System) -> None:
    lives = [
        *(a_life(rule="container") for _ in range(2)),
        returned(a_life(rule="container"), "fen-isleri"),
        returned(a_life("park-bahceler"), "zabita"),
        a_life(decided_by="desk:ayse", automatic=False),
    ]
    await remember(system, *[step for life in lives for step in life])
    found = json.loads((await in_thread("returns", "--json")).stdout)

    rules = {row["value"]: row for row in found["rule"]}
    assert (rules["container"]["decided"], rules["container"]["returned"]) == (3, 1)
    assert rules["container"]["precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert rules["container"]["moved_to"] == {"fen-isleri": 1}
    assert [row["value"] for row in found["owner"]] == ["park-bahceler", "temizlik-isleri"]
    assert found["version"][0] == {
        "value": "v1",
        "decided": 4,
        "returned": 2,
        "precision": 0.5,
        "moved_to": {"fen-isleri": 1, "zabita": 1},
    }


async def test_what_people_decided_becomes_rows_to_learn_from_with_nothing_personal(
    system: System, tmp_path: Path
) -> None:
    lives = [
        a_life("zabita", decided_by="desk:ayse", automatic=False),
        returned(a_life(), "fen-isleri"),
        returned(a_life(), "park-bahceler", settled=False),  # nobody took it yet: who knows
        a_life(),
    ]
    await remember(system, *[step for life in lives for step in life])
    out = tmp_path / "decisions.csv"
    await in_thread("decisions", "--out", str(out))

    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["owner"], row["topic"], row["source"]) for row in rows} == {
        ("zabita", "cop-toplama", "desk"),
        ("fen-isleri", "moloz", "return"),
    }
    assert all("[telefon]" in row["text"] and "0500" not in row["text"] for row in rows)


async def test_check_says_that_a_folder_is_sound(changed_folder: Path) -> None:
    result = await in_thread("check", str(changed_folder))

    assert result.exit_code == 0
    assert "sound: 1 rules" in result.stdout


async def test_drift_of_a_few_cases_says_that_they_are_too_few(system: System) -> None:
    known = load_known(ILKADIM, MODEL)
    async with system.pool.acquire() as connection:
        await kept.keep(connection, known.version, known.files, "here")
    await remember(system, *a_life())
    result = await in_thread("drift", "--json")

    assert result.exit_code == 0
    assert (json.loads(result.stdout)["texts"], json.loads(result.stdout)["level"]) == (1, "too_few")
