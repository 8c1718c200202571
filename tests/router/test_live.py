"""A changed folder takes over while the router runs, a broken one is refused and the running version stays."""

import asyncio
import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from ops.rules import folders
from services.router import kept
from services.router.app import MODEL, router
from services.router.domain.versions import load_known
from shared.contracts import AssignmentOffered
from shared.messaging import Service
from shared.messaging.topology import ROUTING
from shared.municipality import MunicipalityError
from shared.settings import Settings
from tests.builders import a_case_opened, a_return
from tests.harness import System, built, running, serving, until
from tests.router.test_router import answer, the_offer
from tests.router.test_rule_commands import run

ILKADIM: Path = Settings.model_fields["ilkim_municipality"].default
RUBBISH = "Çöp konteyneri taştı, çöpler üç gündür alınmıyor"
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
# A whole folder is read and learnt in the process that answers here: seconds on a busy machine.
LOADING_SECONDS = 60
BROKEN = RULE.replace("destek-hizmetleri", "nobody")


@pytest.fixture
def system(idle: System) -> System:
    return idle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """İlkadım's folder with no rule but those a test writes."""
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    (folder / "rules.toml").write_text("", encoding="utf-8")
    return folder


def a_router(system: System, folder: Path) -> Service:
    return built(router, system, ILKIM_MUNICIPALITY=str(folder), ROUTER_RELOAD_SECONDS="0.05")


def write_rules(folder: Path, text: str) -> None:
    (folder / "rules.toml").write_text(text, encoding="utf-8")


def rules_and_leftovers(folder: Path) -> tuple[str, list[Path]]:
    return (folder / "rules.toml").read_text(encoding="utf-8"), list(folder.rglob("*.new"))


async def decided(system: System, number: int) -> AssignmentOffered:
    case = a_case_opened(number=f"482-716-{number:03}", text=RUBBISH)
    await system.tell(ROUTING, "routine", case)
    return await the_offer(system, case.case_id)


def ready(url: str) -> dict[str, Any]:
    """Also while the broker is not reached yet, which is answered with 503."""
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
    except HTTPError as error:
        found = json.load(error)
    return found


def metric(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)


async def told(url: str) -> dict[str, Any]:
    knowledge: dict[str, Any] = (await asyncio.to_thread(ready, url))["knowledge"]
    return knowledge


async def runs(url: str, version: str) -> bool:
    return (await told(url))["version"] == version


async def refuses(url: str) -> bool:
    return bool((await told(url))["refused"])


async def test_a_sound_change_takes_over_and_every_decision_names_its_version(system: System, folder: Path) -> None:
    before = load_known(folder, MODEL).version
    async with serving(a_router(system, folder)) as url:
        first = await decided(system, 1)
        write_rules(folder, RULE)
        after = load_known(folder, MODEL).version
        await until(lambda: runs(url, after), seconds=LOADING_SECONDS)
        second = await decided(system, 2)

    assert before != after
    assert first.why
    assert second.why
    assert (first.why.version, second.why.version) == (before, after)


async def test_a_broken_file_is_refused_loudly_and_the_running_version_stays(
    system: System, folder: Path, logs: list[Any]
) -> None:
    version = load_known(folder, MODEL).version
    async with serving(a_router(system, folder)) as url:
        await decided(system, 1)
        write_rules(folder, BROKEN)
        await until(lambda: refuses(url), seconds=LOADING_SECONDS)
        offer = await decided(system, 2)
        state = await told(url)
        gauge = await asyncio.to_thread(metric, url, "ilkim_rules_refused")
        write_rules(folder, RULE)
        after = load_known(folder, MODEL).version
        await until(lambda: runs(url, after), seconds=LOADING_SECONDS)
        mended = await told(url)

    assert offer.why
    assert offer.why.version == state["version"] == version
    assert "rules.toml, line 11: container: then.owner: nothing" in state["refused"][0]
    assert gauge == 1
    assert mended["refused"] == []
    (refusal,) = [entry for entry in logs if entry["event"] == "rules_refused"]
    assert (refusal["log_level"], refusal["running"]) == ("error", version)
    assert (refusal["problems"][0]["file"], refusal["problems"][0]["line"]) == ("rules.toml", 11)


async def test_a_new_owner_waits_for_a_deployment(system: System, folder: Path) -> None:
    async with serving(a_router(system, folder)) as url:
        version = (await told(url))["version"]
        departments = folder / "departments.toml"
        new = '\n[[department]]\ncode = "new-one"\nname = "Yeni"\nname_en = "New"\nsource = "a test"\n'
        departments.write_text(departments.read_text(encoding="utf-8") + new, encoding="utf-8")
        await until(lambda: refuses(url), seconds=LOADING_SECONDS)
        state = await told(url)

    assert "new-one: is a new owner" in state["refused"][0]
    assert state["version"] == version


async def test_a_model_that_breaks_is_refused_and_the_running_one_stays(
    system: System, folder: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(MODEL, tmp_path / "model")
    service = built(
        router, system, ILKIM_MUNICIPALITY=str(folder), ROUTER_MODEL=str(model), ROUTER_RELOAD_SECONDS="0.05"
    )
    async with serving(service) as url:
        (model / "model.json").write_text("{}", encoding="utf-8")
        await until(lambda: refuses(url), seconds=LOADING_SECONDS)
        offer = await decided(system, 1)

    assert offer.why
    assert not [found for found in offer.why.evidence if found.kind == "trouble"]


async def test_versions_are_kept_once_with_their_files(system: System, folder: Path) -> None:
    for _ in range(2):
        async with running(a_router(system, folder)):
            await decided_by_somebody(system)
        write_rules(folder, RULE)
    version = load_known(folder, MODEL).version
    async with system.pool.acquire() as connection:
        rows = await kept.versions(connection, 10)
        files = await kept.files_of(connection, version)

    assert rows[0].version == version
    assert len(rows) == 2
    assert files["municipality/rules.toml"].decode() == RULE
    shared_files = rows[0].files.items() & rows[1].files.items()
    assert await system.value("SELECT count(*) FROM knowledge_file") == len(rows[0].files) + 1
    assert len(shared_files) == len(rows[0].files) - 1


async def decided_by_somebody(system: System) -> None:
    before = await system.value("SELECT count(*) FROM knowledge_load")
    await until(lambda: has_loads(system, before + 1))


async def has_loads(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) >= $1 FROM knowledge_load", count))


async def test_a_start_with_a_broken_folder_goes_on_by_the_version_that_was_kept(
    system: System, folder: Path, logs: list[Any]
) -> None:
    version = load_known(folder, MODEL).version
    async with running(a_router(system, folder)):
        await until(lambda: has_loads(system, 1))
    write_rules(folder, BROKEN)
    async with serving(a_router(system, folder)) as url:
        offer = await decided(system, 1)
        state = await told(url)

    assert offer.why
    assert offer.why.version == version
    assert (state["source"], state["version"]) == ("kept", version)
    assert state["refused"]
    assert "started_by_kept_version" in {entry["event"] for entry in logs}


async def test_a_start_with_a_broken_folder_and_nothing_kept_is_refused(system: System, folder: Path) -> None:
    write_rules(folder, BROKEN)

    with pytest.raises(MunicipalityError, match=r"rules\.toml, line 11"):
        async with running(a_router(system, folder)):
            pass


async def test_old_versions_are_forgotten_with_the_files_nobody_needs(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "VERSIONS_KEPT_MAX", 2)
    async with system.pool.acquire() as connection:
        for number in range(4):
            await kept.keep(connection, f"v{number}", {"same": b"same", "own": str(number).encode()}, "here")
        rows = await kept.versions(connection, 10)

        with pytest.raises(KeyError):
            await kept.files_of(connection, "v0")
    assert [row.version for row in rows] == ["v3", "v2"]
    assert await system.value("SELECT count(*) FROM knowledge_file") == 3


async def test_what_a_rule_gave_and_what_came_back_is_counted(system: System, folder: Path) -> None:
    names = (
        'ilkim_rule_applied_total{rule="container"}',
        'ilkim_rule_returned_total{rule="container"}',
        'ilkim_returned_total{how="automatic",owner="destek-hizmetleri"}',
        'ilkim_assigned_total{how="return",owner="temizlik-isleri"}',
    )
    write_rules(folder, RULE)
    async with serving(a_router(system, folder)) as url:
        before = [await asyncio.to_thread(metric, url, name) for name in names]
        offer = await decided(system, 1)
        await answer(system, a_return, offer, proposal="temizlik-isleri")
        await the_offer(system, offer.case_id, 4)
        after = [await asyncio.to_thread(metric, url, name) for name in names]

    assert offer.owner == "destek-hizmetleri"
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1, 1]


async def test_apply_puts_a_folder_in_its_place_and_waits_until_the_routers_decide_by_it(
    system: System, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = shutil.copytree(folder, tmp_path / "fresh")
    write_rules(fresh, RULE)
    async with serving(a_router(system, folder)) as first, serving(a_router(system, folder)) as second:
        monkeypatch.setattr(folders, "folder_of_installation", lambda: folder)
        monkeypatch.setattr(folders, "routers", lambda: [first, second])
        applied = await asyncio.to_thread(run, "apply", str(fresh))
        states = [(await told(url))["version"] for url in (first, second)]
        write_rules(fresh, BROKEN)
        refused = await asyncio.to_thread(run, "apply", str(fresh))

    assert applied.exit_code == 0
    assert states == [load_known(folder, MODEL).version] * 2
    assert refused.exit_code == 1
    assert "rules.toml, line 11: container" in refused.stdout
    assert rules_and_leftovers(folder) == (RULE, [])


async def test_apply_tells_why_a_router_refuses_what_is_sound(
    system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(a_router(system, folder)) as url:
        monkeypatch.setattr(folders, "folder_of_installation", lambda: folder)
        monkeypatch.setattr(folders, "routers", lambda: [url])
        departments = folder / "departments.toml"
        new = '\n[[department]]\ncode = "new-one"\nname = "Yeni"\nname_en = "New"\nsource = "a test"\n'
        departments.write_text(departments.read_text(encoding="utf-8") + new, encoding="utf-8")
        refused = await asyncio.to_thread(run, "apply")

    assert refused.exit_code == 1
    assert "new-one: is a new owner" in refused.stdout


async def test_routers_that_start_together_keep_one_version_between_them(system: System) -> None:
    async def keep(number: int) -> None:
        async with system.pool.acquire() as connection:
            await kept.keep(connection, "v1", {"a": b"same", "b": b"same", "c": b"other"}, f"host:{number}")

    await asyncio.gather(*map(keep, range(4)))
    async with system.pool.acquire() as connection:
        files = await kept.files_of(connection, "v1")

    assert files == {"a": b"same", "b": b"same", "c": b"other"}
    assert await system.value("SELECT count(*) FROM knowledge_file") == 2
    assert await system.value("SELECT count(*) FROM knowledge_load") == 4
