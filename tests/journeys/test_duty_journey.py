"""An urgent case while the office is closed: the files, the router's watcher, the notifier, and two telephones."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from ops.deploy import owner_codes
from services.notifier.app import notifier
from services.notifier.office import post_office
from services.router import watching
from services.router.app import router
from shared.contracts import Decided
from shared.messaging.topology import ROUTING
from shared.settings import Settings
from simulators.outside.app import Outside
from simulators.outside.settings import Settings as OutsideSettings
from tests.builders import a_case_opened, an_acceptance
from tests.harness import System, a_system, built, running, until
from tests.outside import CREDENTIALS, url_variables
from tests.router.test_router import answer, the_offer

ILKADIM: Path = Settings.model_fields["ilkim_municipality"].default
OWNER, FIRST, SECOND = "fen-isleri", "+905320000001", "+905320000002"
SHIFT = """
[[shift]]
department = "fen-isleri"
name = "nöbetçi"
name_en = "on duty"
phone = "{phone}"
start = 00:00:00
end = 00:00:00
"""
OFFICE = "office = [{{ weekday = {weekday}, spans = [{{ start = 08:00:00, end = 12:00:00 }}] }}]"


@pytest.fixture(scope="module")
async def system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    owners = owner_codes(ILKADIM)
    async with (
        a_system(amqp_url, database_url, "notifier", owners),
        a_system(amqp_url, database_url, "router", owners) as system,
    ):
        yield system


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """İlkadım with two people on duty for public works, which opens its office three days from now."""
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    duty, departments = folder / "duty.toml", folder / "departments.toml"
    shifts = "".join(SHIFT.format(phone=phone) for phone in (FIRST, SECOND))
    duty.write_text(duty.read_text(encoding="utf-8") + shifts, encoding="utf-8")
    told, code = departments.read_text(encoding="utf-8"), f'code = "{OWNER}"'
    office = OFFICE.format(weekday=(datetime.now(UTC) + timedelta(days=3)).isoweekday())
    departments.write_text(told.replace(code, f"{code}\n{office}"), encoding="utf-8")
    return folder


async def test_those_on_duty_get_a_text_each_until_one_takes_it(
    system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(post_office, "SWEEP_SECONDS", 0.1)
    phones = Outside(OutsideSettings(secrets=CREDENTIALS, receipts=()))
    async with TestServer(phones.application()) as server:
        netgsm = {
            name: value
            for name, value in (CREDENTIALS | url_variables(str(server.make_url("")).rstrip("/"))).items()
            if name.startswith("NETGSM")
        }
        services = (built(make, system, ILKIM_MUNICIPALITY=str(folder), **netgsm) for make in (router, notifier))
        async with running(*services):
            case = a_case_opened(
                lane="urgent",
                text="Yol çöktü, araçlar geçemiyor",
                occurred_at=datetime.now(UTC),
                decided=Decided(owner=OWNER, topic="yol-bakim", by="ayse"),
            )
            await system.tell(ROUTING, "urgent", case)
            await until(lambda: len(sent(phones)) == 1)
            # A quarter of an hour goes by.
            await system.pool.execute("UPDATE duty_call SET called_at = called_at - interval '15 minutes'")
            await system.pool.execute("UPDATE case_record SET next_look_at = now()")
            await until(lambda: len(sent(phones)) == 2)
            await answer(system, an_acceptance, await the_offer(system, case.case_id))
            await until(lambda: is_accepted(system))
            await system.pool.execute("UPDATE duty_call SET called_at = called_at - interval '15 minutes'")
            await until(lambda: nothing_to_call(system))

    assert [number for number, _ in sent(phones)] == [FIRST, SECOND]
    assert all(case.number in text and "Fen İşleri Müdürlüğü" in text for _, text in sent(phones))
    assert not any("araçlar" in text for _, text in sent(phones))


def sent(phones: Outside) -> list[tuple[str, str]]:
    return [(row.citizen, row.text) for row in phones.world.memory.find("netgsm") if row.status != "refused"]


async def is_accepted(system: System) -> bool:
    return bool(await system.value("SELECT count(*) FROM case_record WHERE state = 'accepted'"))


async def nothing_to_call(system: System) -> bool:
    """It was looked at since it was taken, and nobody was called for it."""
    looked = await system.value("SELECT next_look_at > now() FROM case_record")
    return bool(looked) and await system.value("SELECT count(*) FROM duty_call") == 2
