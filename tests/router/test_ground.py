"""Broken places stop nobody: every case goes to a person, and it is told loudly."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from services.router.app import MODEL, router
from services.router.domain.decision import Report, decide
from services.router.domain.versions import load_known
from shared.contracts import EvidenceKind
from shared.messaging.topology import ROUTING
from shared.municipality import MunicipalityError, load_for_service
from shared.settings import Settings
from tests.builders import a_case_opened
from tests.harness import System, built, running
from tests.router.test_router import the_offer

ILKADIM: Path = Settings.model_fields["ilkim_municipality"].default
GROUND = ("neighbourhoods.geojson", "streets.csv", "neighbours.csv", "landmarks.csv", "coast.csv")


@pytest.fixture
def system(idle: System) -> System:
    return idle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(ILKADIM, tmp_path / "municipality")


@pytest.mark.parametrize("file", GROUND)
def test_each_broken_file_of_the_ground_sends_everything_to_a_person(folder: Path, file: str, logs: list[Any]) -> None:
    (folder / file).write_text("not what it was", encoding="utf-8")

    knowledge = load_known(folder, MODEL, or_without_ground=True).knowledge
    decision = decide(Report("Kale Mahallesi'nde çöp konteyneri taştı", latitude=41.29, longitude=36.33), knowledge)

    assert (decision.automatic, decision.owner) == (False, knowledge.centre)
    assert file in knowledge.trouble["gazetteer"]
    assert "gazetteer" in [row.code for row in decision.why.evidence if row.kind is EvidenceKind.TROUBLE]
    assert [row["event"] for row in logs if row["log_level"] == "error"] == ["places_unusable"]


def test_a_missing_polygon_file_is_a_broken_one(folder: Path) -> None:
    (folder / "neighbourhoods.geojson").unlink()

    assert "neighbourhoods.geojson" in load_for_service(folder).without_ground


def test_any_other_mistake_still_stops_the_start(folder: Path) -> None:
    (folder / "coast.csv").write_text("broken", encoding="utf-8")
    (folder / "neighbourhoods.csv").write_text("broken", encoding="utf-8")

    with pytest.raises(MunicipalityError, match=r"neighbourhoods\.csv"):
        load_for_service(folder)


async def test_a_router_without_places_starts_and_asks_a_person(system: System, folder: Path, logs: list[Any]) -> None:
    (folder / "neighbourhoods.geojson").write_text("{}", encoding="utf-8")

    async with running(built(router, system, ILKIM_MUNICIPALITY=str(folder))):
        case = a_case_opened(text="Kale Mahallesi'nde çöp konteyneri taştı, çöpler üç gündür alınmıyor")
        await system.tell(ROUTING, "routine", case)
        offer = await the_offer(system, case.case_id)

    assert offer.owner == "cozum-merkezi"
    assert "knowledge_incomplete" in [row["event"] for row in logs]
